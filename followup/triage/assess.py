"""Assess one reply: ask the engine, write down what it concluded, and move what the reply answers.

Called inside the transaction that also opens the case and queues the safety text, so that no finding is known and
not acted on. Whatever goes wrong inside the engine, the reply is unclear with high priority: a person reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from followup.audit.record import moved
from followup.enrollment.advance import advance_touchpoint
from followup.enrollment.states import TouchpointState
from followup.errors import ForbiddenState
from followup.log import logger
from followup.pathways.answers import offered_meaning
from followup.replies.models import Reply
from followup.replies.opt import read
from followup.replies.questions import completes_step
from followup.replies.rules import Timing
from followup.replies.states import ReplyState
from followup.triage.context import Surroundings, surroundings_of
from followup.triage.engine import Context, Decision, Tier, triage
from followup.triage.engine.decision import Answer
from followup.triage.models import Assessment
from followup.triage.rules import answer_of, state_after, with_media

_log = logger(__name__)

ENGINE = "engine"
Engine = Callable[[str, Context], Decision]


def assess(
    session: Session, reply: Reply, *, now: datetime, engine: Engine = triage
) -> tuple[Assessment, Decision]:
    """Assess a received reply, whose row the caller has locked; ``engine`` judges words in their context.

    Writes the assessment (append-only), the structured answers, the reply's state and the answered touchpoint.
    Raises ForbiddenState for a reply that was assessed before.
    """
    if reply.state is not ReplyState.received:
        raise ForbiddenState("This reply was assessed already.")
    around = surroundings_of(session, reply)
    judged = _decide(engine, reply, around.context)
    decision = _with_media(_as_offered(judged, reply, around), reply)
    assessment = Assessment(
        clinic_id=reply.clinic_id, reply_id=reply.id, patient_id=reply.patient_id, tier=decision.tier.value,
        priority=decision.priority, ruleset=decision.ruleset, assessed_by=ENGINE,
        decision=decision.as_dict(), assessed_at=now,
    )  # fmt: skip
    session.add(assessment)
    reply.answers = _answers(decision, around) or None
    _answered(session, reply, decision, around, now=now)
    _move(session, reply, ReplyState.assessed, now=now, reason=decision.tier.value)
    after = state_after(decision.tier.value, is_awaited=reply.asked_by is not None)
    if after is not ReplyState.assessed:
        _move(session, reply, after, now=now, reason=decision.tier.value)
    session.flush()
    return assessment, decision


def _decide(engine: Engine, reply: Reply, context: Context) -> Decision:
    try:
        return engine(reply.body, context)
    except Exception as error:  # noqa: BLE001 - a reply that breaks the engine must reach a person, not a log
        _log.error("the engine failed", reply_id=str(reply.id), error=type(error).__name__)
        return Decision(Tier.UNCLEAR, "high", message_key="unclear")


def _as_offered(decision: Decision, reply: Reply, around: Surroundings) -> Decision:
    """Keep the promise of the text: who answers with a word it offered, and nothing else, is understood."""
    question = around.question
    meaning = offered_meaning(question.offered, reply.body) if question else None
    answer = answer_of(question.kind, meaning) if question and meaning else None
    if answer is None or decision.tier is not Tier.UNCLEAR:
        return decision
    return replace(
        decision,
        tier=Tier.ROUTINE,
        priority="low",
        answers=(Answer(*answer),),
        unexplained=(),
        message_key="routine",
    )


def _with_media(decision: Decision, reply: Reply) -> Decision:
    tier, priority = with_media(decision.tier.value, decision.priority, reply.media_count)
    if tier == decision.tier.value:
        return decision
    return replace(decision, tier=Tier(tier), priority=priority, message_key="unclear")


def _answers(decision: Decision, around: Surroundings) -> list[dict[str, object]]:
    """The structured answers, with the question and its day: what the plot and later assessments read."""
    day = around.question.day if around.question else around.context.day
    key = around.question.key if around.question else None
    return [
        {"kind": each.kind, "value": each.value, "question": key, "day": day} for each in decision.answers
    ]


def _answered(
    session: Session, reply: Reply, decision: Decision, around: Surroundings, *, now: datetime
) -> None:
    """Move the touchpoint that the reply answers, unless a required question of it is still to come."""
    if reply.touchpoint_id is None or (read(reply.body).is_whole and reply.opt is not None):
        return
    question = around.question
    is_complete = question is None or completes_step(question.step, question.key, decision.tier.value)
    if not is_complete:
        return
    reason = "answered late" if around.timing is Timing.late else "the patient answered"
    advance_touchpoint(
        session, reply.touchpoint_id, to=TouchpointState.answered, now=now, reason=reason, answered_at=now,
        remind_at=None,
    )  # fmt: skip


def _move(session: Session, reply: Reply, to: ReplyState, *, now: datetime, reason: str) -> None:
    before = reply.state
    reply.state = to
    moved(
        session, reply.clinic_id, thing="reply", thing_id=reply.id, before=before, after=to, now=now,
        reason=reason,
    )  # fmt: skip
