"""The lab's own time: what happens next, in order, and a way to step through it.

Real time by default. In stepped mode nothing happens until ``advance`` is called, so that a test decides when a
text is delivered. Never sleeps for a fixed time, never polls.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from followup.kit.clock import SystemClock

Action = Callable[[], Coroutine[Any, Any, None] | None]


@dataclass(slots=True)
class Appointment:
    """One thing that will happen; ``for_a_person`` marks what only ends somebody's waiting (a ringing phone)."""

    due: float
    action: Action
    for_a_person: bool = False
    is_over: bool = False


class Agenda:
    """Appointments and running errands of one lab. Must be used on the lab's event loop only."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, stepped: bool) -> None:
        self._loop = loop
        self._stepped = stepped
        self._heap: list[tuple[float, int, Appointment]] = []
        self._coming = 0
        self._numbers = itertools.count()
        self._epoch = SystemClock().now().timestamp() - loop.time()
        self._skipped = 0.0
        self._still = loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._errands: set[asyncio.Task[None]] = set()
        self._waiters: list[asyncio.Future[None]] = []

    def now(self) -> float:
        """Seconds since the epoch on the carrier's clock."""
        return self._epoch + self._time()

    def after(self, seconds: float, action: Action, *, for_a_person: bool = False) -> Appointment:
        """Let ``action`` happen ``seconds`` from now."""
        appointment = Appointment(self._time() + max(seconds, 0.0), action, for_a_person=for_a_person)
        heapq.heappush(self._heap, (appointment.due, next(self._numbers), appointment))
        self._coming += not for_a_person
        if not self._stepped and self._heap[0][2] is appointment:
            self._arm()
        return appointment

    def cancel(self, appointment: Appointment) -> None:
        """Make sure that it does not happen any more."""
        if not appointment.is_over:
            appointment.is_over = True
            self._coming -= not appointment.for_a_person
            self._tell_waiters()

    def run(self, errand: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start something that takes a while (a webhook) and remember that it is under way."""
        task = self._loop.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._ended)
        return task

    def is_idle(self) -> bool:
        """Whether nothing is under way and nothing will happen by itself."""
        return not self._errands and self._coming == 0

    async def idle(self) -> None:
        """Wait until nothing is left to happen; in stepped mode step through all of it."""
        while not self.is_idle():
            if self._stepped:
                await self.advance(None)
            else:
                await self._changed()

    async def advance(self, seconds: float | None) -> None:
        """Let ``seconds`` pass at once (None: until the next appointment), with all that is due in between."""
        coming = self._next()
        start = self._time()
        if seconds is None:
            seconds = max(coming.due - start, 0.0) if coming else 0.0
        await self.quiet()
        while self._heap and self._heap[0][0] <= start + seconds:
            due = self._heap[0][0]
            self._move_to(due)
            self._fire(until=due)
            await self.quiet()
        self._move_to(start + seconds)
        self._arm()

    async def quiet(self) -> None:
        """Wait until nothing is under way."""
        while self._errands:
            await self._changed()

    def close(self) -> None:
        """Forget all appointments and stop what is under way."""
        self._heap.clear()
        self._coming = 0
        if self._timer:
            self._timer.cancel()
        for errand in tuple(self._errands):
            errand.cancel()

    def _time(self) -> float:
        return self._still if self._stepped else self._loop.time() + self._skipped

    def _move_to(self, instant: float) -> None:
        if self._stepped:
            self._still = max(instant, self._still)
        else:
            self._skipped += max(instant - self._time(), 0.0)

    def _next(self) -> Appointment | None:
        coming = (kept for kept in self._heap if not (kept[2].for_a_person or kept[2].is_over))
        first = min(coming, default=None)
        return first[2] if first else None

    def _arm(self) -> None:
        if self._stepped or not self._heap:
            return
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._heap[0][0] - self._skipped, self._fire)

    def _fire(self, until: float = 0.0) -> None:
        now = max(self._time(), until)
        while self._heap and self._heap[0][0] <= now:
            appointment = heapq.heappop(self._heap)[2]
            if appointment.is_over:
                continue
            appointment.is_over = True
            self._coming -= not appointment.for_a_person
            if (errand := appointment.action()) is not None:
                self.run(errand)
        self._arm()
        self._tell_waiters()

    def _ended(self, errand: asyncio.Task[None]) -> None:
        self._errands.discard(errand)
        self._tell_waiters()

    def _changed(self) -> asyncio.Future[None]:
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append(waiter)
        return waiter

    def _tell_waiters(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
