"""A person of the clinic writes to a patient in their own words, from the thread.

It goes out at once and at most once, like everything that is planned; consent and opt-out are read again in the
transaction that calls the carrier. Whoever wrote is on record, and the patient's next answer finds them.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.clinics.models import Clinic
from followup.clinics.states import Channel
from followup.errors import InvalidInput, NotFound
from followup.messaging.queue import Address, Draft, queue
from followup.messaging.states import Purpose
from followup.outreach.address import where_to
from followup.outreach.own_words import LookedOver, look_over
from followup.patients.models import ContactPoint, Patient

# What did not leave within the hour is for a call; by then the conversation has gone on.
VALID_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ToSend:
    """What would be sent where."""

    looked: LookedOver
    point: ContactPoint


def look(session: Session, patient_id: uuid.UUID, *, words: str, channel: str) -> ToSend:
    """Show what would be sent, with its parts and hints. Raises NotFound, InvalidInput at the field."""
    patient = session.get(Patient, patient_id)
    if patient is None:
        raise NotFound
    if patient.died_at is not None:
        raise InvalidInput("words", "This patient has died. Nothing is sent any more.")
    wanted = _channel(channel)
    reach = where_to(session, patient_id, wanted)
    if reach.point is None or reach.point.channel is not wanted:
        raise InvalidInput("channel", _no_way(wanted, opted_out=reach.opted_out))
    clinic = session.get_one(Clinic, patient.clinic_id)
    looked = look_over(
        words,
        channel=wanted,
        clinic=clinic.short_name,
        language=patient.language,
        names=tuple(patient.name.split()),
    )
    return ToSend(looked, reach.point)


def write(
    session: Session, patient_id: uuid.UUID, *, words: str, channel: str, form: uuid.UUID, now: datetime,
    actor: Actor,
) -> uuid.UUID:  # fmt: skip
    """Queue the text and return its message; a second click on the same ``form`` changes nothing.

    Raises as ``look`` does.
    """
    to_send = look(session, patient_id, words=words, channel=channel)
    patient = session.get_one(Patient, patient_id)
    clinic = session.get_one(Clinic, patient.clinic_id)
    draft = Draft(
        purpose=Purpose.staff, text_key="own-words", language=patient.language, body=to_send.looked.body,
        subject=f"{clinic.short_name}: a message for you" if channel == Channel.email else None,
        not_before=now, not_after=now + VALID_FOR, patient_id=patient_id, cause_id=form,
        written_by=actor.id if actor.kind == "staff" else None,
    )  # fmt: skip
    placed = queue(session, patient.clinic_id, draft=draft, to=Address.of(to_send.point), now=now)
    assert placed.message_id is not None, "a text with a cause of its own is queued or stands already"
    record(
        session, patient.clinic_id, actor=actor, action="write to patient", now=now,
        subject=Subject("message", placed.message_id, patient_id),
    )  # fmt: skip
    return placed.message_id


def _channel(typed: str) -> Channel:
    if typed not in (Channel.sms, Channel.email):
        raise InvalidInput("channel", "Choose text or email.")
    return Channel(typed)


def _no_way(channel: Channel, *, opted_out: bool) -> str:
    if opted_out:
        return "This patient asked for no more messages. Call instead."
    kind = "number" if channel is Channel.sms else "email address"
    return f"There is no {kind} that works and that the patient agreed to. Choose the other way, or call."
