"""Answer "why?" for a touchpoint: one sentence in plain words, whatever became of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.enrollment.models import Enrollment, Touchpoint
from followup.enrollment.planning.standing import StandingFacts, why
from followup.errors import NotFound
from followup.messaging.models import Message
from followup.messaging.states import Purpose


def why_touchpoint(session: Session, touchpoint_id: uuid.UUID) -> str:
    """Return why one touchpoint was sent then, or why not. Raises NotFound."""
    row = session.get(Touchpoint, touchpoint_id)
    if row is None:
        raise NotFound
    return whys(session, row.enrollment_id)[touchpoint_id]


def whys(session: Session, enrollment_id: uuid.UUID) -> Mapping[uuid.UUID, str]:
    """Return the sentence for every touchpoint of an enrollment, in two queries."""
    enrollment = session.get_one(Enrollment, enrollment_id)
    rows = session.scalars(select(Touchpoint).where(Touchpoint.enrollment_id == enrollment_id)).all()
    fates = dict(
        session.execute(
            select(Message.touchpoint_id, Message.state)
            .where(
                Message.enrollment_id == enrollment_id,
                Message.purpose.in_([Purpose.planned, Purpose.welcome]),
                Message.touchpoint_id.is_not(None),
            )
            .order_by(Message.round)
        ).all()
    )
    return {row.id: why(_facts(row, enrollment, fates.get(row.id))) for row in rows}


def _facts(row: Touchpoint, enrollment: Enrollment, message_state: str | None) -> StandingFacts:
    return StandingFacts(
        state=row.state, zone=row.time_zone, planned_why=row.why, due_at=row.due_at,
        reason=row.reason_code or row.reason, dispatched_at=row.dispatched_at, answered_at=row.answered_at,
        reminders=row.reminders, message_state=message_state, enrollment_state=enrollment.state,
        hold_reason=enrollment.hold_reason if enrollment.held_since else None,
        # Looked at when it was due, and put off since.
        waits_for=row.reason if row.look_at > row.due_at else None,
        asks=bool(row.asked),
    )  # fmt: skip
