"""Accept, decline, pass up: the first one wins under the lock of the case, and the others hear who.

Accepting makes one named person responsible for reaching the patient in time. It never closes anything. A page that
was delivered, a call that was answered, a link that was opened accept nothing: only a code, a key or a button does.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, moved, record
from followup.clinics.models import Clinic
from followup.doorbell import ring
from followup.escalation.models import Escalation, Page
from followup.escalation.move import is_open, lock_case, move_case
from followup.escalation.page_text import Taken
from followup.escalation.plan_pages import notify
from followup.escalation.rules import OWNED, WENT_OUT
from followup.escalation.states import EscalationState, PagePurpose, PageState, TimerKind
from followup.escalation.timers import hasten
from followup.kit.windows import to_local, zone
from followup.pathways.values import clock_words
from followup.staff.models import Staff
from followup.staff.rules import Permission, allows


class Result(StrEnum):
    """What became of an answer to a page."""

    accepted = "accepted"
    yours_already = "yours_already"
    taken = "taken"  # somebody else was first
    passed_on = "passed_on"
    closed = "closed"
    not_allowed = "not_allowed"  # this person may not own a case
    unknown_code = "unknown_code"  # also an expired one: which of the two is nobody's business who guesses
    several = "several"  # more than one case could be meant
    no_code = "no_code"  # "ok" alone accepts nothing
    is_stop = "is_stop"
    is_start = "is_start"
    is_verified = "is_verified"  # the code that proves this phone
    help = "help"


@dataclass(frozen=True, slots=True)
class StaffAnswer:
    """What became of it, and about which case; ``taken`` says who has it if somebody else does."""

    result: Result
    case_id: uuid.UUID | None = None
    taken: Taken | None = None

    @property
    def changed(self) -> bool:
        """Whether anything was changed by it."""
        return self.result in (Result.accepted, Result.passed_on, Result.is_stop, Result.is_start)


def accept(
    session: Session, case_id: uuid.UUID, staff_id: uuid.UUID, *, how: str, public_url: str, now: datetime
) -> StaffAnswer:
    """Make a person the owner of a case that nobody has; ``how``: code, keypad, link, page.

    Answers what stands if somebody was quicker. Raises NotFound for a case or a person of another clinic.
    """
    case = lock_case(session, case_id)
    staff = session.get_one(Staff, staff_id)
    refused = _refusal(session, case, staff)
    if refused is not None:
        return refused
    actor = Actor("staff", staff.id)
    move_case(
        session, case, EscalationState.accepted, now=now, reason=f"by {how}", actor=actor,
        owner_id=staff.id, accepted_at=now,
    )  # fmt: skip
    record(
        session, case.clinic_id, actor=actor, action="accept escalation", now=now, reason=how,
        subject=Subject("escalation", case.id, case.patient_id),
    )  # fmt: skip
    cancel_pages(session, case, reason="somebody accepted", now=now)
    others = [each for each in paged_people(session, case) if each != staff.id]
    taken = taken_by(session, case)
    notify(session, case, others, key="staff-already-accepted", public_url=public_url, now=now, taken=taken)
    ring(session, "care.escalate")
    return StaffAnswer(Result.accepted, case.id)


def pass_up(
    session: Session, case_id: uuid.UUID, staff_id: uuid.UUID, *, reason: str, now: datetime
) -> StaffAnswer:
    """Decline a case: the next step of the ladder is paged at once. An owner gives the case back by it."""
    case = lock_case(session, case_id)
    staff = session.get_one(Staff, staff_id)
    if not is_open(case):
        return StaffAnswer(Result.closed, case.id)
    actor = Actor("staff", staff.id)
    if case.state is not EscalationState.paging:
        if case.owner_id != staff.id or case.state is EscalationState.contacted:
            return _standing(session, case, staff)
        move_case(
            session, case, EscalationState.paging, now=now, reason="given back by its owner", actor=actor,
            owner_id=None, accepted_at=None,
        )  # fmt: skip
    else:
        hasten(session, case.id, TimerKind.step, now=now)
    _cancel_pages_of(session, case, staff.id, now=now)
    record(
        session, case.clinic_id, actor=actor, action="pass escalation up", now=now, reason=reason,
        subject=Subject("escalation", case.id, case.patient_id),
    )  # fmt: skip
    return StaffAnswer(Result.passed_on, case.id)


def taken_by(session: Session, case: Escalation) -> Taken | None:
    """Return who has a case and since when, by the clinic's clock; None while nobody has it."""
    if case.owner_id is None or case.accepted_at is None:
        return None
    owner = session.get_one(Staff, case.owner_id)
    where = zone(session.get_one(Clinic, case.clinic_id).time_zone)
    return Taken(owner.name, clock_words(to_local(case.accepted_at, where), "en"))


def cancel_pages(session: Session, case: Escalation, *, reason: str, now: datetime) -> None:
    """Cancel every page that waits; what was handed to the carrier can't be called back."""
    _cancel(session, case, now=now, reason=reason, only=None)


def paged_people(session: Session, case: Escalation) -> list[uuid.UUID]:
    """Return everybody whose phone got, or may have got, a page of this case."""
    rows = session.scalars(
        select(Page.staff_id)
        .where(
            Page.escalation_id == case.id,
            Page.purpose == PagePurpose.page,
            Page.staff_id.is_not(None),
            Page.state.in_((*WENT_OUT, PageState.claimed, PageState.unknown)),
        )
        .distinct()
    )
    return sorted({each for each in rows if each is not None})


def _refusal(session: Session, case: Escalation, staff: Staff) -> StaffAnswer | None:
    if not is_open(case):
        return StaffAnswer(Result.closed, case.id)
    if staff.disabled_at is not None or not allows(staff.role, Permission.accept_escalations):
        return StaffAnswer(Result.not_allowed, case.id)
    return _standing(session, case, staff) if case.state in OWNED else None


def _standing(session: Session, case: Escalation, staff: Staff) -> StaffAnswer:
    if case.owner_id == staff.id:
        return StaffAnswer(Result.yours_already, case.id)
    return StaffAnswer(Result.taken, case.id, taken_by(session, case))


def _cancel_pages_of(session: Session, case: Escalation, staff_id: uuid.UUID, *, now: datetime) -> None:
    _cancel(session, case, now=now, reason="passed on", only=staff_id)


def _cancel(
    session: Session, case: Escalation, *, now: datetime, reason: str, only: uuid.UUID | None
) -> None:
    statement = (
        update(Page)
        .where(
            Page.escalation_id == case.id, Page.state == PageState.planned, Page.purpose == PagePurpose.page
        )
        .values(state=PageState.cancelled, reason=reason, final_at=func.now())
        .returning(Page.id)
        .execution_options(synchronize_session=False)
    )
    if only is not None:
        statement = statement.where(Page.staff_id == only)
    for page_id in session.scalars(statement).all():
        moved(
            session, case.clinic_id, thing="page", thing_id=page_id, before=PageState.planned,
            after=PageState.cancelled, now=now, reason=reason,
        )  # fmt: skip
