"""How often a machine may answer one address: an autoresponder on the other end must not be fed all night.

Safety texts never count and are never held back here. Past the limit a person is asked to look, once.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from followup.messaging.models import Message
from followup.messaging.states import MessageState, Purpose
from followup.replies.models import Reply
from followup.replies.rules import MOST_ANSWERS
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

_DAY = timedelta(hours=24)


def may_answer(session: Session, reply: Reply, *, now: datetime) -> bool:
    """Whether one more automatic answer may follow this reply; opens a task when the limit is reached.

    A reply without a known contact point gets at most one, for its first text ever.
    """
    if reply.contact_point_id is None:
        return not _wrote_before(session, reply)
    if answers_since(session, reply.contact_point_id, now - _DAY) < MOST_ANSWERS:
        return True
    open_task(
        session, reply.clinic_id, kind=TaskKind.review_reply, now=now, due_at=now + timedelta(hours=2),
        patient_id=reply.patient_id, subject_id=reply.contact_point_id,
        reason="Many messages came from this address within a day. Automatic answers have stopped; please look.",
    )  # fmt: skip
    return False


def answers_since(session: Session, contact_point_id: uuid.UUID, since: datetime) -> int:
    """Count the automatic answers to a contact point since ``since``."""
    counted = select(func.count()).where(
        Message.contact_point_id == contact_point_id,
        Message.purpose.in_([Purpose.answer, Purpose.consent]),
        Message.state != MessageState.cancelled,
        Message.queued_at > since,
    )
    return session.scalar(counted) or 0


def _wrote_before(session: Session, reply: Reply) -> bool:
    earlier = (
        select(Reply.id)
        .where(Reply.from_blind == reply.sender_blind, Reply.id != reply.id, Reply.contact_point_id.is_(None))
        .limit(1)
    )
    return session.scalar(earlier) is not None
