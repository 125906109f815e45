"""Which pumps run in this process, so that a process that is asked to end can ask them to drain.

A worker learns of its end in another thread than the one a pump runs in; without this it would wait until the
pump's minute is over, and be killed in mid-call.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Collection, Iterator
from typing import Protocol


class Stoppable(Protocol):
    """Something that can be asked to drain, from any thread."""

    def stop(self) -> None:
        """Take nothing new, finish what was begun."""
        ...


_LOCK = threading.Lock()
_RUNNING: set[Stoppable] = set()
_ENDING = threading.Event()


@contextlib.contextmanager
def running(pumps: Collection[Stoppable]) -> Iterator[None]:
    """Have these pumps stopped when the process is asked to end; at once, if it was asked already."""
    with _LOCK:
        _RUNNING.update(pumps)
        is_ending = _ENDING.is_set()
    if is_ending:
        for pump in pumps:
            pump.stop()
    try:
        yield
    finally:
        with _LOCK:
            _RUNNING.difference_update(pumps)


def stop_pumps() -> int:
    """Ask every pump of this process to drain, now and from now on; returns how many were running."""
    _ENDING.set()
    with _LOCK:
        pumps = list(_RUNNING)
    for pump in pumps:
        pump.stop()
    return len(pumps)
