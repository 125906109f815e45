"""Escalations as staff need them: the board by how fast, and one case with everything a caller wants at hand.

The case page shows the patient's exact words and the rule they met, because a clinician decides on words, not
on a color. The page behind a link in a text shows no patient at all.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.clinics.states import Channel
from followup.enrollment.models import Enrollment
from followup.errors import NotFound
from followup.escalation.models import ContactAttempt, Escalation, EscalationSignal, EscalationTimer, Page
from followup.escalation.states import OPEN_STATES
from followup.messaging.models import Message
from followup.patients.models import ContactPoint, Patient, Procedure
from followup.patients.states import ContactState
from followup.replies.models import Reply
from followup.reporting.records import Wanted
from followup.reporting.timeline import Said, assessments, said

MOST_CLOSED = 30
LAST_MESSAGES = 6
_NOT_DIALED = re.compile(r"[^0-9+]")
_EXTENSION = re.compile(r"[A-Za-z;,#]")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,100}")


@dataclass(frozen=True, slots=True)
class Number:
    """A number to call, whose it is, and what is known of it."""

    label: str
    number: str
    state: str

    @property
    def dial(self) -> str:
        """What a phone dials: people write numbers with brackets and extensions, and ``tel:`` takes neither."""
        return _NOT_DIALED.sub("", _EXTENSION.split(self.number)[0])


@dataclass(frozen=True, slots=True)
class CasePage:
    """One case with all that belongs to it. Texts are opened."""

    case: Escalation
    patient: Patient | None
    numbers: Sequence[Number]
    facts: dict[str, str]
    performed_on: date | None
    signals: Sequence[EscalationSignal]
    words: Sequence[Said]
    messages: Sequence[Message]
    attempts: Sequence[ContactAttempt]
    pages: Sequence[Page]
    next_due: Sequence[tuple[str, datetime]]


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """One case with its findings and tries, for the API."""

    case: Escalation
    signals: Sequence[EscalationSignal]
    attempts: Sequence[ContactAttempt]


@dataclass(frozen=True, slots=True)
class FoundLink:
    """Where the link of a page leads: ids only."""

    clinic_id: uuid.UUID
    case_id: uuid.UUID
    page_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class LinkedCase:
    """What the page behind a link may show before a sign-in: a code, how fast, whether somebody has it."""

    case_id: uuid.UUID
    code: str
    tier: str
    state: str
    clinic_code: str
    staff_id: uuid.UUID | None
    owner_id: uuid.UUID | None


def find_link(looking: Session, token: str) -> FoundLink | None:
    """Find the page with this link; the engine role looks."""
    if not _TOKEN.fullmatch(token):
        return None
    row = looking.execute(
        select(Page.clinic_id, Page.escalation_id, Page.id).where(Page.link_token == token)
    ).first()
    if row is None or row.escalation_id is None:
        return None
    return FoundLink(row.clinic_id, row.escalation_id, row.id)


def linked_case(session: Session, found: FoundLink, clinic_code: str) -> LinkedCase:
    """Return what the holder of a link may see."""
    case, staff_id = session.execute(
        select(Escalation, Page.staff_id)
        .join(Page, Page.escalation_id == Escalation.id)
        .where(Page.id == found.page_id)
    ).one()
    return LinkedCase(
        case_id=case.id, code=case.code, tier=case.tier.value, state=case.state.value, clinic_code=clinic_code,
        staff_id=staff_id, owner_id=case.owner_id,
    )  # fmt: skip


def recently_closed(session: Session) -> Sequence[Escalation]:
    """Return the cases closed last."""
    return session.scalars(
        select(Escalation)
        .where(Escalation.closed_at.is_not(None))
        .order_by(Escalation.closed_at.desc(), Escalation.id)
        .limit(MOST_CLOSED)
    ).all()


def case_page(session: Session, case_id: uuid.UUID) -> CasePage:
    """Return one case; raises NotFound, also for another clinic's."""
    case = session.get(Escalation, case_id)
    if case is None:
        raise NotFound
    patient = session.get(Patient, case.patient_id) if case.patient_id else None
    signals = session.scalars(
        select(EscalationSignal)
        .where(EscalationSignal.escalation_id == case_id)
        .order_by(EscalationSignal.at, EscalationSignal.id)
        .limit(100)
    ).all()
    words = _words(session, signals)
    procedure = _procedure(session, case)
    return CasePage(
        case=case,
        patient=patient,
        numbers=_numbers(session, case, words, procedure),
        facts={key: str(value) for key, value in ((procedure.facts if procedure else None) or {}).items()},
        performed_on=procedure.performed_on if procedure else None,
        signals=signals,
        words=words,
        messages=_messages(session, case),
        attempts=session.scalars(
            select(ContactAttempt)
            .where(ContactAttempt.escalation_id == case_id)
            .order_by(ContactAttempt.at, ContactAttempt.id)
            .limit(100)
        ).all(),
        pages=session.scalars(
            select(Page).where(Page.escalation_id == case_id).order_by(Page.due_at, Page.id).limit(200)
        ).all(),
        next_due=_next_due(session, case_id),
    )


