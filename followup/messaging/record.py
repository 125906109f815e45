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

from sqlalchemy import text
from sqlalchemy.orm import Session

from followup.log import logger
from followup.messaging.consequences import apply
from followup.messaging.rules import after_refusal
from followup.messaging.track import settle_all_accepted
from followup.ports import Accepted, InDoubt, Outcome, Refused

_log = logger(__name__)

_LATE = text(
    "UPDATE attempt SET provider_id = COALESCE(provider_id, :provider) WHERE id = :attempt RETURNING state"
)
_TAKEN = text(
    """
    SELECT u.attempt FROM unnest(CAST(:attempts AS uuid[]), CAST(:messages AS uuid[]), CAST(:providers AS text[]))
        AS u (attempt, message, provider)
    JOIN message m ON m.provider_id = u.provider AND m.id <> u.message
    """
)
_DOUBT = text(
    """
    UPDATE attempt SET state = 'in_doubt', error_code = u.why, lease_until = now()
    FROM unnest(CAST(:attempts AS uuid[]), CAST(:whys AS text[])) AS u (attempt, why)
    WHERE attempt.id = u.attempt AND attempt.state = 'calling'
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
    """Record a batch of answers of one clinic; ``now`` is care time.

    Acceptances and doubts, which are nearly all of them, take a few statements however many there are.
    """
    accepted: list[tuple[Answer, str]] = []
    doubts: dict[uuid.UUID, str] = {}
    for answer in sorted(answers, key=lambda each: each.message_id):
        match answer.outcome:
            case Accepted():
                accepted.append((answer, answer.outcome.provider_id))
            case InDoubt():
                doubts[answer.attempt_id] = answer.outcome.reason
            case Refused():
                _refused(session, answer, answer.outcome, now=now)
    if accepted:
        doubts |= _accepted(session, accepted, now=now)
    if doubts:
        session.execute(_DOUBT, {"attempts": list(doubts), "whys": list(doubts.values())})


def doubtful(answer: Answer) -> Answer:
    """Return the same answer as a doubt: what the carrier said can't be written down as it stands."""
    return replace(answer, outcome=InDoubt("the answer could not be recorded"))


def _accepted(
    session: Session, accepted: Sequence[tuple[Answer, str]], *, now: datetime
) -> dict[uuid.UUID, str]:
    """Settle what the carrier took; return what is in doubt after all, with the reason."""
    doubts = dict.fromkeys(_under_anothers_id(session, accepted), "the carrier gave another text's id")
    sure = {each.attempt_id: provider for each, provider in accepted if each.attempt_id not in doubts}
    settled = settle_all_accepted(session, sure, by="answer", now=now)
    for attempt_id, provider in sure.items():
        if attempt_id not in settled:
            state = session.scalar(_LATE, {"attempt": attempt_id, "provider": provider})
            _log.warning("answer came after its attempt was settled", attempt_id=str(attempt_id), state=state)
    return doubts


def _under_anothers_id(session: Session, accepted: Sequence[tuple[Answer, str]]) -> set[uuid.UUID]:
    """Two texts can't be one: an id that another text has, here or on record, is as good as none."""
    first: dict[str, uuid.UUID] = {}
    for answer, provider in accepted:
        first.setdefault(provider, answer.message_id)
    again = {each.attempt_id for each, provider in accepted if first[provider] != each.message_id}
    columns = {
        "attempts": [each.attempt_id for each, _ in accepted],
        "messages": [each.message_id for each, _ in accepted],
        "providers": [provider for _, provider in accepted],
    }
    return again | set(session.scalars(_TAKEN, columns))


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
