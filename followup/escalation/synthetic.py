"""The synthetic patient: an invented red flag through the real webhook every few minutes, up to its closed case.

It lives in a clinic of its own, whose file says ``synthetic``: an invented patient's number and one person whose
phone is the sink of all its pages. So nothing of it is ever in another clinic's reports, worklists or rosters: the
database keeps clinics apart. What it must never do: write into any other clinic, or stand in for a real page.

The workers do every hop but three: the text, the nurse's reply and what she documents. Times are care time.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.clinics.models import Clinic, Sender
from followup.clinics.states import Channel
from followup.db.sealed import blind
from followup.db.session import Database
from followup.escalation.close import close_case
from followup.escalation.contact import Attempt, log_attempt
from followup.escalation.models import Escalation, EscalationSignal, Page, ReplyCode
from followup.escalation.rules import WENT_OUT
from followup.escalation.states import (
    OPEN_STATES,
    ContactOutcome,
    ContactWay,
    EscalationState,
    PagePurpose,
)
from followup.log import logger
from followup.replies.models import Reply
from followup.staff.models import Staff, StaffContactPoint

_log = logger(__name__)

RED_FLAG = "My leg feels weaker since last night"
NOTE = "The synthetic patient: nobody was ill, nobody was called."
SETTING = "synthetic"

HandIn = Callable[[str, str, str], bool]
"""Hands a text to the house's own webhook as the carrier would: from, to, body; False if it was not taken."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run, as far as it came: when its text arrived, and each later hop."""

    received_at: datetime
    opened_at: datetime | None = None
    first_page_at: datetime | None = None
    accepted_at: datetime | None = None
    contacted_at: datetime | None = None

    def hops(self) -> Mapping[str, float]:
        """Return the seconds that each hop took; those that have not happened are left out."""
        marks = (
            ("received", self.received_at), ("triage", self.opened_at), ("page", self.first_page_at),
            ("accept", self.accepted_at), ("contact", self.contacted_at),
        )  # fmt: skip
        known = [(name, at) for name, at in marks if at is not None]
        return {name: (at - before).total_seconds() for (_, before), (name, at) in itertools.pairwise(known)}


def synthetic_clinics(engine: Session) -> Sequence[Clinic]:
    """Return the clinics that exist for the synthetic patient only (engine role); mostly none."""
    return engine.scalars(select(Clinic).where(Clinic.settings.has_key(SETTING)).order_by(Clinic.id)).all()


def walk_synthetic_patients(database: Database, hand_in: HandIn, *, now: datetime) -> int:
    """Let every synthetic patient take the step that comes next; returns how many did something."""
    with database.engine() as engine:
        found = [(each.id, dict(each.settings[SETTING])) for each in synthetic_clinics(engine)]
    return sum(_step(database, clinic_id, told, hand_in, now=now) for clinic_id, told in found)


def _step(
    database: Database, clinic_id: uuid.UUID, told: Mapping[str, object], hand_in: HandIn, *, now: datetime
) -> bool:
    with database.transaction(clinic_id) as session:
        text = _next_text(session, told, now=now)
        if text is None:
            return _document(session, told, now=now)
    # Outside of the transaction: the webhook writes through its own door.
    taken = hand_in(*text)
    if not taken:
        _log.error("synthetic patient not heard", clinic_id=str(clinic_id))
    return taken


def _next_text(session: Session, told: Mapping[str, object], *, now: datetime) -> tuple[str, str, str] | None:
    """Return the text that comes next: the patient's, or the code with which the sink accepts."""
    ours = session.scalars(
        select(Sender.address).where(Sender.channel == Channel.sms).order_by(Sender.recorded_at).limit(1)
    ).one()
    case = _open_case(session, told)
    if case is None:
        last = session.scalar(select(Reply.received_at).order_by(Reply.received_at.desc()).limit(1))
        pause = timedelta(minutes=int(str(told["every_minutes"])))
        return (str(told["patient_phone"]), ours, RED_FLAG) if last is None or last + pause <= now else None
    if case.state is not EscalationState.paging:
        return None
    went_out = (
        select(StaffContactPoint, ReplyCode.code)
        .join(Page, Page.staff_contact_point_id == StaffContactPoint.id)
        .join(ReplyCode, ReplyCode.staff_contact_point_id == StaffContactPoint.id)
        .where(
            Page.escalation_id == case.id, ReplyCode.escalation_id == case.id, Page.channel == Channel.sms,
            Page.purpose == PagePurpose.page, Page.state.in_(WENT_OUT),
        )
        .limit(1)
    )  # fmt: skip
    row = session.execute(went_out).first()
    return (row.StaffContactPoint.address, ours, row.code) if row else None


def _document(session: Session, told: Mapping[str, object], *, now: datetime) -> bool:
    """Log the call that was never made and close an accepted case, as its owner would."""
    case = _open_case(session, told)
    if case is None or case.state is not EscalationState.accepted or case.owner_id is None:
        return False
    owner = session.get_one(Staff, case.owner_id)
    reached = Attempt(ContactWay.phone, ContactOutcome.reached, read_back=True, note=NOTE)
    log_attempt(session, case.id, reached, staff=owner, now=now)
    close_case(session, case.id, disposition="advice", note=NOTE, staff=owner, now=now)
    return True


def _open_case(session: Session, told: Mapping[str, object]) -> Escalation | None:
    """Return the open case of the invented number, and of nobody else: a real patient's is never touched here."""
    invented = (
        select(EscalationSignal.escalation_id)
        .join(Reply, Reply.id == EscalationSignal.cause_id)
        .where(Reply.from_blind == blind("phone", str(told["patient_phone"])))
    )
    return session.scalar(
        select(Escalation)
        .where(
            Escalation.state.in_(OPEN_STATES), Escalation.patient_id.is_(None), Escalation.id.in_(invented)
        )
        .order_by(Escalation.opened_at.desc(), Escalation.id)
        .limit(1)
    )


def newest_runs(engine: Session) -> Sequence[tuple[timedelta, Run, bool]]:
    """Return each synthetic clinic's pause, newest run and whether that is finished (engine role)."""
    found = []
    for clinic in synthetic_clinics(engine):
        received_at = engine.scalar(
            select(Reply.received_at)
            .where(Reply.clinic_id == clinic.id)
            .order_by(Reply.received_at.desc())
            .limit(1)
        )
        if received_at is None:
            continue
        row = engine.execute(
            select(
                Escalation.opened_at, Escalation.first_page_at, Escalation.accepted_at,
                Escalation.contacted_at, Escalation.state,
            )
            .where(Escalation.clinic_id == clinic.id, Escalation.opened_at >= received_at)
            .order_by(Escalation.opened_at.desc())
            .limit(1)
        ).first()  # fmt: skip
        pause = timedelta(minutes=int(clinic.settings[SETTING]["every_minutes"]))
        run = Run(received_at, *row[:4]) if row else Run(received_at)
        found.append((pause, run, row is not None and row.state is EscalationState.closed))
    return found


def stalled_seconds(engine: Session, now: datetime) -> float | None:
    """Return for how long a synthetic patient waits for a hop, or should have come again; None if none is kept."""
    waits = [
        max((now - run.received_at - (pause if is_finished else timedelta(0))).total_seconds(), 0.0)
        for pause, run, is_finished in newest_runs(engine)
    ]
    return max(waits, default=None)
