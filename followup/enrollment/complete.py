"""Complete enrollments whose last contact is past: nothing is planned and nothing waits for an answer any more.

Completing ends the plan, not the care: what the patient writes later is triaged like anything else. An enrollment
that an open case or a question of identity holds is left alone until that is closed.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM, moved
from followup.db.session import Database
from followup.enrollment.states import EnrollmentState

# The last question may be answered late, and its silence may still become a call.
AFTER_LAST_CONTACT = timedelta(days=2)

_CLINICS = text(
    "SELECT DISTINCT clinic_id FROM enrollment WHERE state = 'active' AND held_since IS NULL ORDER BY clinic_id"
)
_COMPLETE = text(
    """
    UPDATE enrollment e
    SET state = 'completed', ended_at = :now, version = version + 1
    WHERE e.state = 'active' AND e.held_since IS NULL
      AND EXISTS (SELECT 1 FROM touchpoint t WHERE t.enrollment_id = e.id)
      AND NOT EXISTS (
        SELECT 1 FROM touchpoint t WHERE t.enrollment_id = e.id
          AND (t.state = 'planned' OR t.due_at > :settled OR (t.state = 'dispatched' AND t.remind_at IS NOT NULL)))
    RETURNING e.id
    """
)


def complete_due(database: Database, *, now: datetime) -> int:
    """Complete what has ended, clinic by clinic; returns how many. ``now`` is care time."""
    with database.engine() as session:
        clinics = list(session.scalars(_CLINICS))
    done = 0
    for clinic_id in clinics:
        with database.transaction(clinic_id) as session:
            done += complete(session, clinic_id, now=now)
    return done


def complete(session: Session, clinic_id: uuid.UUID, *, now: datetime) -> int:
    """Complete the enrollments of one clinic that have nothing left to happen; returns how many."""
    ended = session.scalars(_COMPLETE, {"now": now, "settled": now - AFTER_LAST_CONTACT}).all()
    for enrollment_id in ended:
        moved(
            session, clinic_id, thing="enrollment", thing_id=enrollment_id, before=EnrollmentState.active,
            after=EnrollmentState.completed, now=now, reason="the last contact is past", actor=SYSTEM,
        )  # fmt: skip
    return len(ended)
