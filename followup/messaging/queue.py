"""Put a message into the outbox. Nothing is sent here; a row with a due time is all that sending needs.

Queuing the same thing twice queues it once: a planned step by its touchpoint, an answer by the reply that caused
it. A step whose text certainly never left (cancelled, or refused, with no call in doubt) and that is due again gets
a new row of the next round. A planned text also takes its patient's slot of the local day, which is how caps hold
without counting.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from followup.audit.record import moved
from followup.clinics.models import Sender
from followup.clinics.states import Channel
from followup.db import sealed
from followup.doorbell import ring
from followup.errors import ConfigurationError
from followup.kit.gsm import count_segments, normalize_for_sms
from followup.kit.ids import new_id
from followup.messaging.models import Message
from followup.messaging.states import MessageState, Purpose
from followup.patients.models import ContactPoint

# The newest text of a step, if it is spent: nothing of it is on its way, nothing of it may have arrived.
_SPENT = text(
    """
    SELECT m.round, m.calls FROM message m
    WHERE m.touchpoint_id = :touchpoint AND m.purpose = :purpose
      AND NOT EXISTS (SELECT 1 FROM message n WHERE n.touchpoint_id = m.touchpoint_id
                      AND n.purpose = m.purpose
                      AND (n.round > m.round OR n.state IN ('accepted', 'sent', 'delivered')))
      AND (m.state = 'cancelled' OR (m.state IN ('failed', 'expired') AND m.error_code IS NOT NULL))
      AND NOT EXISTS (SELECT 1 FROM attempt a JOIN message n ON n.id = a.message_id
                      WHERE n.touchpoint_id = m.touchpoint_id AND n.purpose = m.purpose
                      AND a.state IN ('calling', 'in_doubt', 'unconfirmed'))
    """
)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be said. Times are care time, UTC; ``local_day`` and ``slot`` only for capped texts."""

    purpose: Purpose
    text_key: str
    language: str
    body: str
    not_before: datetime
    not_after: datetime
    subject: str | None = None
    patient_id: uuid.UUID | None = None
    enrollment_id: uuid.UUID | None = None
    touchpoint_id: uuid.UUID | None = None
    cause_id: uuid.UUID | None = None
    round: int = 1
    local_day: date | None = None
    slot: int | None = None
    in_reply_to: str | None = None
    written_by: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where it goes: a contact point of a patient, or (for an unknown number) the bare address."""

    channel: Channel
    address: str
    contact_point_id: uuid.UUID | None = None

    @staticmethod
    def of(point: ContactPoint) -> Address:
        """Return the address of a contact point."""
        return Address(channel=point.channel, address=point.address, contact_point_id=point.id)


class Queued(StrEnum):
    """What became of a draft."""

    queued = "queued"
    repeated = "repeated"  # the same step or cause has its message already
    slot_taken = "slot_taken"  # another text has this patient's slot of the day


@dataclass(frozen=True, slots=True)
class Placed:
    """The result of queuing: what became of the draft, and the message that now stands for it."""

    result: Queued
    message_id: uuid.UUID | None


def queue(
    session: Session, clinic_id: uuid.UUID, *, draft: Draft, to: Address, now: datetime,
    sender_id: uuid.UUID | None = None,
) -> Placed:  # fmt: skip
    """Queue one message and ring; ``sender_id`` answers from the number that was written to.

    Raises ConfigurationError if the clinic has no sender for the channel.
    """
    sender_id = sender_id or sender_for(session, to.channel)
    message_id = new_id()
    body = normalize_for_sms(draft.body) if to.channel is Channel.sms else draft.body
    values = _values(draft, to, body) | {
        "id": message_id,
        "clinic_id": clinic_id,
        "sender_id": sender_id,
        "to_sealed": _seal(message_id, "to_sealed", to.address),
        "body_sealed": _seal(message_id, "body_sealed", body),
        "subject_sealed": _seal(message_id, "subject_sealed", draft.subject) if draft.subject else None,
        "queued_at": now,
    }
    placed = session.scalar(insert(Message).values(values).on_conflict_do_nothing().returning(Message.id))
    if placed is None:
        return _in_the_way(session, clinic_id, draft, to, now=now, sender_id=sender_id)
    moved(
        session, clinic_id, thing="message", thing_id=message_id, before=None, after=MessageState.queued,
        now=now, reason=draft.text_key,
    )  # fmt: skip
    ring(session, "care.deliver_urgent" if draft.purpose.is_urgent else "messages.deliver")
    return Placed(Queued.queued, message_id)


def sender_for(session: Session, channel: Channel) -> uuid.UUID:
    """Return the clinic's sender for a channel; raises ConfigurationError if it has none."""
    found = session.scalar(
        select(Sender.id).where(Sender.channel == channel).order_by(Sender.recorded_at, Sender.id).limit(1)
    )
    if found is None:
        raise ConfigurationError(f"this clinic has no sender for {channel}; add one in the clinic file")
    return found


def _values(draft: Draft, to: Address, body: str) -> dict[str, object]:
    return {
        "patient_id": draft.patient_id,
        "enrollment_id": draft.enrollment_id,
        "touchpoint_id": draft.touchpoint_id,
        "contact_point_id": to.contact_point_id,
        "channel": to.channel,
        "purpose": draft.purpose,
        "is_urgent": draft.purpose.is_urgent,
        "text_key": draft.text_key,
        "cause_id": draft.cause_id,
        "round": draft.round,
        "language": draft.language,
        "segments": count_segments(body).segments if to.channel is Channel.sms else 1,
        "not_before": draft.not_before,
        "not_after": draft.not_after,
        "local_day": draft.local_day,
        "slot": draft.slot,
        "in_reply_to": draft.in_reply_to,
        "written_by": draft.written_by,
    }


def _seal(message_id: uuid.UUID, column: str, text: str) -> bytes:
    return sealed.ring().seal(text, sealed.place(Message.__tablename__, column, message_id))


def _in_the_way(
    session: Session, clinic_id: uuid.UUID, draft: Draft, to: Address, *, now: datetime, sender_id: uuid.UUID
) -> Placed:  # fmt: skip
    """Say what stands where the draft would go; a spent text of the same step makes room for the next round."""
    spent = session.execute(_SPENT, _step(draft)).one_or_none() if draft.touchpoint_id else None
    if spent is None:
        standing = _standing(session, draft)
        return Placed(Queued.repeated if standing else Queued.slot_taken, standing)
    if spent.round < draft.round:
        return Placed(Queued.slot_taken, None)
    again = queue(
        session, clinic_id, draft=replace(draft, round=spent.round + 1), to=to, now=now, sender_id=sender_id
    )
    if again.result is Queued.queued:
        session.execute(update(Message).where(Message.id == again.message_id).values(calls=spent.calls))
    return again


def _step(draft: Draft) -> dict[str, object]:
    return {"touchpoint": draft.touchpoint_id, "purpose": draft.purpose}


def _standing(session: Session, draft: Draft) -> uuid.UUID | None:
    """Return the message that already stands for this step or cause."""
    query = select(Message.id).where(Message.purpose == draft.purpose)
    if draft.touchpoint_id is not None:
        query = query.where(Message.touchpoint_id == draft.touchpoint_id).order_by(Message.round.desc())
    elif draft.cause_id is not None:
        query = query.where(
            Message.cause_id == draft.cause_id, Message.text_key == draft.text_key,
            Message.round == draft.round,
        )  # fmt: skip
    else:
        return None
    return session.scalar(query.limit(1))
