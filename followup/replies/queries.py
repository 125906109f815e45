"""What the clinic reads about replies, and the alarm about those that nobody has assessed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from followup.log import logger
from followup.replies.models import Reply

_log = logger(__name__)

# Past this the promise "we read it at once" is broken. Machine time.
UNASSESSED_ALARM_SECONDS = 60.0

_UNASSESSED = text(
    "SELECT count(*) AS many, COALESCE(EXTRACT(EPOCH FROM now() - min(recorded_at)), 0) AS seconds FROM reply"
    " WHERE state = 'received'"
)


def unassessed(engine: Session) -> tuple[int, float]:
    """Return how many replies wait to be assessed, and for how many seconds (machine time) the oldest does."""
    row = engine.execute(_UNASSESSED).one()
    return int(row.many), float(row.seconds)


def alarm_if_unassessed(engine: Session) -> bool:
    """Write the alarm if a reply has waited too long; the metric tells the same to a monitor."""
    many, seconds = unassessed(engine)
    if seconds <= UNASSESSED_ALARM_SECONDS:
        return False
    _log.error("replies not assessed", replies=many, oldest_seconds=int(seconds))
    return True


def thread(session: Session, patient_id: uuid.UUID, *, many: int = 200) -> Sequence[Reply]:
    """Return a patient's replies, newest first."""
    return session.scalars(
        select(Reply)
        .where(Reply.patient_id == patient_id)
        .order_by(Reply.received_at.desc(), Reply.id.desc())
        .limit(many)
    ).all()


def count_from(session: Session, from_blind: bytes) -> int:
    """Return how often somebody wrote from this address: fifty copies are shown as one with a count."""
    return session.scalar(select(func.count()).where(Reply.from_blind == from_blind)) or 0
