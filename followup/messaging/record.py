"""Write down what the carrier answered, and what follows from it.

Everything is a conditional update on the attempt: an answer that arrives after somebody else settled the attempt
(a process that slept through its lease, a callback that was quicker) changes nothing but keeps the carrier's id.
An answer is certain knowledge, so it also settles an attempt that was already given to a person.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from followup.log import logger
from followup.messaging.consequences import apply
from followup.messaging.rules import after_refusal
from followup.messaging.track import settle_accepted
from followup.ports import Accepted, InDoubt, Outcome, Refused

_log = logger(__name__)

_LATE = text(
    "UPDATE attempt SET provider_id = COALESCE(provider_id, :provider) WHERE id = :attempt RETURNING state"
)
_IS_TAKEN = text("SELECT 1 FROM message WHERE provider_id = :provider AND id <> :message")
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
    WHERE id = :attempt AND state IN ('calling', 'in_doubt') RETURNING message_id
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


def doubtful(answer: Answer) -> Answer:
    """Return the same answer as a doubt: what the carrier said can't be written down as it stands."""
    return replace(answer, outcome=InDoubt("the answer could not be recorded"))


def _accepted(session: Session, answer: Answer, outcome: Accepted, *, now: datetime) -> None:
    ids: dict[str, Any] = {"attempt": answer.attempt_id, "provider": outcome.provider_id}
    if session.scalar(_IS_TAKEN, {**ids, "message": answer.message_id}):
        # Two texts can't be one: an id that another text has is as good as none.
        session.execute(_DOUBT, {**ids, "why": "the carrier gave another text's id"})
        return
    if settle_accepted(session, answer.attempt_id, provider_id=outcome.provider_id, by="answer", now=now):
        return
    state = session.scalar(_LATE, ids)
    _log.warning("answer came after its attempt was settled", attempt_id=str(answer.attempt_id), state=state)


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
        code=outcome.code,
    )
    apply(session, answer.message_id, consequence=consequence, code=outcome.code, now=now)
