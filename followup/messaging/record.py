"""Write down what the carrier answered, and what follows from it.

Everything is a conditional update on the attempt: an answer that arrives after somebody else settled the attempt
(a process that slept through its lease, a callback that was quicker) changes nothing but keeps the carrier's id.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from followup.audit.record import moved
from followup.messaging.consequences import apply
from followup.messaging.rules import after_refusal
from followup.messaging.states import MessageState
from followup.ports import Accepted, InDoubt, Outcome, Refused

_ACCEPTED = text(
    """
    UPDATE attempt SET state = 'accepted', settled_at = now(), settled_by = 'answer', provider_id = :provider
    WHERE id = :attempt AND state IN ('calling', 'in_doubt') RETURNING id
    """
)
_LATE = text("UPDATE attempt SET provider_id = COALESCE(provider_id, :provider) WHERE id = :attempt")
_MESSAGE_ACCEPTED = text(
    """
    UPDATE message SET state = CASE WHEN state = 'queued' THEN 'accepted' ELSE state END,
        claimable = false, calls = calls + 1, provider_id = :provider, accepted_at = COALESCE(accepted_at, :now),
        reason = NULL
    WHERE id = :message RETURNING clinic_id
    """
)
_DOUBT = text(
    """
    UPDATE attempt SET state = 'in_doubt', error_code = :why, lease_until = now()
    WHERE id = :attempt AND state = 'calling' RETURNING id
    """
)
_REFUSED = text(
    """
    UPDATE attempt SET state = 'refused', settled_at = now(), settled_by = 'answer', refusal = :refusal,
        error_code = :code
    WHERE id = :attempt AND state = 'calling' RETURNING message_id
    """
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call came to."""

    attempt_id: uuid.UUID
    message_id: uuid.UUID
    calls: int
    not_after: datetime
    outcome: Outcome


def record(session: Session, answers: Sequence[Answer], *, now: datetime) -> None:
    """Record a batch of answers; ``now`` is care time."""
    for answer in sorted(answers, key=lambda each: each.message_id):
        match answer.outcome:
            case Accepted():
                _accepted(session, answer, answer.outcome, now=now)
            case InDoubt():
                session.execute(_DOUBT, {"attempt": answer.attempt_id, "why": answer.outcome.reason})
            case Refused():
                _refused(session, answer, answer.outcome, now=now)


def _accepted(session: Session, answer: Answer, outcome: Accepted, *, now: datetime) -> None:
    ids: dict[str, Any] = {"attempt": answer.attempt_id, "provider": outcome.provider_id}
    if session.execute(_ACCEPTED, ids).first() is None:
        session.execute(_LATE, ids)
        return
    clinic_id = session.scalar(
        _MESSAGE_ACCEPTED, {"message": answer.message_id, "provider": outcome.provider_id, "now": now}
    )
    if clinic_id is not None:
        moved(
            session, clinic_id, thing="message", thing_id=answer.message_id,
            before=MessageState.queued, after=MessageState.accepted, now=now,
        )  # fmt: skip


def _refused(session: Session, answer: Answer, outcome: Refused, *, now: datetime) -> None:
    settled = session.execute(
        _REFUSED, {"attempt": answer.attempt_id, "refusal": outcome.refusal, "code": outcome.code}
    ).first()
    if settled is None:
        return
    consequence = after_refusal(
        outcome.refusal,
        tries=answer.calls + 1,
        now=now,
        not_after=answer.not_after,
        retry_after=outcome.retry_after_seconds,
    )
    apply(session, answer.message_id, consequence=consequence, code=outcome.code, now=now)
