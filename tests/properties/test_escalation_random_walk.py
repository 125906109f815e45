"""A case in the hands of chance: whatever people, patients, phones and clocks do, no invariant breaks.

Real PostgreSQL, two engines that run the clocks, a carrier's answers drawn at random. How many steps: modest by
default, ``FOLLOWUP_WALK_STEPS`` for the long walk.
"""

from __future__ import annotations

import os
import random
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text

from followup.bootstrap import install_keys
from followup.db.session import Database
from followup.errors import FollowupError, NotFound
from followup.escalation.acknowledge import accept, pass_up
from followup.escalation.close import close_case
from followup.escalation.contact import Attempt, log_attempt
from followup.escalation.follow_page import PageReport, record_page, track_page
from followup.escalation.hand_over import accept_hand_over, decline_hand_over, offer_hand_over
from followup.escalation.invariants import broken
from followup.escalation.models import Escalation, Page
from followup.escalation.open import Finding, open_case
from followup.escalation.page_claim import claim_pages, due_pages
from followup.escalation.rules import DISPOSITIONS
from followup.escalation.severity import lower_tier, raise_tier_by_hand
from followup.escalation.states import OPEN_STATES, CaseTier, ContactOutcome, ContactWay
from followup.escalation.sweep_pages import act_on_silence, pages_without_news
from followup.escalation.tick import tick
from followup.escalation.unreachable import Decision, decide_unreachable
from followup.kit.clock import FixedClock
from followup.kit.ids import new_id
from followup.ports import Accepted, InDoubt, Outcome, Refusal, Refused
from followup.settings import Settings
from followup.staff.models import Shift, Staff
from tests.properties.clinic_of_chance import START, open_clinic

STEPS = int(os.environ.get("FOLLOWUP_WALK_STEPS", "150"))
URL = "https://followup.example"
STATUSES = (
    "sent",
    "delivered",
    "undelivered",
    "failed",
    "completed",
    "busy",
    "no-answer",
    "ringing",
    "nonsense",
)


