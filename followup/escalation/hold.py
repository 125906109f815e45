"""Hold a patient's planned texts while a case is open, and let them go when it is closed.

A cheerful "how are your exercises?" must not push "call 911 now" up the screen.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM, Subject, record
from followup.doorbell import ring
from followup.enrollment.models import Enrollment
from followup.enrollment.states import EnrollmentState

HELD_BY_CASE = "an open escalation"


def hold_planned(session: Session, clinic_id: uuid.UUID, patient_id: uuid.UUID, *, now: datetime) -> int:
    """Hold every enrollment of a patient that is not held already; returns how many."""
    held = session.scalars(
        update(Enrollment)
        .where(
            Enrollment.patient_id == patient_id,
            Enrollment.state.in_((EnrollmentState.active, EnrollmentState.paused)),
            Enrollment.held_since.is_(None),
        )
        .values(held_since=now, hold_reason=HELD_BY_CASE)
        .returning(Enrollment.id)
        .execution_options(synchronize_session=False)
    ).all()
    for enrollment_id in held:
        record(
            session, clinic_id, actor=SYSTEM, action="hold planned texts", now=now, reason=HELD_BY_CASE,
            subject=Subject("enrollment", enrollment_id, patient_id),
        )  # fmt: skip
    return len(held)


def release_planned(session: Session, clinic_id: uuid.UUID, patient_id: uuid.UUID, *, now: datetime) -> int:
    """Release what an escalation held; a hold for another reason, such as a question of identity, stays."""
    released = session.scalars(
        update(Enrollment)
        .where(Enrollment.patient_id == patient_id, Enrollment.hold_reason == HELD_BY_CASE)
        .values(held_since=None, hold_reason=None)
        .returning(Enrollment.id)
        .execution_options(synchronize_session=False)
    ).all()
    for enrollment_id in released:
        record(
            session, clinic_id, actor=SYSTEM, action="release planned texts", now=now,
            reason="the escalation is closed", subject=Subject("enrollment", enrollment_id, patient_id),
        )  # fmt: skip
    if released:
        ring(session, "messages.dispatch")
    return len(released)
