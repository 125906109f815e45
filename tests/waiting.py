"""Waiting for something to become true, with a limit: the one place where a test may look again and again."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_for(condition: Callable[[], object], *, within: float = 60.0, what: str = "it") -> None:
    """Return once ``condition`` is true; fail after ``within`` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {within:g} s"
        time.sleep(0.05)