@dataclass
class Walk:
    """One clinic, and everything that may happen in it."""

    database: Database
    clinic_id: uuid.UUID
    chance: random.Random
    staff: list[uuid.UUID]
    patients: list[uuid.UUID]
    clock: FixedClock = field(default_factory=lambda: FixedClock(START))
    refused: int = 0

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def session(self):
        return self.database.transaction(self.clinic_id)

    def step(self) -> str:
        """Let one thing happen; what the product refuses changes nothing and is counted."""
        act = self.chance.choices(list(_ACTS), weights=list(_ACTS.values()))[0]
        try:
            act(self)
        except FollowupError:
            self.refused += 1
        return act.__name__

    # -- what may happen -------------------------------------------------------------------------------------------

    def patient_writes(self) -> None:
        finding = Finding(
            "reply", new_id(), self.chance.choice(list(CaseTier)), at=self.now,
            patient_id=self.chance.choice([*self.patients, None]),
        )  # fmt: skip
        with self.session() as session:
            open_case(session, self.clinic_id, finding, public_url=URL, now=self.now)

    def time_passes(self) -> None:
        self.clock.advance(timedelta(seconds=self.chance.choice([5, 30, 120, 600, 3600])))
        # Two engines in the same second; afterwards nothing is left to do.
        other = threading.Thread(target=tick, args=(self.database, self.clock), kwargs={"public_url": URL})
        other.start()
        tick(self.database, self.clock, public_url=URL)
        other.join()
        assert tick(self.database, self.clock, public_url=URL) == 0

    def carrier_works(self) -> None:
        with self.database.engine() as engine:
            due = due_pages(engine, now=self.now, many=20)
        with self.session() as session:
            claimed = claim_pages(session, due, now=self.now)
        for page in claimed:
            if self.chance.random() < 0.1:
                continue  # The sender dies here.
            with self.session() as session:
                record_page(session, page.id, self._outcome(), public_url=URL, now=self.now)

    def carrier_reports(self) -> None:
        with self.session() as session:
            pages = session.scalars(select(Page).where(Page.state.not_in(("planned", "cancelled")))).all()
            if pages:
                page = self.chance.choice(pages)
                status = self.chance.choice(STATUSES)
                report = PageReport(page.provider_id or new_id().hex, status, "30003", Refusal.temporary)
                track_page(session, page.token, report, public_url=URL, now=self.now)

    def silence_lasts(self) -> None:
        with self.session() as session:
            session.execute(text("UPDATE page SET lease_until = lease_until - interval '90 s'"))
        self.pages_without_news_are_minded()

    def pages_without_news_are_minded(self) -> None:
        """What the sender of pages does first, every few seconds (machine time)."""
        with self.database.engine() as engine:
            waited = pages_without_news(engine)
        for page_id, _ in waited:
            with self.session() as session:
                act_on_silence(session, page_id, public_url=URL, now=self.now)

    def somebody_accepts(self) -> None:
        with self.session() as session:
            accept(session, self._case(session), self._anybody(), how="code", public_url=URL, now=self.now)

    def somebody_passes_up(self) -> None:
        with self.session() as session:
            pass_up(session, self._case(session), self._anybody(), reason="busy", now=self.now)

    def somebody_calls_the_patient(self) -> None:
        outcome = self.chance.choice(list(ContactOutcome))
        attempt = Attempt(ContactWay.phone, outcome, read_back=self.chance.random() < 0.8)
        with self.session() as session:
            log_attempt(session, self._case(session), attempt, staff=self._person(session), now=self.now)

    def somebody_closes(self) -> None:
        disposition = self.chance.choice(list(DISPOSITIONS))
        with self.session() as session:
            close_case(
                session, self._case(session), disposition=disposition, note="Done.",
                staff=self._person(session), now=self.now,
            )  # fmt: skip

    def physician_decides(self) -> None:
        with self.session() as session:
            decide_unreachable(
                session, self._case(session), self.chance.choice(list(Decision)), reason="Because.",
                physician=self._person(session), now=self.now,
            )  # fmt: skip

    def somebody_changes_the_tier(self) -> None:
        with self.session() as session:
            case_id, person = self._case(session), self._person(session)
            if self.chance.random() < 0.5:
                raise_tier_by_hand(
                    session, case_id, reason="Worse.", public_url=URL, now=self.now, staff=person
                )
            else:
                lower_tier(session, case_id, reason="Better.", now=self.now, staff=person)

    def somebody_hands_over(self) -> None:
        with self.session() as session:
            case = session.get(Escalation, self._case(session))
            if case is None:
                raise NotFound
            person = self._person(session)
            what = self.chance.random()
            if what < 0.5 and case.owner_id is not None:
                owner = session.get_one(Staff, case.owner_id)
                offer_hand_over(
                    session, case.id, owner=owner, to_id=self._anybody(), public_url=URL, now=self.now
                )
            elif what < 0.8:
                accept_hand_over(session, case.id, receiver=person, public_url=URL, now=self.now)
            else:
                decline_hand_over(session, case.id, receiver=person, public_url=URL, now=self.now)

    def roster_changes(self) -> None:
        with self.session() as session:
            session.execute(text("DELETE FROM shift"))
            for duty in ("nurse", "physician", "manager"):
                if self.chance.random() < 0.7:
                    session.add(
                        Shift(
                            clinic_id=self.clinic_id, duty=duty, staff_id=self._anybody(),
                            starts_at=self.now - timedelta(hours=1),
                            ends_at=self.now + timedelta(minutes=self.chance.choice([3, 45, 600])),
                        )
                    )  # fmt: skip

    # -- chance ----------------------------------------------------------------------------------------------------

    def _outcome(self) -> Outcome:
        return self.chance.choice(
            [
                Accepted("SM" + new_id().hex, "queued"),
                Accepted("SM" + new_id().hex, "queued"),
                InDoubt("no answer in time"),
                Refused(self.chance.choice(list(Refusal)), "30000"),
            ]
        )

    def _anybody(self) -> uuid.UUID:
        return self.chance.choice(self.staff)

    def _person(self, session) -> Staff:
        return session.get_one(Staff, self._anybody())

    def _case(self, session) -> uuid.UUID:
        """An open case where there is one, now and then a closed one."""
        ids = session.scalars(
            select(Escalation.id).where(Escalation.state.in_(OPEN_STATES)).order_by(Escalation.id)
        ).all()
        if not ids or self.chance.random() < 0.05:
            ids = session.scalars(select(Escalation.id).order_by(Escalation.id)).all()
        return self.chance.choice(ids) if ids else new_id()


_ACTS: dict[Callable[[Walk], None], int] = {
    Walk.patient_writes: 8,
    Walk.time_passes: 14,
    Walk.carrier_works: 14,
    Walk.carrier_reports: 12,
    Walk.silence_lasts: 3,
    Walk.somebody_accepts: 10,
    Walk.somebody_passes_up: 3,
    Walk.somebody_calls_the_patient: 12,
    Walk.somebody_closes: 8,
    Walk.physician_decides: 3,
    Walk.somebody_changes_the_tier: 3,
    Walk.somebody_hands_over: 4,
    Walk.roster_changes: 2,
}


@pytest.fixture
def make_walk(database: Database, settings: Settings) -> Callable[[int], Walk]:
    """Make a clinic whose every later event is drawn from one seed."""
    install_keys(settings)

    def make(seed: int) -> Walk:
        clinic_id, staff, patients = open_clinic(database)
        return Walk(database, clinic_id, random.Random(seed), staff, patients)

    return make


@pytest.mark.timeout(max(180, STEPS * 3))
def test_no_invariant_breaks_on_a_random_walk(make_walk) -> None:
    seed = int(os.environ.get("FOLLOWUP_WALK_SEED", "0")) or random.randrange(1, 10**9)
    walk = make_walk(seed)
    done: list[str] = []
    for _ in range(STEPS):
        done.append(walk.step())
        # Clocks that are due now are run at the latest by the next tick; the rest has to hold at any moment.
        tick(walk.database, walk.clock, public_url=URL)
        walk.pages_without_news_are_minded()
        with walk.session() as session:
            assert broken(session, now=walk.now) == [], f"seed {seed}, step {len(done)}, after {done[-12:]}"
    assert walk.refused < STEPS
