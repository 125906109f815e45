"""A seeded random walk through a small clinic's days, with everything going wrong that can.

Every step is drawn from the seed, so a walk that breaks an invariant is walked again by number. A second pump is
stepped by hand, claim by call by record, so that everything else happens in between; it may die at any of them.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time, timedelta

from followup.audit.record import Actor
from followup.enrollment.change import NewDate, move_date, pause, resume, withdraw
from followup.enrollment.rules import WithdrawalReason
from followup.errors import FollowupError
from followup.messaging import claim as claims
from followup.messaging.calling import Call, start_calling
from followup.messaging.deliver import status_url
from followup.messaging.pump import PumpLimits
from followup.messaging.record import Answer, record
from followup.ports import Outcome, OutgoingSms
from followup.replies.process import process_events
from tests.faults.case import Case

BY = Actor("system")
SHORT = PumpLimits(run_seconds=5, call_seconds=0.5, drain_seconds=2)
MOST_PATIENTS = 6
LOOK_EVERY = 20
SAYINGS = (
    "0", "3, sleeping ok", "8 and it is worse", "fine", "yes", "no", "STOP", "please stop texting me", "START",
    "HELP", "I can't pee and my legs are numb", "wrong number", "who is this?", "👍", "", "thanks so much",
)  # fmt: skip
TROUBLE: tuple[tuple[str, dict[str, object]], ...] = (
    ("server_error", {"status": 500}), ("server_error", {"status": 503, "accepted": True}),
    ("reset", {"accepted": True}), ("reset", {"accepted": False}), ("garbage", {}), ("truncated", {}),
    ("empty", {}), ("null_sid", {}), ("too_many", {"seconds": 2}), ("redirect", {}),
    ("refuse", {"code": 20003, "status": 401}), ("refuse", {"code": 21610}), ("refuse", {"code": 21211}),
    ("refuse", {"code": 30007}), ("refuse", {"code": 99999}), ("end_as", {"status": "undelivered", "code": 30003}),
    ("end_as", {"status": "undelivered", "code": 30008}), ("end_as", {"status": "failed", "code": 30004}),
    ("end_as", {"status": "failed", "code": 30036}), ("hide", {}), ("callbacks_off", {}),
    ("callbacks_copied", {"copies": 3}), ("callbacks_reversed", {}), ("callbacks_late", {"seconds": 600}),
    ("callbacks_dropped", {"status": "sent"}), ("stay_at", {"status": "sent"}), ("same_sid", {}),
    ("callbacks_off", {"on": "inbound"}), ("callbacks_copied", {"on": "inbound", "copies": 3}),
)  # fmt: skip


@dataclass(slots=True)
class Walk:
    """One walk: ``steps`` steps drawn from ``seed``."""

    case: Case
    seed: int
    steps: int
    log: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)

    def go(self) -> None:
        """Walk; raises AssertionError with the seed and the last steps if an invariant breaks."""
        draw = random.Random(self.seed)
        doings = {name: weight for name, (weight, _) in DOINGS.items()}
        second = SecondPump(self.case)
        try:
            self.enroll(draw)
            for number in range(self.steps):
                (name,) = draw.choices(list(doings), list(doings.values()))
                self.log.append(name)
                if name == "second pump":
                    second.step(draw)
                else:
                    DOINGS[name][1](self, draw)
                if number % LOOK_EVERY == LOOK_EVERY - 1:
                    self.case.eye.check()
            self._rest()
        except Exception as error:
            last = " · ".join(self.log[-40:])
            raise AssertionError(
                f"seed {self.seed} broke at step {len(self.log)} of {self.steps}: {error!r}\n  after: {last}\n"
                f"  again: FOLLOWUP_WALK_SEED={self.seed} FOLLOWUP_WALK_STEPS={self.steps}"
            ) from error

    def _rest(self) -> None:
        """Everything is mended: within five minutes all is normal again, without hands."""
        case = self.case
        case.lab.clear_faults()
        case.injected()
        case.over()
        case.machine_time_passes(16)
        case.leases_end()
        for _ in range(10):
            case.tick()
            case.home.pass_time(timedelta(seconds=30))
        case.eye.check(at_rest=True)
        case.normal()

    # -- what may happen -----------------------------------------------------------------------------------------

    def enroll(self, draw: random.Random) -> None:
        """Somebody new."""
        if len(self.phones) >= MOST_PATIENTS:
            return
        number = f"+1312555{140 + len(self.phones):04d}"
        day = self.case.home.now.date() + timedelta(days=draw.randint(-4, 5))
        self.case.home.enroll(
            name=f"Ann No{chr(97 + len(self.phones))}", patient__phone=number,
            procedure__performed_on=day.isoformat(),
        )  # fmt: skip
        self.phones.append(number)

    def time_passes(self, draw: random.Random) -> None:
        """Minutes, an hour, a night."""
        minutes = draw.choice([1, 1, 2, 5, 10, 30, 60, 240, 600])
        self.case.home.pass_time(timedelta(minutes=minutes))

    def next_due(self, _: random.Random) -> None:
        """Until the next contact is due."""
        soonest = self.case.home.only("SELECT min(look_at) FROM touchpoint WHERE state = 'planned'")
        if soonest is not None and soonest > self.case.home.now:
            self.case.home.go_to(soonest)

    def machine_time(self, draw: random.Random) -> None:
        """Leases end, doubts grow old."""
        self.case.machine_time_passes(draw.choice([1, 2, 16]))
        self.case.leases_end()

    def trouble(self, draw: random.Random) -> None:
        """Something goes wrong once at the carrier."""
        effect, fields = draw.choice(TROUBLE)
        self.case.lab.fault(effect, times=1, **fields)

    def phone(self, draw: random.Random) -> None:
        """A patient writes."""
        if self.phones:
            self.case.lab.phone(draw.choice(self.phones)).sends(draw.choice(SAYINGS) or " ")

    def change(self, draw: random.Random) -> None:
        """A coordinator pauses, resumes, moves or ends an enrollment."""
        home = self.case.home
        rows = home.rows("SELECT id, performed_on FROM enrollment ORDER BY enrolled_at, id")
        if not rows:
            return
        chosen = draw.choice(rows)
        what = draw.choice(["pause", "resume", "move", "move", "move", "withdraw"])
        by = timedelta(days=draw.randint(-3, 6))
        try:
            with home.house.database.transaction(home.clinic_id) as session:
                if what == "pause":
                    pause(session, chosen.id, reason="asked for a break", now=home.now, actor=BY)
                elif what == "resume":
                    resume(session, chosen.id, now=home.now, actor=BY)
                elif what == "withdraw" and draw.random() < 0.2:
                    why = draw.choice(list(WithdrawalReason))
                    withdraw(session, chosen.id, reason=why, now=home.now, actor=BY)
                elif what == "move":
                    new = NewDate(chosen.performed_on + by, time(9, 0))
                    move_date(session, chosen.id, new, now=home.now, actor=BY)
        except FollowupError:
            self.log[-1] = f"{what} refused"

    def release(self, _: random.Random) -> None:
        """A person has closed what held this clinic's patients."""
        self.case.home.change("UPDATE enrollment SET held_since = NULL, hold_reason = NULL")
        self.case.home.change("UPDATE escalation SET state = 'merged'")

    def dispatch(self, _: random.Random) -> None:
        """The dispatcher goes round."""
        self.case.home.dispatch()

    def deliver(self, draw: random.Random) -> None:
        """A pump runs."""
        self.case.home.deliver(limits=SHORT, urgent=draw.random() < 0.3)

    def settle(self, _: random.Random) -> None:
        """Doubts are settled."""
        self.case.home.settle()

    def listen(self, _: random.Random) -> None:
        """What arrived is understood."""
        self.case.lab.wait_idle()
        process_events(self.case.home.house.database, now=self.case.home.clock.now)

    def tick(self, _: random.Random) -> None:
        """Every loop goes round."""
        self.case.tick()


