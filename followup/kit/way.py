"""Let some work of this process go first: whoever can wait stands aside while it runs.

The threads of a process share one interpreter, so two sweeps that run beside each other take twice as long each. It
is a courtesy, not a lock: nobody waits longer than ``LONGEST_SECONDS``, and what goes first waits for nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_SECONDS = 1.0

_changed = threading.Condition()
_going_first = 0


@contextmanager
def goes_first() -> Iterator[None]:
    """Run a block that others in this process make way for."""
    global _going_first  # noqa: PLW0603 - one count for the threads of one process
    with _changed:
        _going_first += 1
    try:
        yield
    finally:
        with _changed:
            _going_first -= 1
            _changed.notify_all()


def give_way(*, longest: float = LONGEST_SECONDS) -> bool:
    """Wait while anything goes first, for ``longest`` seconds at most (machine time); True if the way is free."""
    with _changed:
        return _changed.wait_for(lambda: not _going_first, longest)
