"""Let the carrier forget the words of texts that both sides agree about, some weeks after they went through.

The carrier keeps every text for ever unless it is told otherwise. Its copy is worth something for a while: after a
restore the carrier's list says what the lost hours sent, and it is compared by words. So words are emptied only
when they are older than any backup somebody would still restore. A legal hold keeps the carrier's copy, too.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM, Subject, record
from followup.clinics.models import Clinic
from followup.clinics.states import Channel
from followup.db.session import Database
from followup.intake.models import ProviderEvent
from followup.messaging.models import Message
from followup.messaging.states import MessageState
from followup.patients.hold import held_patients, is_held
from followup.replies.models import Reply
from followup.replies.states import ReplyState

# Returns those whose words the carrier does not have any more.
Empty = Callable[[Sequence[str]], Collection[str]]

USUAL_DAYS = 14
BATCH = 100
_GONE_THROUGH = (
    MessageState.sent, MessageState.delivered, MessageState.undelivered, MessageState.failed, MessageState.expired,
)  # fmt: skip


def empty_carrier_copies(database: Database, empty: Empty, *, now: datetime) -> int:
    """Empty some texts of every clinic at the carrier; returns how many. What fails is tried again next time."""
    with database.engine() as looking:
        clinics = list(looking.scalars(select(Clinic.id).order_by(Clinic.id)))
    return sum(_empty_clinic(database, clinic_id, empty, now=now) for clinic_id in clinics)


def _empty_clinic(database: Database, clinic_id: uuid.UUID, empty: Empty, *, now: datetime) -> int:
    with database.transaction(clinic_id) as session:
        due = _due(session, clinic_id, now=now)
    if not due:
        return 0
    emptied = set(empty([provider_id for _, _, provider_id in due]))
    with database.transaction(clinic_id) as session:
        for row, row_id, provider_id in due:
            if provider_id in emptied:
                session.execute(update(row).where(row.id == row_id).values(carrier_emptied_at=func.now()))
        if emptied:
            record(
                session, clinic_id, actor=SYSTEM, action="empty texts at the carrier", now=now,
                subject=Subject("clinic", clinic_id), details={"texts": len(emptied)},
            )  # fmt: skip
    return len(emptied)


def _due(session: Session, clinic_id: uuid.UUID, *, now: datetime) -> list[tuple[Any, uuid.UUID, str]]:
    if is_held(session, clinic_id):
        return []
    days = (session.get_one(Clinic, clinic_id).settings.get("retention") or {}).get("carrier", USUAL_DAYS)
    before = now - timedelta(days=days)
    held = held_patients()
    sent = session.execute(
        select(Message.id, Message.provider_id)
        .where(
            Message.channel == Channel.sms, Message.provider_id.is_not(None), Message.carrier_emptied_at.is_(None),
            Message.state.in_(_GONE_THROUGH), Message.queued_at < before,
            Message.patient_id.is_(None) | Message.patient_id.not_in(held),
        )
        .order_by(Message.queued_at, Message.id)
        .limit(BATCH)
    ).all()  # fmt: skip
    received = session.execute(
        select(Reply.id, ProviderEvent.provider_key)
        .join(ProviderEvent, ProviderEvent.id == Reply.provider_event_id)
        .where(
            Reply.channel == Channel.sms, Reply.state != ReplyState.received, Reply.carrier_emptied_at.is_(None),
            Reply.received_at < before, Reply.patient_id.is_(None) | Reply.patient_id.not_in(held),
        )
        .order_by(Reply.received_at, Reply.id)
        .limit(BATCH)
    ).all()  # fmt: skip
    return [(Message, row[0], str(row[1])) for row in sent] + [(Reply, row[0], row[1]) for row in received]