def case_records(session: Session, wanted: Wanted, *, state: str | None = None) -> list[CaseRecord]:
    """Return cases in the order they were opened; ``state`` is open, closed or None for all."""
    query = select(Escalation)
    if wanted.patient_id is not None:
        query = query.where(Escalation.patient_id == wanted.patient_id)
    if state is not None:
        is_open = Escalation.state.in_(OPEN_STATES)
        query = query.where(is_open if state == "open" else ~is_open)
    if wanted.after is not None:
        query = query.where(Escalation.id > wanted.after)
    found = session.scalars(query.order_by(Escalation.id).limit(wanted.limit + 1)).all()
    return _records(session, found)


def case_record(session: Session, case_id: uuid.UUID) -> CaseRecord:
    """Return one case with its findings and tries; raises NotFound, also for another clinic's."""
    case = session.get(Escalation, case_id)
    if case is None:
        raise NotFound
    return _records(session, [case])[0]


def _records(session: Session, cases: Sequence[Escalation]) -> list[CaseRecord]:
    ids = [case.id for case in cases]
    signals = session.scalars(
        select(EscalationSignal)
        .where(EscalationSignal.escalation_id.in_(ids))
        .order_by(EscalationSignal.at, EscalationSignal.id)
    ).all()
    attempts = session.scalars(
        select(ContactAttempt)
        .where(ContactAttempt.escalation_id.in_(ids))
        .order_by(ContactAttempt.at, ContactAttempt.id)
    ).all()
    return [
        CaseRecord(
            case,
            [each for each in signals if each.escalation_id == case.id],
            [each for each in attempts if each.escalation_id == case.id],
        )
        for case in cases
    ]


def _words(session: Session, signals: Sequence[EscalationSignal]) -> list[Said]:
    causes = [each.cause_id for each in signals if each.kind == "reply"]
    replies = session.scalars(
        select(Reply).where(Reply.id.in_(causes)).order_by(Reply.received_at, Reply.id)
    ).all()
    found = assessments(session, causes)
    return [said(reply, found.get(reply.id, ()), None) for reply in replies]


def _procedure(session: Session, case: Escalation) -> Procedure | None:
    if case.enrollment_id is None:
        return None
    return session.scalar(
        select(Procedure)
        .join(Enrollment, Enrollment.procedure_id == Procedure.id)
        .where(Enrollment.id == case.enrollment_id)
    )


def _numbers(
    session: Session, case: Escalation, words: Sequence[Said], procedure: Procedure | None
) -> list[Number]:
    """The patient's numbers, the one a text came from if nobody knows whose it is, and who helps at home."""
    points = session.scalars(
        select(ContactPoint)
        .where(
            ContactPoint.patient_id == case.patient_id,
            ContactPoint.channel == Channel.sms,
            # Whoever answers there by now must not hear what a nurse has to say.
            ContactPoint.state != ContactState.replaced,
        )
        .order_by(ContactPoint.last_heard_at.desc().nulls_last(), ContactPoint.id)
    ).all()
    numbers = [Number(point.label or "Patient", point.address, point.state.value) for point in points]
    if case.patient_id is None:
        senders = dict.fromkeys(each.reply.sender_address for each in words)
        numbers += [Number("Whoever wrote", sender, "stated") for sender in senders]
    facts = (procedure.facts if procedure else None) or {}
    if facts.get("helper_phone"):
        numbers.append(
            Number(str(facts.get("helper_name") or "Helper"), str(facts["helper_phone"]), "stated")
        )
    return numbers


def _messages(session: Session, case: Escalation) -> list[Message]:
    if case.patient_id is None:
        return []
    newest = session.scalars(
        select(Message)
        .where(Message.patient_id == case.patient_id)
        .order_by(Message.queued_at.desc(), Message.id.desc())
        .limit(LAST_MESSAGES)
    ).all()
    return list(reversed(newest))


def _next_due(session: Session, case_id: uuid.UUID) -> list[tuple[str, datetime]]:
    rows = session.execute(
        select(EscalationTimer.kind, EscalationTimer.due_at)
        .where(
            EscalationTimer.escalation_id == case_id,
            EscalationTimer.fired_at.is_(None),
            EscalationTimer.cancelled_at.is_(None),
        )
        .order_by(EscalationTimer.due_at)
        .limit(20)
    )
    return [(str(kind), due_at) for kind, due_at in rows]
