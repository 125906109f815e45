"""A patient with a red flag whom nobody can reach: a physician decides, and is paged until there is a decision."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.errors import ForbiddenState, InvalidInput, NotAllowed
from followup.escalation.models import Escalation
from followup.escalation.move import flag, lock_case, move_case, start_contact_clock
from followup.escalation.states import EscalationState
from followup.escalation.tell_patient import Hearer, Telling, Told, tell_patient
from followup.messaging.states import Purpose
from followup.staff.models import Staff
from followup.staff.states import StaffRole

S = EscalationState
TRIED_TO_CALL = "tried-to-call"


class Decision(StrEnum):
    """What a physician can decide about a patient whom nobody reaches."""

    keep_trying = "keep_trying"
    welfare_check = "welfare_check"  # police or emergency services look at the verified address
    sent_to_emergency = "sent_to_emergency"


def cannot_be_reached(session: Session, case: Escalation, *, now: datetime) -> None:
    """Move a locked case to unreachable: the physician is paged by its clock, the patient is asked to call."""
    tries = 1 + len([each for each in case.flags if str(each).startswith("unreachable")])
    move_case(session, case, S.unreachable, now=now, reason="attempts failed; a physician decides")
    flag(case, f"unreachable {tries}")
    if case.patient_id is not None:
        hearer = Hearer(case.clinic_id, case.patient_id, case.enrollment_id)
        telling = Telling(TRIED_TO_CALL, Purpose.safety, case.id, round=tries)
        if tell_patient(session, hearer, telling, now=now) is not Told.queued:
            flag(case, "cannot be texted")


def decide_unreachable(
    session: Session, case_id: uuid.UUID, decision: Decision, *, reason: str, physician: Staff, now: datetime
) -> Escalation:
    """Record the physician's decision and act on it. Raises NotAllowed, InvalidInput or ForbiddenState."""
    if physician.role is not StaffRole.physician:
        raise NotAllowed("Only a physician decides about a patient whom nobody reaches.")
    if not reason.strip():
        raise InvalidInput("reason", "Say why.")
    case = lock_case(session, case_id)
    if case.state is not S.unreachable:
        raise ForbiddenState("This case is not waiting for that decision.")
    actor = Actor("staff", physician.id)
    record(
        session, case.clinic_id, actor=actor, action=f"unreachable: {decision}", now=now,
        subject=Subject("escalation", case.id, case.patient_id), details={"reason": reason},
    )  # fmt: skip
    if decision is Decision.keep_trying:
        move_case(
            session, case, S.contacting, now=now, reason="a physician decided: keep trying", actor=actor
        )
        start_contact_clock(session, case, now=now)
        return case
    move_case(
        session, case, S.contacted, now=now, reason=f"a physician decided: {decision}", actor=actor,
        owner_id=physician.id, contacted_at=now,
    )  # fmt: skip
    return case
