"""The pump: overlaps claiming, the commit to calling, sending and recording for one sender.

One pump leases one sender, so its rate is one throttle. It claims at most its concurrency plus two seconds of the
sender's rate; no transaction is open during a call; every call has a hard deadline, after which the attempt is in
doubt, not failed. Stopping drains: what was called is recorded, what was only claimed is given back. When the
carrier takes nothing, or nobody can tell what it takes, the sender rests; then one message goes first, alone.

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
from datetime import datetime, timedelta

from followup.db.session import Database
from followup.kit.clock import Clock
from followup.kit.ids import new_id
from followup.log import logger
from followup.messaging import claim as claims
from followup.messaging.calling import Call, start_calling
from followup.messaging.claim import Claim
from followup.messaging.record import Answer
from followup.messaging.recorder import Recorder, told
from followup.messaging.rest import is_shaky, rest_sender, sender_works
from followup.messaging.rules import BAD_TEXTS_IN_A_ROW, DOUBT_REST, DOUBTS_IN_A_ROW, PATIENCE
from followup.messaging.throttle import Throttle
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


@dataclass(frozen=True, slots=True)
class Rest:
    """How long the sender keeps from the carrier (care time), and why."""

    length: timedelta
    reason: str


@dataclass(slots=True)
class _State:
    """What is in the pump right now."""

    claimed: deque[Claim] = field(default_factory=deque)
    flying: int = 0
    stopping: bool = False
    draining: bool = False
    dry: bool = False
    doubts_in_a_row: int = 0
    bad_texts_in_a_row: int = 0
    # One message at a time until the carrier has taken one.
    shaky: bool = False
    mended: bool = False
    rest: Rest | None = None


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
        self._throttle = Throttle(limits.rate_per_second)
        self._recorder = Recorder(database, clock, clinic_id)

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
        recorder = asyncio.create_task(self._recorder.run(self._nothing_comes))
        try:
            self._state.shaky, owed = await asyncio.to_thread(self._how_it_stands)
            self._throttle = Throttle(self._limits.rate_per_second, owed=owed)
            while not self._finished(ends):
                await self._claim_some()
                await self._call_some()
                await self._pause()
        finally:
            await self._drain(recorder)
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            with told("sender lease not given back; it ends by itself"):
                await asyncio.to_thread(self._end)
        return self._report

    def _finished(self, ends: float) -> bool:
        state = self._state
        if state.stopping or time.monotonic() >= ends:
            return True
        return state.dry and not state.claimed and not state.flying and not self._recorder.answers

    def _nothing_comes(self) -> bool:
        return self._state.draining and not self._state.flying

    async def _claim_some(self) -> None:
        """Claim only what can be called soon: a claim that waits is a message that another pump cannot send."""
        ahead = math.ceil(self._limits.rate_per_second * 2)
        room = min(self._room(), ahead) - len(self._state.claimed)
        room = min(room, self._limits.batch)
        if room <= 0 or (self._state.dry and self._state.flying):
            return
        found = await asyncio.to_thread(self._claim, room)
        self._state.claimed.extend(found)
        self._state.dry = len(found) < room

    async def _call_some(self) -> None:
        state = self._state
        if not state.claimed or state.stopping:
            return
        allowed = self._throttle.take([each.segments for each in state.claimed], room=self._room())
        if not allowed:
            return
        batch = [state.claimed.popleft() for _ in range(allowed)]
        try:
            calls = await asyncio.to_thread(self._start_calling, batch)
        except Exception as error:  # noqa: BLE001 - perhaps the commit went through and its answer was lost: look
            _log.warning("calls not committed, looking again", error=type(error).__name__)
            calls = await asyncio.to_thread(self._start_calling, batch, again=True)
        for call in calls:
            state.flying += 1
            self._report.called += 1
            asyncio.create_task(self._fly(call))  # noqa: RUF006 - counted in and out by ``flying``

    def _room(self) -> int:
        most = 1 if self._state.shaky else self._limits.concurrency
        return max(most - self._state.flying, 0)

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
        self._recorder.answers.append(
            Answer(call.attempt_id, call.message_id, call.calls, call.not_after, outcome)
        )
        self._wake.set()

    def _count(self, outcome: Outcome) -> None:
        state = self._state
        if isinstance(outcome, InDoubt):
            self._report.doubted += 1
            state.doubts_in_a_row += 1
            if state.doubts_in_a_row >= DOUBTS_IN_A_ROW or state.shaky:
                state.rest = Rest(DOUBT_REST, "the carrier's answers can't be understood")
        elif isinstance(outcome, Refused):
            self._report.refused += 1
            if outcome.refusal is Refusal.not_processed:
                # The carrier asks the whole account to slow down, not this one message.
                wait = timedelta(seconds=outcome.retry_after_seconds or 0)
                state.rest = Rest(max(PATIENCE, wait), "the carrier takes nothing at the moment")
            state.bad_texts_in_a_row = (
                state.bad_texts_in_a_row + 1 if outcome.refusal is Refusal.bad_text else 0
            )
            if outcome.refusal is Refusal.configuration or state.bad_texts_in_a_row >= BAD_TEXTS_IN_A_ROW:
                # What is written down about it has to be seen before the next call.
                state.stopping = True
        else:
            self._report.accepted += 1
            state.doubts_in_a_row = state.bad_texts_in_a_row = 0
            state.mended, state.shaky = state.mended or state.shaky, False
        state.stopping = state.stopping or state.rest is not None

    async def _pause(self) -> None:
        wait = 0.02 if self._state.claimed or not self._state.dry else 0.05
        try:
            await asyncio.wait_for(self._wake.wait(), wait)
        except TimeoutError:
            return
        self._wake.clear()

    async def _drain(self, recorder: asyncio.Task[None]) -> None:
        self._state.stopping = self._state.draining = True
        waiting = [each.attempt_id for each in self._state.claimed]
        self._state.claimed.clear()
        if waiting:
            with told("claims not given back; their lease ends by itself"):
                await asyncio.to_thread(self._release, waiting)
                self._report.released += len(waiting)
        await asyncio.wait([recorder], timeout=self._limits.drain_seconds + self._limits.call_seconds)
        if not recorder.done():
            recorder.cancel()
        await asyncio.gather(recorder, return_exceptions=True)

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(self._limits.lease_seconds / 4)
            with told("sender lease not renewed"):
                if not await self._renew():
                    _log.warning("sender lease lost", sender_id=str(self._sender_id))
                    self._state.stopping = True

    async def _renew(self) -> bool:
        return await asyncio.to_thread(self._lease)

    # Synchronous verbs, each in one transaction of its own.

    def _lease(self) -> bool:
        with self._database.transaction(self._clinic_id) as session:
            return claims.lease_sender(
                session, self._sender_id, pump=self._id, urgent=self._urgent,
                seconds=self._limits.lease_seconds,
            )  # fmt: skip

    def _how_it_stands(self) -> tuple[bool, float]:
        with self._database.transaction(self._clinic_id) as session:
            owed = 0.0 if self._urgent else claims.seconds_owed(session, self._sender_id)
            return is_shaky(session, self._sender_id), owed

    def _end(self) -> None:
        state = self._state
        with self._database.transaction(self._clinic_id) as session:
            if state.mended:
                sender_works(session, self._sender_id, self._clinic_id, now=self._now())
            if state.rest and not self._urgent:
                until = self._now() + state.rest.length
                rest_sender(session, self._sender_id, until=until, reason=state.rest.reason)
            claims.give_back_sender(
                session, self._sender_id, pump=self._id, urgent=self._urgent, owed=self._throttle.owed
            )

    def _claim(self, many: int) -> list[Claim]:
        with self._database.transaction(self._clinic_id) as session:
            return claims.claim(
                session, self._sender_id, pump=self._id, urgent=self._urgent, many=many, now=self._now()
            )

    def _start_calling(self, batch: list[Claim], *, again: bool = False) -> list[Call]:
        with self._database.transaction(self._clinic_id) as session:
            ids = [each.attempt_id for each in batch]
            return start_calling(session, ids, pump=self._id, now=self._now(), again=again)

    def _release(self, attempts: list[uuid.UUID]) -> None:
        with self._database.transaction(self._clinic_id) as session:
            claims.release(session, attempts, pump=self._id)

    def _now(self) -> datetime:
        return self._clock.now()
