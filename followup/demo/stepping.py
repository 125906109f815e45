"""Steps through care time: from one thing that happens to the next, letting the service come to rest in between.

What happens is either due in the service's own rows or something that a person of the story does. The clock stands
still while things happen; nothing here waits for the clock on the wall.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import datetime

from followup.demo.agenda import Agenda, come_to_rest
from followup.demo.world import World

Act = Callable[[], None]


class Stepper:
    """The agenda of the people, beside the agenda of the rows. ``after_rest`` hears of every rest."""

    def __init__(self, world: World, *, after_rest: Callable[[], None]) -> None:
        self._world = world
        self._after_rest = after_rest
        self._acts: list[tuple[datetime, int, Act]] = []
        self._numbers = itertools.count()
        self.steps = 0

    @property
    def now(self) -> datetime:
        """The care time of the story."""
        return self._world.clock.now()

    def at(self, instant: datetime, act: Act) -> None:
        """Let somebody do something at an instant; what is past is done at the next step."""
        heapq.heappush(self._acts, (instant, next(self._numbers), act))

    def run(self, until: datetime) -> None:
        """Step until nothing more happens before ``until``, then go there. Raises NotQuiet."""
        while True:
            agenda = self._rest()
            upcoming = self._next(agenda)
            if upcoming is None or upcoming > until:
                break
            self._go_to(upcoming)
        self._go_to(until)
        self._rest()

    def _rest(self) -> Agenda:
        agenda = come_to_rest(self._world)
        self._after_rest()
        return agenda

    def _next(self, agenda: Agenda) -> datetime | None:
        times = [each for each in (agenda.next_due(), self._acts[0][0] if self._acts else None) if each]
        return min(times, default=None)

    def _go_to(self, instant: datetime) -> None:
        self.steps += 1
        if instant > self.now:
            self._world.clock.set(instant, speed=0)
        while self._acts and self._acts[0][0] <= self.now:
            heapq.heappop(self._acts)[2]()
