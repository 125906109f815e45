"""The rate of one sender: how many texts may go now. Machine time of one process; one pump leases one sender."""

from __future__ import annotations

import time


class Throttle:
    """A budget of segments per second; may save up two seconds of it."""

    def __init__(self, rate: float, *, owed: float = 0.0) -> None:
        self._rate = rate
        self._most = max(rate * 2, 1.0)
        # A sender that was not used for a while starts with one second of its rate, one that was with what is left.
        self._budget = min(max(rate, 1.0), self._most - owed * rate)
        self._seen = time.monotonic()

    @property
    def owed(self) -> float:
        """Seconds until the budget is whole again: what the next pump of this sender has to know."""
        self._fill()
        return (self._most - self._budget) / self._rate

    def take(self, wanted: list[int], *, room: int) -> int:
        """Return how many of the ``wanted`` messages (segments each) may be called now, at most ``room``."""
        self._fill()
        taken = 0
        for segments in wanted[: max(room, 0)]:
            # A text longer than the whole budget must not wait for ever: it may overdraw a full one.
            if self._budget < segments and self._budget < self._most:
                break
            self._budget -= segments
            taken += 1
        return taken

    def _fill(self) -> None:
        instant = time.monotonic()
        self._budget = min(self._most, self._budget + (instant - self._seen) * self._rate)
        self._seen = instant
