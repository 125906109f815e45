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


class CeleryBell:
    """Rings by sending the task that has the bell's name; after a failure it stays quiet for some seconds."""

    def __init__(self, app: Celery | None = None) -> None:
        self._app = app or Celery("followup", config_source="celeryconfig")
        self._lock = threading.Lock()
        self._quiet_until = 0.0

    def __call__(self, bells: list[Bell]) -> None:
        """Ring each bell once; drop them all while the broker does not answer."""
        for bell in bells:
            if time.monotonic() < self._quiet_until:
                return
            try:
                self._app.send_task(bell.name, args=bell.ids, retry=False, ignore_result=True, expires=60)
            except Exception as error:  # noqa: BLE001 - whatever the broker does, the row is safe and a tick comes
                with self._lock:
                    self._quiet_until = time.monotonic() + _QUIET_SECONDS
                _log.warning("bell not rung", bell=bell.name, error=type(error).__name__)
