"""Publishes wake-ups to the broker: the only module of ``followup`` that knows Celery.

A bell that cannot be rung is logged and dropped: what it is about is a row, and the next tick finds it. Ringing
never fails the transaction it follows and never blocks it longer than the broker's short timeouts.
"""

from __future__ import annotations

import threading
import time

from celery import Celery

from followup.db.session import Bell
from followup.log import logger

_log = logger(__name__)
_QUIET_SECONDS = 5.0
# A bell of the same name within this time rings once more at its end, however often it was pulled.
GATHER_SECONDS = 0.05


class CeleryBell:
    """Rings by sending the task that has the bell's name; after a failure it stays quiet for some seconds.

    The first pull rings at once. Two hundred replies a second would otherwise be two hundred wake-ups for the same
    sweep, and a worker that is busy with wake-ups answers nobody.
    """

    def __init__(self, app: Celery | None = None) -> None:
        self._app = app or Celery("followup", config_source="celeryconfig")
        self._lock = threading.Lock()
        self._quiet_until = 0.0
        self._rung_at: dict[str, float] = {}
        self._coming: set[str] = set()

    def __call__(self, bells: list[Bell]) -> None:
        """Ring each bell, or let one ring for several that came together; none while the broker does not answer."""
        for bell in bells:
            if self._is_gathered(bell):
                continue
            self._send(bell.name, bell.ids)

    def _is_gathered(self, bell: Bell) -> bool:
        """Whether a ring that is still to come serves this bell, too; then it names no ids."""
        with self._lock:
            now = time.monotonic()
            wait = self._rung_at.get(bell.name, now - GATHER_SECONDS) + GATHER_SECONDS - now
            if wait <= 0:
                self._rung_at[bell.name] = now
                return False
            if bell.name not in self._coming:
                self._coming.add(bell.name)
                later = threading.Timer(wait, self._ring_for_all, args=(bell.name,))
                # A process that ends takes this ring with it; the next tick finds the rows.
                later.daemon = True
                later.start()
            return True

    def _ring_for_all(self, name: str) -> None:
        with self._lock:
            self._coming.discard(name)
            self._rung_at[name] = time.monotonic()
        self._send(name, ())

    def _send(self, name: str, ids: tuple[str, ...]) -> None:
        if time.monotonic() < self._quiet_until:
            return
        try:
            self._app.send_task(name, args=ids, retry=False, ignore_result=True, expires=60)
        except Exception as error:  # noqa: BLE001 - whatever the broker does, the row is safe and a tick comes
            with self._lock:
                self._quiet_until = time.monotonic() + _QUIET_SECONDS
            _log.warning("bell not rung", bell=name, error=type(error).__name__)
