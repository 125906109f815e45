"""What a patient had been asked when a reply came: the questions that reached the phone, and their words.

Only what was handed over counts: a text that still waits in the outbox was not read by anybody. A step may ask on
after a reply, so the question is that of its newest text before the reply.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from followup.enrollment.models import Enrollment, Touchpoint
from followup.enrollment.states import TouchpointState
from followup.errors import FollowupError
from followup.messaging.models import Message
from followup.messaging.states import MessageState
from followup.pathways.pathway import Pathway, Step
from followup.pathways.pin import pinned
from followup.pathways.schema import Question as OfferedAnswers
from followup.replies.models import Reply
from followup.replies.rules import BINDS_FOR, FRESH_FOR, TOGETHER, Asked

_ASKED_STATES = (TouchpointState.dispatched, TouchpointState.answered, TouchpointState.unanswered)
_MOST = 6

# From the call on: the answer may be here before the carrier's acceptance was written down, and where that was lost
# the patient's answer is the best proof that the text arrived.
_REACHED = (Message.state != MessageState.cancelled) & Message.called_at.is_not(None)
_reached_at = Message.called_at


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: the question's key and kind in the pathway, its words as sent, and the touchpoint's day.

    ``offered`` knows the answer words that the text promised to understand.
    """

    key: str
    kind: str
    words: str
    day: int
    step: Step
    offered: OfferedAnswers


def asked_before(session: Session, patient_id: uuid.UUID, at: datetime) -> Sequence[Asked]:
    """Return the patient's questions that reached the phone before ``at``, newest first."""
    reached = (
        select(Message.touchpoint_id, func.max(_reached_at).label("asked_at"))
        .where(
            Message.patient_id == patient_id, Message.touchpoint_id.is_not(None), _REACHED, _reached_at <= at
        )
        .group_by(Message.touchpoint_id)
        .subquery()
    )
    replied = (
        select(func.max(Reply.received_at))
        .where(Reply.touchpoint_id == Touchpoint.id, Reply.received_at < at)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Touchpoint.id, Touchpoint.enrollment_id, Touchpoint.state, reached.c.asked_at, replied)
        .join(reached, reached.c.touchpoint_id == Touchpoint.id)
        .where(
            Touchpoint.pending_question.is_not(None),
            Touchpoint.state.in_(_ASKED_STATES),
            reached.c.asked_at >= at - 2 * BINDS_FOR,
        )
        .order_by(reached.c.asked_at.desc(), Touchpoint.due_at.desc())
        .limit(_MOST)
    )
    return [
        Asked(
            touchpoint_id=touchpoint_id, enrollment_id=enrollment_id, asked_at=asked_at,
            last_reply_at=last_reply_at, is_open=state is TouchpointState.dispatched,
        )
        for touchpoint_id, enrollment_id, state, asked_at, last_reply_at in rows
    ]  # fmt: skip


def writer_waiting(
    session: Session, patient_id: uuid.UUID, *, at: datetime, since: datetime | None
) -> uuid.UUID | None:
    """Return who wrote to the patient last and has no answer yet, unless something was asked ``since`` then.

    What comes within minutes of the first answer belongs to it and finds the same person.
    """
    written = session.execute(
        select(Message.written_by, Message.called_at)
        .where(
            Message.patient_id == patient_id,
            Message.written_by.is_not(None),
            Message.called_at <= at,
            Message.called_at >= at - FRESH_FOR,
        )
        .order_by(Message.called_at.desc())
        .limit(1)
    ).first()
    if written is None or (since is not None and since > written.called_at):
        return None
    answered = session.scalar(
        select(Reply.id)
        .where(
            Reply.patient_id == patient_id,
            Reply.received_at > written.called_at,
            Reply.received_at < at - TOGETHER,
        )
        .limit(1)
    )
    return None if answered else written.written_by


def question_at(session: Session, touchpoint_id: uuid.UUID, at: datetime) -> Question | None:
    """Return the question of a touchpoint that was open at ``at``; None if its pathway can't be read any more."""
    touchpoint = session.get(Touchpoint, touchpoint_id)
    if touchpoint is None:
        return None
    enrollment = session.get_one(Enrollment, touchpoint.enrollment_id)
    try:
        pathway = pinned(session, enrollment.pathway_version_id)
        step = pathway.step(touchpoint.key)
    except FollowupError:
        return None
    texts = session.scalars(
        select(Message)
        .where(Message.touchpoint_id == touchpoint_id, _REACHED, _reached_at <= at)
        .order_by(_reached_at, Message.id)
    ).all()
    key, words = _newest(pathway, step, [(each.text_key, each.body) for each in texts])
    if key is None:
        return None
    asked = pathway.question(key)
    return Question(
        key=key, kind=str(asked.kind), words=words, day=touchpoint.day, step=step, offered=asked
    )  # fmt: skip


def _newest(pathway: Pathway, step: Step, texts: Sequence[tuple[str, str]]) -> tuple[str | None, str]:
    key, words = step.question_key, ""
    follow_ups = {each.ask for each in step.follow_ups}
    for text_key, body in texts:
        if text_key in follow_ups and text_key in pathway.questions:
            key = text_key
        elif text_key in (step.key, step.text_key):
            key = step.question_key
        # A reminder repeats in other words whatever was asked last.
        words = body
    return key, words


def completes_step(step: Step, answered: str, tier: str) -> bool:
    """Whether nothing of the step has to be asked any more after an answer of this tier. Pure.

    A required follow-up that may still be asked keeps the step open, and with it the rule about silence.
    """
    keys = [each.ask for each in step.follow_ups]
    later = step.follow_ups[keys.index(answered) + 1 :] if answered in keys else step.follow_ups
    for each in later:
        if tier not in {str(allowed) for allowed in each.after}:
            return True
        if each.required:
            return False
    return True
