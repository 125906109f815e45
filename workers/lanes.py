"""How often one sweep runs at once in a worker: a flood of wake-ups must not become a flood of work.

A thousand replies ring a thousand times, and every wake-up means the same sweep over the same rows. Without a limit
all threads would read the same rows, stand in each other's way, and a page would wait behind wake-ups that have
nothing left to find. What a wake-up promises stays true: a sweep that begins after it looks at everything.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable

from celery import current_task
from celery.exceptions import Ignore

# After so long a sweep rings for the rest and ends; machine time.
LONGEST_SWEEP_SECONDS = 5.0


class Lanes:
    """Lets a sweep run ``many`` times at once; whoever comes meanwhile is served by one further wake-up."""

    def __init__(self, many: int) -> None:
        self._many = many
        self._running = 0
        self._again = False
        self._lock = threading.Lock()

    def enter(self) -> bool:
        """Take a lane; False if all are taken, and somebody in one of them will look again."""
        with self._lock:
            if self._running >= self._many:
                self._again = True
                return False
            self._running += 1
            return True

    def leave(self) -> bool:
        """Give the lane back; True if somebody came meanwhile, for whom it has to be looked again."""
        with self._lock:
            self._running -= 1
            came, self._again = self._again, False
            return came


def sweep(*, at_once: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let a task's body run at most ``at_once`` times in this process, and never miss a wake-up.

    A wake-up that another run serves ends as ignored, not as a success: only who went round may tell the heartbeat
    that the loop goes round.
    """

    def limited(body: Callable[..., None]) -> Callable[..., None]:
        lanes = Lanes(at_once)

        @functools.wraps(body)
        def run(*ids: str) -> None:
            if not lanes.enter():
                raise Ignore
            try:
                body(*ids)
            finally:
                # A wake-up of its own, not another round here: a task that never ends tells no heartbeat.
                if lanes.leave() and current_task:
                    current_task.apply_async(expires=60)

        return run

    return limited
