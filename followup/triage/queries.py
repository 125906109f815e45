"""The review inbox, priority first, in pages that do not shift while somebody reads."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, select, tuple_
from sqlalchemy.orm import Session

from followup.patients.models import Patient
from followup.replies.models import Reply
from followup.replies.states import ReplyState
from followup.triage.models import Assessment
from followup.triage.rules import PRIORITIES, masked

PAGE = 50


@dataclass(frozen=True, slots=True)
class InboxItem:
    """One reply that waits for a person. ``patient_name`` is None for a number we do not know.

    ``body`` is as a list may show it: numbers of cards are hidden.
    """

    reply_id: uuid.UUID
    patient_id: uuid.UUID | None
    patient_name: str | None
    enrollment_id: uuid.UUID | None
    channel: str
    received_at: datetime
    body: str
    media_count: int
    is_verified: bool
    opt: str | None
    asked_by: uuid.UUID | None
    tier: str
    priority: str
    position: InboxPosition


@dataclass(frozen=True, slots=True)
class InboxPosition:
    """Where an item stands in the inbox; the last one of a page is where the next page goes on."""

    rank: int
    received_at: datetime
    reply_id: uuid.UUID


def inbox(session: Session, *, after: InboxPosition | None = None, many: int = PAGE) -> Sequence[InboxItem]:
    """Return a page of the clinic's inbox: high priority first, then the one that waits longest."""
    newest = (
        select(Assessment.tier, Assessment.priority)
        .where(Assessment.reply_id == Reply.id)
        .order_by(Assessment.assessed_at.desc(), Assessment.id.desc())
        .limit(1)
        .lateral("newest")
    )
    place = case(PRIORITIES, value=newest.c.priority, else_=PRIORITIES["normal"])
    query = (
        select(Reply, Patient, newest.c.tier, newest.c.priority, place)
        .outerjoin(Patient, Patient.id == Reply.patient_id)
        .join(newest, newest.c.tier.is_not(None))
        .where(Reply.state == ReplyState.in_review)
        .order_by(place, Reply.received_at, Reply.id)
        .limit(min(max(many, 1), 200))
    )
    if after is not None:
        query = query.where(
            tuple_(place, Reply.received_at, Reply.id) > tuple_(after.rank, after.received_at, after.reply_id)
        )
    return [_item(*row) for row in session.execute(query)]


def _item(  # noqa: PLR0917 - one row of one query
    reply: Reply, patient: Patient | None, tier: str, priority: str, place: int
) -> InboxItem:
    return InboxItem(
        reply_id=reply.id, patient_id=reply.patient_id, patient_name=patient.name if patient else None,
        enrollment_id=reply.enrollment_id, channel=reply.channel.value, received_at=reply.received_at,
        body=masked(reply.body), media_count=reply.media_count, is_verified=reply.is_verified, opt=reply.opt,
        asked_by=reply.asked_by, tier=tier, priority=priority,
        position=InboxPosition(place, reply.received_at, reply.id),
    )  # fmt: skip
