"""Care time: the only place that asks what time it is.

Due times, sending windows and escalation timers follow this clock. In production it is the machine's. The demo
and the tests put a clock file in the data folder: every process reads it, so that all of them move together.
Leases, deadlines, sign-in and links never use it: they follow the database's own ``now()``, which nobody moves.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Something that knows the care time."""

    def now(self) -> datetime:
        """Return the instant, aware and in UTC."""
        ...


class SystemClock:
    """The machine's clock: the only one that production accepts."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)


@dataclass(slots=True)
class FixedClock:
    """A clock that stands still until it is moved; for tests of one process."""

    instant: datetime

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return self.instant

    def advance(self, step: timedelta) -> datetime:
        """Move forward by ``step`` and return the new instant."""
        self.instant += step
        return self.instant


class ClockFile:
    """A clock that all processes of one demo or test share through a small file.

    The file holds the pair (machine time, care time) at which the clock was last set, and a speed. A speed of 0
    holds the clock still, 1 is real time, 3600 lets an hour pass in a second. A missing file means real time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int] | None = None
        self._machine = self._care = datetime.fromtimestamp(0, UTC)
        self._speed = 1.0

    def now(self) -> datetime:
        """Return the shared care time in UTC."""
        self._reload()
        passed = datetime.now(UTC) - self._machine
        return self._care + passed * self._speed

    def set(self, instant: datetime, *, speed: float | None = None) -> None:
        """Move every process to ``instant`` (aware); keep the speed unless one is given.

        Raises ValueError for an instant without a zone.
        """
        if instant.tzinfo is None:
            raise ValueError("a clock is set to an instant with a time zone")
        self._reload()
        self._write(instant.astimezone(UTC), self._speed if speed is None else speed)

    def advance(self, step: timedelta) -> datetime:
        """Move every process forward by ``step``; return the new care time."""
        instant = self.now() + step
        self.set(instant)
        return instant

    def run_at(self, speed: float) -> None:
        """Change how fast care time passes, from where it is now on."""
        self._write(self.now(), speed)

    @property
    def speed(self) -> float:
        """How many seconds of care time pass in one second."""
        self._reload()
        return self._speed

    def _reload(self) -> None:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            if self._stamp is None:
                self._machine = self._care = datetime.now(UTC)
                self._stamp = (0, 0)
            return
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp == self._stamp:
            return
        told = json.loads(self.path.read_text(encoding="utf-8"))
        self._machine = datetime.fromisoformat(told["machine"])
        self._care = datetime.fromisoformat(told["care"])
        self._speed = float(told["speed"])
        self._stamp = stamp

    def _write(self, care: datetime, speed: float) -> None:
        # Written beside and renamed: a reader sees the old clock or the new one, never half of it.
        told = {"machine": datetime.now(UTC).isoformat(), "care": care.isoformat(), "speed": speed}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".clock-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(told, file)
        Path(name).replace(self.path)
