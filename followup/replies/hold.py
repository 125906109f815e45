"""Hold a patient's planned texts while it is not known who writes or whether texts are wanted; release them after.

Answers and safety texts go on. A hold of another reason (an open case) is never replaced or released here.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM, Actor, moved
from followup.enrollment.models import Enrollment
from followup.enrollment.states import EnrollmentState

IDENTITY = "a person finds out who writes from this number"
WISH = "a person asks whether texts are still wanted"


def hold(session: Session, patient_ids: Iterable[uuid.UUID], *, reason: str, now: datetime) -> None:
    """Hold the planned texts of these patients, where nothing else holds them already."""
    held = session.execute(
        update(Enrollment)
        .where(
            Enrollment.patient_id.in_(sorted(set(patient_ids))),
            Enrollment.state.in_([EnrollmentState.active, EnrollmentState.paused]),
            Enrollment.held_since.is_(None),
        )
        .values(held_since=now, hold_reason=reason)
        .returning(Enrollment.id, Enrollment.clinic_id)
    )
    for enrollment_id, clinic_id in held.all():
        moved(
            session, clinic_id, thing="enrollment", thing_id=enrollment_id, before=None, after="held",
            now=now, reason=reason,
        )  # fmt: skip


def release(
    session: Session, patient_ids: Iterable[uuid.UUID], *, reasons: Iterable[str], now: datetime,
    actor: Actor = SYSTEM,
) -> None:  # fmt: skip
    """Release the holds of these patients that were made for one of ``reasons``."""
    released = session.execute(
        update(Enrollment)
        .where(Enrollment.patient_id.in_(sorted(set(patient_ids))), Enrollment.hold_reason.in_(list(reasons)))
        .values(held_since=None, hold_reason=None)
        .returning(Enrollment.id, Enrollment.clinic_id)
    )
    for enrollment_id, clinic_id in released.all():
        moved(
            session, clinic_id, thing="enrollment", thing_id=enrollment_id, before="held", after="released",
            now=now, reason="a person has found out", actor=actor,
        )  # fmt: skip
