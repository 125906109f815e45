"""Settle what a crash or a lost answer left open: expired claims, calls without an answer, doubts.

A planned text in doubt is never sent again by machine: it is looked for (callback, then the carrier's list), and
what is not found becomes a person's task. A safety text in doubt is sent again, at most three times. Leases and
doubts are machine time; the sweep is open-ended: "older than X and not done", oldest first.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from followup.audit.record import moved
from followup.db import sealed
from followup.messaging.models import Message
from followup.messaging.rules import DOUBT_LIMIT, SAFETY_RETRY, SAFETY_TRIES
from followup.messaging.states import MessageState, Purpose
from followup.messaging.track import settle_accepted
from followup.ports import CarrierMessage
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

_EXPIRED_CLAIMS = text(
    """
    WITH gone AS (
        UPDATE attempt SET state = 'released', settled_at = now(), settled_by = 'lease'
        WHERE state = 'claimed' AND lease_until < now() RETURNING message_id
    )
    UPDATE message SET claimable = true FROM gone WHERE message.id = gone.message_id AND state = 'queued'
    RETURNING message.id
    """
)
_EXPIRED_CALLS = text(
    "UPDATE attempt SET state = 'in_doubt', error_code = COALESCE(error_code, 'no answer recorded')"
    " WHERE state = 'calling' AND lease_until < now() RETURNING id"
)
_DOUBTS = text(
    """
    SELECT a.id AS attempt_id, a.message_id, a.calling_at, a.number, now() - a.calling_at AS age, m.purpose,
           m.channel, m.to_sealed, m.body_sealed, m.clinic_id, m.calls, m.patient_id
    FROM attempt a JOIN message m ON m.id = a.message_id
    WHERE a.state = 'in_doubt' ORDER BY a.lease_until, a.id LIMIT :many
    """
)
# Another attempt may have the id while its message shows that of a later call.
_KNOWN = text(
    "SELECT 1 FROM message WHERE provider_id = :id UNION ALL SELECT 1 FROM attempt WHERE provider_id = :id"
)
_AGAIN = text(
    "UPDATE message SET claimable = true, calls = calls + 1, not_before = :now"
    " WHERE id = :id AND state = 'queued' AND calls + 1 < :most AND not_after > :now RETURNING id"
)
_FAIL = text(
    "UPDATE message SET state = 'failed', claimable = false, final_at = :now, reason = :why"
    " WHERE id = :id AND state = 'queued' RETURNING id"
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """One call of which nobody knows whether it was made."""

    attempt_id: uuid.UUID
    message_id: uuid.UUID
    clinic_id: uuid.UUID
    purpose: Purpose
    channel: str
    to: str
    body: str
    called_at: datetime
    age: timedelta
    calls: int
    patient_id: uuid.UUID | None


def sweep_expired(session: Session) -> tuple[int, int]:
    """Release expired claims and turn unanswered calls into doubts; returns how many of each."""
    released = len(session.execute(_EXPIRED_CLAIMS).all())
    doubted = len(session.execute(_EXPIRED_CALLS).all())
    return released, doubted


def doubts(session: Session, *, many: int = 100) -> list[Doubt]:
    """List this clinic's open doubts, oldest first."""
    return [
        Doubt(
            attempt_id=row.attempt_id,
            message_id=row.message_id,
            clinic_id=row.clinic_id,
            purpose=Purpose(row.purpose),
            channel=row.channel,
            to=_opened(row.message_id, "to_sealed", row.to_sealed),
            body=_opened(row.message_id, "body_sealed", row.body_sealed),
            called_at=row.calling_at,
            age=row.age,
            calls=row.calls,
            patient_id=row.patient_id,
        )
        for row in session.execute(_DOUBTS, {"many": many})
    ]


def settle_from_list(
    session: Session, doubt: Doubt, listed: Sequence[CarrierMessage], *, now: datetime
) -> bool:
    """Settle a doubt if the carrier's list has the text: same words, made after we called, not known otherwise."""
    # The carrier's clock and ours may differ, and its list shows whole seconds.
    earliest = doubt.called_at - timedelta(seconds=60)
    for candidate in sorted(listed, key=lambda each: each.created_at):
        if candidate.body != doubt.body or candidate.created_at < earliest:
            continue
        known = session.scalar(_KNOWN, {"id": candidate.provider_id})
        if known is None:
            return settle_accepted(
                session, doubt.attempt_id, provider_id=candidate.provider_id, by="list", now=now
            )
    return False


def settle_by_rule(session: Session, doubt: Doubt, *, now: datetime) -> str | None:
    """Decide a doubt that neither a callback nor the list settled; returns what was done, None for "wait on"."""
    if doubt.purpose is not Purpose.safety:
        return None if doubt.age < DOUBT_LIMIT else _ask_a_person(session, doubt, now=now)
    if doubt.age < SAFETY_RETRY:
        return None
    return _again(session, doubt, now=now) or _ask_a_person(session, doubt, now=now)


def _again(session: Session, doubt: Doubt, *, now: datetime) -> str | None:
    """Let a safety text be called once more, if it may: a lost "call 911" is worse than two."""
    again = session.execute(_AGAIN, {"id": doubt.message_id, "now": now, "most": SAFETY_TRIES}).first()
    if again is None:
        return None
    _close(session, doubt)
    return "again"


def _ask_a_person(session: Session, doubt: Doubt, *, now: datetime) -> str:
    _close(session, doubt)
    why = "nobody knows whether it was sent; a person decides"
    failed = session.execute(_FAIL, {"id": doubt.message_id, "now": now, "why": why}).first()
    if failed is None:
        # Another call of the same text has come to an end: there is nothing left to find out.
        return "moot"
    moved(
        session, doubt.clinic_id, thing="message", thing_id=doubt.message_id, before=MessageState.queued,
        after=MessageState.failed, now=now, reason="in doubt; not sent again",
    )  # fmt: skip
    is_safety = doubt.purpose is Purpose.safety
    open_task(
        session, doubt.clinic_id, kind=TaskKind.unconfirmed_send, now=now,
        due_at=now if is_safety else now + timedelta(hours=2), subject_id=doubt.message_id,
        patient_id=doubt.patient_id, priority="high" if is_safety else "normal",
        reason="Nobody knows whether a safety text reached the patient: call now."
        if is_safety
        else "The carrier never said whether it took a text. It was not sent again: please check and call.",
    )  # fmt: skip
    return "person"


def _close(session: Session, doubt: Doubt) -> None:
    session.execute(
        text(
            "UPDATE attempt SET state = 'unconfirmed', settled_at = now(), settled_by = 'rule'"
            " WHERE id = :id AND state = 'in_doubt'"
        ),
        {"id": doubt.attempt_id},
    )


def _opened(message_id: uuid.UUID, column: str, value: bytes) -> str:
    return sealed.ring().open(bytes(value), sealed.place(Message.__tablename__, column, message_id))
