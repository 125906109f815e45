"""The report after an outage, for one clinic: what was late, left out or given to a person, which replies waited.

Everything is read from rows: the due times of contacts and the moves that ended them, the calls of messages, the
times at which replies came and were judged. Names are opened here, inside the clinic's own transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from followup.patients.models import Patient
from followup.reporting.outages import Outage

MOST_SHOWN = 100
LATE_AFTER = timedelta(minutes=5)
# A reply is judged within a minute where all is well.
WAITED_AFTER = timedelta(minutes=1)

# A contact that was due in the outage and left "planned" only long after: when, and to which state.
_CONTACTS = text(
    """
    SELECT t.id, t.key, t.patient_id, t.due_at AS since, m.at, m.to_state AS state, m.reason
    FROM touchpoint t
    LEFT JOIN LATERAL (
        SELECT at, to_state, reason FROM move
        WHERE thing_id = t.id AND from_state = 'planned' AND at >= t.due_at ORDER BY at LIMIT 1
    ) m ON true
    WHERE t.due_at >= :began AND t.due_at < :ended
      AND COALESCE(m.at, CASE WHEN t.state = 'planned' THEN CAST(:now AS timestamptz) END) - t.due_at > :late
    ORDER BY t.due_at, t.id
    """
)
# A text that lay in the outbox: written before or in the outage, called for the first time long after.
_TEXTS = text(
    """
    SELECT m.id, m.text_key AS key, m.patient_id, m.queued_at AS since,
        COALESCE(m.called_at, m.final_at) AS at, m.state, m.reason
    FROM message m
    WHERE m.queued_at < :ended AND COALESCE(m.called_at, m.final_at, :now) > :began
      AND COALESCE(m.called_at, m.final_at, :now) - m.queued_at > :late
      AND m.queued_at >= :earliest
    ORDER BY m.queued_at, m.id
    """
)
_REPLIES = text(
    """
    SELECT r.id, '' AS key, r.patient_id, r.received_at AS since, a.at, r.state, a.tier AS reason
    FROM reply r
    LEFT JOIN LATERAL (
        SELECT assessed_at AS at, tier FROM assessment WHERE reply_id = r.id ORDER BY assessed_at LIMIT 1
    ) a ON true
    WHERE r.received_at >= :began AND r.received_at < :ended AND COALESCE(a.at, :now) - r.received_at > :late
    ORDER BY r.received_at, r.id
    """
)


@dataclass(frozen=True, slots=True)
class Late:
    """One contact, text or reply that waited; ``at`` is None while it does, and a reply has its tier as reason."""

    id: uuid.UUID
    key: str
    patient_id: uuid.UUID | None
    patient: str | None
    since: datetime
    at: datetime | None
    state: str
    reason: str | None

    def waited(self, now: datetime) -> timedelta:
        """Return how long it waited, or has waited until now."""
        return (self.at or now) - self.since


@dataclass(frozen=True, slots=True)
class Report:
    """What one outage did to one clinic. Lists are cut at ``MOST_SHOWN``; the counts are of all."""

    outage: Outage
    contacts: Sequence[Late]
    texts: Sequence[Late]
    replies: Sequence[Late]
    contacts_by_state: Mapping[str, int]
    text_count: int
    reply_count: int
    longest_text: timedelta
    longest_reply: timedelta

    @property
    def is_empty(self) -> bool:
        """Whether nobody noticed it."""
        return not (self.contacts_by_state or self.text_count or self.reply_count)


def report(session: Session, outage: Outage, *, now: datetime) -> Report:
    """Read what an outage did to the clinic of this transaction; ``now`` is care time."""
    span = {"began": outage.began_at, "ended": outage.until(now), "now": now, "late": LATE_AFTER}
    contacts = session.execute(_CONTACTS, span).all()
    texts = session.execute(_TEXTS, span | {"earliest": outage.began_at - timedelta(days=1)}).all()
    replies = session.execute(_REPLIES, span | {"late": WAITED_AFTER}).all()
    names = _names(session, [*contacts[:MOST_SHOWN], *texts[:MOST_SHOWN], *replies[:MOST_SHOWN]])
    counted: dict[str, int] = {}
    for row in contacts:
        state = row.state or "planned"
        counted[state] = counted.get(state, 0) + 1
    return Report(
        outage=outage, contacts=_lines(contacts, names), texts=_lines(texts, names),
        replies=_lines(replies, names), contacts_by_state=counted, text_count=len(texts),
        reply_count=len(replies), longest_text=_longest(texts, now), longest_reply=_longest(replies, now),
    )  # fmt: skip


def _lines(rows: Sequence[Row[Any]], names: Mapping[uuid.UUID, str]) -> list[Late]:
    return [
        Late(
            id=row.id, key=row.key, patient_id=row.patient_id, patient=names.get(row.patient_id),
            since=row.since, at=row.at, state=row.state or "planned", reason=row.reason,
        )
        for row in rows[:MOST_SHOWN]
    ]  # fmt: skip


def _names(session: Session, rows: Sequence[Row[Any]]) -> dict[uuid.UUID, str]:
    wanted = {row.patient_id for row in rows if row.patient_id is not None}
    patients = session.scalars(select(Patient).where(Patient.id.in_(wanted))).all() if wanted else ()
    return {each.id: each.name for each in patients}


def _longest(rows: Sequence[Row[Any]], now: datetime) -> timedelta:
    return max(((row.at or now) - row.since for row in rows), default=timedelta(0))
