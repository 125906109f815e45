"""The pump: overlaps claiming, the commit to calling, sending and recording for one sender.

One pump leases one sender, so its rate is one throttle. It claims at most its concurrency plus two seconds of the
sender's rate; no transaction is open during a call; every call has a hard deadline, after which the attempt is in
doubt, not failed. Stopping drains: what was called is recorded, what was only claimed is given back.

The loop is asynchronous because hundreds of calls wait at once; everything that touches the database is a
synchronous verb in a thread.
"""

from __future__ import annotations

import asyncio
import math
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from followup.db.session import Database
from followup.kit.clock import Clock
from followup.kit.ids import new_id
from followup.log import logger
from followup.messaging import claim as claims
from followup.messaging.calling import Call, start_calling
from followup.messaging.claim import Claim
from followup.messaging.record import Answer, record
from followup.ports import InDoubt, Outcome, Refusal, Refused

_log = logger(__name__)

# Sends one call; the gateway behind it never raises for what a carrier does.
Send = Callable[[Call], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class PumpLimits:
    """How hard one pump may work. Seconds are machine time."""

    concurrency: int = 50
    rate_per_second: float = 1.0
    run_seconds: float = 60.0
    drain_seconds: float = 20.0
    call_seconds: float = 20.0
    lease_seconds: int = 60
    batch: int = 100


@dataclass(slots=True)
class PumpReport:
    """What one run did."""

    called: int = 0
    accepted: int = 0
    refused: int = 0
    doubted: int = 0
    released: int = 0
    had_lease: bool = True


@dataclass(slots=True)
class _State:
    """What is in the pump right now."""

    claimed: deque[Claim] = field(default_factory=deque)
    answers: list[Answer] = field(default_factory=list)
    flying: int = 0
    stopping: bool = False
    dry: bool = False
    paused_until: float = 0.0


class Pump:
    """Sends what is due for one sender until nothing is due or its time is up."""

    def __init__(
        self, database: Database, clock: Clock, *, clinic_id: uuid.UUID, sender_id: uuid.UUID, urgent: bool,
        send: Send, limits: PumpLimits,
    ) -> None:  # fmt: skip
        self._database = database
        self._clock = clock
        self._clinic_id = clinic_id
        self._sender_id = sender_id
        self._urgent = urgent
        self._send = send
        self._limits = limits
        self._id = new_id()
        self._state = _State()
        self._report = PumpReport()
        self._wake = asyncio.Event()
        self._throttle = _Throttle(limits.rate_per_second)

    def stop(self) -> None:
        """Ask the pump to drain; safe to call from a signal handler's thread."""
        self._state.stopping = True

    async def run(self) -> PumpReport:
        """Run once; returns at once if another pump has the sender's lease."""
        if not await self._renew():
            self._report.had_lease = False
            return self._report
        ends = time.monotonic() + self._limits.run_seconds
        keeper = asyncio.create_task(self._keep_lease())
        recorder = asyncio.create_task(self._record_until_done())
        try:
            while not self._finished(ends):
                await self._claim_some()
                await self._call_some()
                await self._pause()
        finally:
            await self._drain(recorder)
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            await asyncio.to_thread(self._end)
        return self._report

    def _finished(self, ends: float) -> bool:
        state = self._state
        if state.stopping or time.monotonic() >= ends:
            return True
        return state.dry and not state.claimed and not state.flying and not state.answers

    async def _claim_some(self) -> None:
        """Claim only what can be called soon: a claim that waits is a message that another pump cannot send."""
        ahead = math.ceil(self._limits.rate_per_second * 2)
        room = min(self._limits.concurrency - self._state.flying, ahead) - len(self._state.claimed)
        room = min(room, self._limits.batch)
        if room <= 0 or (self._state.dry and self._state.flying):
            return
        found = await asyncio.to_thread(self._claim, room)
        self._state.claimed.extend(found)
        self._state.dry = len(found) < room

    async def _call_some(self) -> None:
        state = self._state
        if not state.claimed or time.monotonic() < state.paused_until:
            return
        allowed = self._throttle.take(
            [each.segments for each in state.claimed], room=self._limits.concurrency - state.flying
        )
        if not allowed:
            return
        batch = [state.claimed.popleft() for _ in range(allowed)]
        calls = await asyncio.to_thread(self._start_calling, batch)
        for call in calls:
            state.flying += 1
            self._report.called += 1
            asyncio.create_task(self._fly(call))  # noqa: RUF006 - counted in and out by ``flying``

    async def _fly(self, call: Call) -> None:
        outcome: Outcome
        try:
            outcome = await asyncio.wait_for(self._send(call), self._limits.call_seconds)
        except TimeoutError:
            outcome = InDoubt("no answer before the deadline")
        except Exception as error:  # noqa: BLE001 - whatever broke, the request may have left
            _log.error("gateway broke its promise", error=type(error).__name__)
            outcome = InDoubt(f"gateway error: {type(error).__name__}")
        self._count(outcome)
        self._state.flying -= 1
        self._state.answers.append(
            Answer(call.attempt_id, call.message_id, call.calls, call.not_after, outcome)
        )
        self._wake.set()

    def _count(self, outcome: Outcome) -> None:
        if isinstance(outcome, InDoubt):
            self._report.doubted += 1
        elif isinstance(outcome, Refused):
            self._report.refused += 1
            if outcome.refusal is Refusal.not_processed:
                # The carrier asks the whole account to slow down, not this one message.
                self._state.paused_until = time.monotonic() + (outcome.retry_after_seconds or 1.0)
            elif outcome.refusal is Refusal.configuration:
                self._state.stopping = True
        else:
            self._report.accepted += 1

    async def _pause(self) -> None:
        wait = 0.02 if self._state.claimed or not self._state.dry else 0.05
        try:
            await asyncio.wait_for(self._wake.wait(), wait)
        except TimeoutError:
            return
        self._wake.clear()

    async def _record_until_done(self) -> None:
        """Write answers down in batches as they come; ends when nothing flies and nothing is left."""
        while True:
            batch, self._state.answers = self._state.answers, []
            if batch:
                await self._record_batch(batch)
            elif self._state.stopping and not self._state.flying:
                return
            else:
                await asyncio.sleep(0.01)

    async def _record_batch(self, batch: list[Answer]) -> None:
        for wait in (0.1, 0.5, 2.0, 5.0):
            try:
                await asyncio.to_thread(self._record, batch)
            except Exception as error:  # noqa: BLE001 - the database may be restarting; the answers are precious
                _log.warning("answers not recorded yet", error=type(error).__name__, count=len(batch))
                await asyncio.sleep(wait)
            else:
                return
        # The attempts stay ``calling``: the sweep makes them doubts, callbacks and the carrier's list settle them.
        _log.error("answers given up", count=len(batch))

    async def _drain(self, recorder: asyncio.Task[None]) -> None:
        self._state.stopping = True
        waiting = [each.attempt_id for each in self._state.claimed]
        self._state.claimed.clear()
        if waiting:
            await asyncio.to_thread(self._release, waiting)
            self._report.released += len(waiting)
        await asyncio.wait([recorder], timeout=self._limits.drain_seconds + self._limits.call_seconds)
        if not recorder.done():
            recorder.cancel()
            await asyncio.gather(recorder, return_exceptions=True)

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(self._limits.lease_seconds / 4)
            if not await self._renew():
                _log.warning("sender lease lost", sender=str(self._sender_id))
                self._state.stopping = True

    async def _renew(self) -> bool:
        return await asyncio.to_thread(self._lease)

    # Synchronous verbs, each in one transaction of its own.

    def _lease(self) -> bool:
        with self._database.transaction(self._clinic_id) as session:
            return claims.lease_sender(
                session,
                self._sender_id,
                pump=self._id,
                urgent=self._urgent,
                seconds=self._limits.lease_seconds,
            )

    def _end(self) -> None:
        with self._database.transaction(self._clinic_id) as session:
            claims.give_back_sender(session, self._sender_id, pump=self._id, urgent=self._urgent)

    def _claim(self, many: int) -> list[Claim]:
        with self._database.transaction(self._clinic_id) as session:
            return claims.claim(
                session, self._sender_id, pump=self._id, urgent=self._urgent, many=many, now=self._now()
            )

    def _start_calling(self, batch: list[Claim]) -> list[Call]:
        with self._database.transaction(self._clinic_id) as session:
            ids = [each.attempt_id for each in batch]
            return start_calling(session, ids, pump=self._id, now=self._now())

    def _release(self, attempts: list[uuid.UUID]) -> None:
        with self._database.transaction(self._clinic_id) as session:
            claims.release(session, attempts, pump=self._id)

    def _record(self, batch: list[Answer]) -> None:
        with self._database.transaction(self._clinic_id) as session:
            record(session, batch, now=self._now())

    def _now(self) -> datetime:
        return self._clock.now()


class _Throttle:
    """A budget of segments per second; may save up two seconds of it."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._most = max(rate * 2, 1.0)
        self._budget = max(rate, 1.0)
        self._seen = time.monotonic()

    def take(self, wanted: list[int], *, room: int) -> int:
        """Return how many of the ``wanted`` messages (segments each) may be called now, at most ``room``."""
        instant = time.monotonic()
        self._budget = min(self._most, self._budget + (instant - self._seen) * self._rate)
        self._seen = instant
        taken = 0
        for segments in wanted[: max(room, 0)]:
            # A text longer than the whole budget must not wait for ever: it may overdraw a full one.
            if self._budget < segments and self._budget < self._most:
                break
            self._budget -= segments
            taken += 1
        return taken
