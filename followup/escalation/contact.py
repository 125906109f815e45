"""Write down one try to speak with the patient. Who was reached and repeated what to do is contacted; else not.

An attempt is always kept, even a late one of somebody whose acceptance was revoked: it is what really happened.
Who has the patient on the phone has the case, whoever accepted it before.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.errors import ForbiddenState, InvalidInput, NotAllowed
from followup.escalation.acknowledge import cancel_pages
from followup.escalation.models import ContactAttempt, Escalation
from followup.escalation.move import is_open, lock_case, move_case
from followup.escalation.rules import ATTEMPTS_BEFORE_UNREACHABLE
from followup.escalation.states import ContactOutcome, ContactWay, EscalationState
from followup.escalation.unreachable import cannot_be_reached
from followup.staff.models import Staff
from followup.staff.rules import Permission, allows

S = EscalationState


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: how, what came of it, whether the patient repeated what to do, and a note (sealed)."""

    how: ContactWay
    outcome: ContactOutcome
    read_back: bool = False
    note: str | None = None


def log_attempt(
    session: Session, case_id: uuid.UUID, attempt: Attempt, *, staff: Staff, now: datetime
) -> ContactAttempt:
    """Keep an attempt and move the case as it says.

    Raises NotAllowed for somebody who may not document cases, ForbiddenState for a closed case, InvalidInput for a
    conversation without read-back and without a note that says why there was none.
    """
    if not allows(staff.role, Permission.accept_escalations):
        raise NotAllowed("Only those who may accept cases can log attempts.")
    if attempt.outcome is ContactOutcome.reached and not (attempt.read_back or (attempt.note or "").strip()):
        raise InvalidInput(
            "read_back", "Let the patient repeat what to do, or note why that was not possible."
        )
    case = lock_case(session, case_id)
    if not is_open(case):
        raise ForbiddenState("This case is closed; open the patient's record instead.")
    row = ContactAttempt(
        clinic_id=case.clinic_id, escalation_id=case.id, staff_id=staff.id, how=attempt.how,
        outcome=attempt.outcome, note=attempt.note, read_back=attempt.read_back, at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(
        session, case.clinic_id, actor=Actor("staff", staff.id), action="log contact attempt", now=now,
        reason=attempt.outcome, subject=Subject("escalation", case.id, case.patient_id),
    )  # fmt: skip
    if attempt.outcome is ContactOutcome.reached:
        _contacted(session, case, staff, now=now)
    else:
        _tried(session, case, staff, now=now)
    return row


def failed_attempts(session: Session, case: Escalation) -> int:
    """Count the tries without the patient since the case was last accepted."""
    counted = select(func.count()).where(
        ContactAttempt.escalation_id == case.id, ContactAttempt.outcome != ContactOutcome.reached
    )
    if case.accepted_at is not None:
        counted = counted.where(ContactAttempt.at >= case.accepted_at)
    return session.scalar(counted) or 0


def _contacted(session: Session, case: Escalation, staff: Staff, *, now: datetime) -> None:
    actor = Actor("staff", staff.id)
    if case.state is S.contacted:
        return
    if case.state is S.paging:
        move_case(
            session, case, S.accepted, now=now, reason="spoke with the patient", actor=actor,
            owner_id=staff.id, accepted_at=now,
        )  # fmt: skip
        cancel_pages(session, case, reason="the patient was reached", now=now)
    if case.state is S.accepted:
        move_case(session, case, S.contacting, now=now, reason="first attempt", actor=actor)
    move_case(
        session, case, S.contacted, now=now, reason="the patient was reached", actor=actor,
        owner_id=staff.id, contacted_at=now,
    )  # fmt: skip


def _tried(session: Session, case: Escalation, staff: Staff, *, now: datetime) -> None:
    """Move on after a try that did not reach the patient; a try of somebody else leaves the clocks as they are."""
    if case.owner_id != staff.id:
        return
    if case.state is S.accepted:
        move_case(
            session, case, S.contacting, now=now, reason="first attempt", actor=Actor("staff", staff.id)
        )
    if case.state is S.contacting and failed_attempts(session, case) >= ATTEMPTS_BEFORE_UNREACHABLE:
        cannot_be_reached(session, case, now=now)
