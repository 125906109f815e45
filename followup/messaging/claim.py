"""Claim queued messages for one pump: the lease of a sender, and the claim of its rows.

Nothing is sent without a claim, and every claim has a lease (machine time): what a pump that died had claimed is
somebody else's a minute later. A claim is not yet a call; that is ``messaging/calling``.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from followup.kit.ids import new_id
from followup.kit.tokens import random_token

CLAIM_LEASE_SECONDS = 60

# Two leases a sender: routine texts and safety texts have a pump each.
_LEASE = {
    False: text(
        "UPDATE sender SET lease_owner = :pump, lease_until = now() + make_interval(secs => :secs)"
        " WHERE id = :sender AND (lease_owner = :pump OR lease_until IS NULL OR lease_until < now())"
    ),
    True: text(
        "UPDATE sender SET urgent_lease_owner = :pump, urgent_lease_until = now() + make_interval(secs => :secs)"
        " WHERE id = :sender"
        " AND (urgent_lease_owner = :pump OR urgent_lease_until IS NULL OR urgent_lease_until < now())"
    ),
}
_UNLEASE = {
    False: text(
        "UPDATE sender SET lease_until = NULL, paced_until = now() + make_interval(secs => :owed)"
        " WHERE id = :sender AND lease_owner = :pump"
    ),
    True: text(
        "UPDATE sender SET urgent_lease_until = NULL WHERE id = :sender AND urgent_lease_owner = :pump"
    ),
}
_CLAIM = text(
    """
    WITH due AS (
        SELECT id FROM message
        WHERE sender_id = :sender AND is_urgent = :urgent AND state = 'queued' AND claimable
          AND not_before <= :now
        ORDER BY not_before, id LIMIT :many FOR UPDATE SKIP LOCKED
    )
    UPDATE message SET claimable = false, attempts = attempts + 1 FROM due WHERE message.id = due.id
    RETURNING message.id, message.clinic_id, message.attempts, message.segments
    """
)


_ATTEMPTS = text(
    """
    INSERT INTO attempt (id, clinic_id, message_id, number, token, state, claimed_by, claimed_at, lease_until)
    SELECT id, :clinic, message_id, number, token, 'claimed', :pump, now(), now() + make_interval(secs => :lease)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:messages AS uuid[]), CAST(:numbers AS int[]), CAST(:tokens AS text[]))
        AS u (id, message_id, number, token)
    """
)


@dataclass(frozen=True, slots=True)
class Claim:
    """One claimed message: its attempt, and what it costs the sender's budget."""

    attempt_id: uuid.UUID
    message_id: uuid.UUID
    segments: int


def lease_sender(
    session: Session, sender_id: uuid.UUID, *, pump: uuid.UUID, urgent: bool, seconds: int
) -> bool:
    """Take or renew the lease of a sender: one pump per sender and kind, so one throttle holds its rate."""
    taken = session.execute(_LEASE[urgent], {"pump": pump, "sender": sender_id, "secs": seconds})
    return taken.rowcount == 1  # type: ignore[attr-defined, no-any-return]


def seconds_owed(session: Session, sender_id: uuid.UUID) -> float:
    """Return how long (machine time) until the sender's budget is whole again; 0 if nobody has used it."""
    owed = text(
        "SELECT greatest(extract(epoch FROM paced_until - now()), 0)::float8 FROM sender WHERE id = :sender"
    )
    return session.scalar(owed, {"sender": sender_id}) or 0.0


def give_back_sender(
    session: Session, sender_id: uuid.UUID, *, pump: uuid.UUID, urgent: bool, owed: float
) -> None:
    """End the lease, so that another pump may go on at once, with what this one leaves of the budget."""
    session.execute(_UNLEASE[urgent], {"pump": pump, "sender": sender_id, "owed": owed})


def claim(
    session: Session, sender_id: uuid.UUID, *, pump: uuid.UUID, urgent: bool, many: int, now: datetime
) -> list[Claim]:
    """Claim up to ``many`` due messages of a sender, oldest first, each with a fresh attempt."""
    rows = session.execute(_CLAIM, {"sender": sender_id, "urgent": urgent, "many": many, "now": now}).all()
    if not rows:
        return []
    claims = [Claim(new_id(), row.id, row.segments) for row in rows]
    session.execute(
        _ATTEMPTS,
        {
            "ids": [each.attempt_id for each in claims], "messages": [row.id for row in rows],
            "numbers": [row.attempts for row in rows], "tokens": [random_token() for _ in rows],
            "clinic": rows[0].clinic_id, "pump": pump, "lease": CLAIM_LEASE_SECONDS,
        },
    )  # fmt: skip
    return claims


def release(session: Session, attempts: Sequence[uuid.UUID], *, pump: uuid.UUID) -> None:
    """Give claimed messages back uncalled: a pump that stops leaves nothing behind its lease."""
    session.execute(
        text(
            """
            WITH mine AS (
                UPDATE attempt SET state = 'released', settled_at = now()
                WHERE id = ANY(:ids) AND state = 'claimed' AND claimed_by = :pump RETURNING message_id
            )
            UPDATE message SET claimable = true FROM mine
            WHERE message.id = mine.message_id AND state = 'queued'
            """
        ),
        {"ids": list(attempts), "pump": pump},
    )
