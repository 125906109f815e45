"""Ask every minute whether anybody was forgotten, and mend what can be mended. Nothing here is part of normal work.

An open case without a clock gets the clocks of its state; a red flag without a case gets one; a missing hold is put
back. What was mended, and what cannot be, is written to the log as an error: a repair hides no fault.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from followup.db.session import Database
from followup.doorbell import ring
from followup.escalation.hold import hold_planned
from followup.escalation.invariants import broken, thin_cover
from followup.escalation.merge import give_patient, identified_later
from followup.escalation.models import Escalation, EscalationSignal, EscalationTimer
from followup.escalation.move import lock_case, page_anew, policy_of, start_contact_clock
from followup.escalation.open import Finding, open_case
from followup.escalation.rules import clocks
from followup.escalation.states import OPEN_STATES, CaseTier, EscalationState
from followup.escalation.timers import set_timer
from followup.kit.clock import Clock
from followup.log import logger
from followup.replies.models import Reply
from followup.staff.models import Staff
from followup.staff.plan_shifts import differing, plan_shifts
from followup.triage.models import Assessment

_log = logger(__name__)

_CLINICS = text(
    "SELECT clinic_id FROM escalation WHERE state NOT IN ('closed', 'merged')"
    " UNION SELECT clinic_id FROM reply WHERE state IN ('received', 'assessed')"
    " UNION SELECT clinic_id FROM roster_plan ORDER BY 1"
)
_PAGED_TIERS = tuple(each.value for each in CaseTier)


@dataclass(slots=True)
class Audited:
    """What one audit found and mended, in sentences without patient data."""

    mended: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def audit_cases(database: Database, clock: Clock, *, public_url: str) -> Audited:
    """Audit every clinic that has anything open or a roster; one that can't be audited is an error of its own."""
    found = Audited()
    with database.engine() as session:
        clinics = list(session.scalars(_CLINICS))
    for clinic_id in clinics:
        try:
            with database.transaction(clinic_id) as session:
                found.mended += mend(session, clinic_id, public_url=public_url, now=clock.now())
            with database.transaction(clinic_id) as session:
                found.broken += broken(session, now=clock.now()) + thin_cover(session, now=clock.now())
        except Exception as error:  # noqa: BLE001 - one clinic must not keep the others from being looked at
            found.broken.append(f"clinic {clinic_id} could not be audited: {type(error).__name__}")
    for sentence in found.mended:
        _log.error("mended", what=sentence)
    for sentence in found.broken:
        _log.error("invariant broken", what=sentence)
    return found


def mend(session: Session, clinic_id: uuid.UUID, *, public_url: str, now: datetime) -> list[str]:
    """Mend what is known to be mendable in one clinic; returns a sentence for each repair."""
    said = [_start_clocks(session, case_id, now=now) for case_id in _without_clock(session)]
    said += [_take_from_leaver(session, case_id, now=now) for case_id in _owned_by_leavers(session)]
    said += [
        _open_missing(session, assessment, public_url=public_url, now=now)
        for assessment in _without_case(session)
    ]
    for case_id, patient_id in identified_later(session):
        # No repair of a fault: a person filed the reply after its case was opened.
        give_patient(session, case_id, patient_id, public_url=public_url, now=now)
    said += _plan_again(session, clinic_id, now=now)
    for case in session.scalars(select(Escalation).where(Escalation.state.in_(OPEN_STATES))).all():
        if case.patient_id is not None and hold_planned(session, clinic_id, case.patient_id, now=now):
            said.append(f"case {case.code}: its patient's planned texts were not held")
    return said


def _start_clocks(session: Session, case_id: uuid.UUID, *, now: datetime) -> str:
    case = lock_case(session, case_id)
    for kind, due_at in clocks(case.state, policy_of(case), now).items():
        set_timer(session, case, kind, due_at=due_at, now=now)
    if case.state is EscalationState.contacting:
        start_contact_clock(session, case, now=now)
    ring(session, "care.escalate")
    return f"case {case.code} was {case.state} without a clock"


def _plan_again(session: Session, clinic_id: uuid.UUID, *, now: datetime) -> list[str]:
    if not differing(session, now=now):
        return []
    plan_shifts(session, clinic_id, now=now)
    return [f"clinic {clinic_id}: shifts were not as the roster says"]


def _open_missing(session: Session, assessment: Assessment, *, public_url: str, now: datetime) -> str:
    reply = session.get_one(Reply, assessment.reply_id)
    finding = Finding(
        "reply", reply.id, CaseTier(assessment.tier), at=now, patient_id=reply.patient_id,
        enrollment_id=reply.enrollment_id,
    )  # fmt: skip
    opened = open_case(session, reply.clinic_id, finding, public_url=public_url, now=now)
    return f"reply {reply.id} was a red flag without a case; it is in case {opened.case.code} now"


def _take_from_leaver(session: Session, case_id: uuid.UUID, *, now: datetime) -> str:
    case = lock_case(session, case_id)
    page_anew(session, case, reason="its owner does not work here any more", now=now)
    return f"case {case.code} belonged to somebody who does not work here any more"


def _owned_by_leavers(session: Session) -> list[uuid.UUID]:
    """Return cases that still need a call and whose owner was disabled; a documented one needs nobody's call."""
    needs_a_call = (EscalationState.accepted, EscalationState.contacting, EscalationState.unreachable)
    return list(
        session.scalars(
            select(Escalation.id)
            .join(Staff, Staff.id == Escalation.owner_id)
            .where(Escalation.state.in_(needs_a_call), Staff.disabled_at.is_not(None))
            .order_by(Escalation.id)
        )
    )


def _without_clock(session: Session) -> list[uuid.UUID]:
    has_clock = (
        select(EscalationTimer.id)
        .where(
            EscalationTimer.escalation_id == Escalation.id, EscalationTimer.fired_at.is_(None),
            EscalationTimer.cancelled_at.is_(None),
        )
        .exists()
    )  # fmt: skip
    return list(
        session.scalars(
            select(Escalation.id).where(Escalation.state.in_(OPEN_STATES), ~has_clock).order_by(Escalation.id)
        )
    )


def _without_case(session: Session) -> list[Assessment]:
    has_case = select(EscalationSignal.id).where(EscalationSignal.cause_id == Assessment.reply_id).exists()
    return list(
        session.scalars(
            select(Assessment)
            .where(Assessment.tier.in_(_PAGED_TIERS), Assessment.assessed_by == "engine", ~has_case)
            .order_by(Assessment.id)
            .limit(100)
        )
    )