Doing = Callable[[Walk, random.Random], None]
# How often each is drawn. Whole rounds are dear and hide what lies between them, so they are drawn rarely.
DOINGS: dict[str, tuple[int, Doing]] = {
    "enroll": (1, Walk.enroll),
    "time": (8, Walk.time_passes),
    "next due": (10, Walk.next_due),
    "machine time": (4, Walk.machine_time),
    "trouble": (16, Walk.trouble),
    "phone": (8, Walk.phone),
    "change": (6, Walk.change),
    "release": (2, Walk.release),
    "dispatch": (7, Walk.dispatch),
    "deliver": (9, Walk.deliver),
    "settle": (5, Walk.settle),
    "listen": (5, Walk.listen),
    "tick": (1, Walk.tick),
    "second pump": (18, Walk.dispatch),
}


@dataclass(slots=True)
class SecondPump:
    """Another worker's pump in slow motion: claims, calls, records, or dies in between."""

    case: Case
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    claimed: list[uuid.UUID] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def step(self, draw: random.Random) -> None:
        """Do the next thing, or die."""
        home = self.case.home
        if draw.random() < 0.15:
            if draw.random() < 0.5 and self.claimed:
                self._commit()  # dies between the commit to ``calling`` and the call
            self.claimed, self.answers, self.id = [], [], uuid.uuid4()
        elif self.answers:
            with home.house.database.transaction(home.clinic_id) as session:
                record(session, self.answers, now=home.now)
            self.answers = []
        elif self.claimed:
            for call in self._commit():
                outcome = asyncio.run(self._send(call))
                self.answers.append(
                    Answer(call.attempt_id, call.message_id, call.calls, call.not_after, outcome)
                )
            self.claimed = []
        else:
            with home.house.database.transaction(home.clinic_id) as session:
                sender = home.only("SELECT id FROM sender WHERE channel = 'sms'")
                found = claims.claim(session, sender, pump=self.id, urgent=False, many=3, now=home.now)
            self.claimed = [each.attempt_id for each in found]

    def _commit(self) -> list[Call]:
        home = self.case.home
        with home.house.database.transaction(home.clinic_id) as session:
            return start_calling(session, self.claimed, pump=self.id, now=home.now)

    async def _send(self, call: Call) -> Outcome:
        outside = self.case.home.house.outside
        left = int((call.not_after - self.case.home.now).total_seconds())
        async with outside.open_sms() as gateway:
            return await gateway.send(
                OutgoingSms(
                    to=call.to, body=call.body, sender=call.sender,
                    status_callback=status_url(outside.public_url, call.token), validity_seconds=left,
                )
            )  # fmt: skip
