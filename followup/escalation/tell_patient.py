"""Write to a patient at once, from the house's own texts: safety texts, true times, thanks.

Nothing goes to an address that opted out, is bad or belongs to somebody else; the caller learns why, so that the
case can say "cannot be texted: call now". Repeating the cause queues nothing twice.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.messaging.queue import Address, Draft, queue
from followup.messaging.say import say_system
from followup.messaging.states import Purpose
from followup.patients.models import ContactPoint, Patient
from followup.patients.states import ContactState

# After this long a text about "now" would only confuse.
_VALID = {Purpose.safety: timedelta(hours=1), Purpose.consent: timedelta(hours=1)}
_VALID_OTHERWISE = timedelta(hours=6)
_BROKEN = (ContactState.bad, ContactState.wrong_person, ContactState.replaced)


class Told(StrEnum):
    """Whether the patient gets the text."""

    queued = "queued"
    opted_out = "opted_out"
    no_address = "no_address"
    died = "died"


@dataclass(frozen=True, slots=True)
class Hearer:
    """Whom to write to, and where: the address a reply came from, else the patient's best one.

    ``sender_id`` answers from the number that was written to.
    """

    clinic_id: uuid.UUID
    patient_id: uuid.UUID | None = None
    enrollment_id: uuid.UUID | None = None
    contact_point_id: uuid.UUID | None = None
    sender_id: uuid.UUID | None = None
    # For somebody we do not know: the bare address, and no value about any patient.
    stranger: Address | None = None


@dataclass(frozen=True, slots=True)
class Telling:
    """Which text, why, and what caused it; the same text for the same cause goes out once a round."""

    key: str
    purpose: Purpose
    cause_id: uuid.UUID
    round: int = 1
    in_reply_to: str | None = None


def tell_patient(session: Session, hearer: Hearer, telling: Telling, *, now: datetime) -> Told:
    """Queue one of the house's texts for a patient, or say why it can't be sent."""
    to, language, refused = _address(session, hearer, telling.purpose)
    if to is None:
        return refused
    said = say_system(
        session, hearer.clinic_id, key=telling.key, language=language, channel=to.channel, now=now,
        patient_id=hearer.patient_id,
    )  # fmt: skip
    draft = Draft(
        purpose=telling.purpose, text_key=telling.key, language=language, body=said.body, subject=said.subject,
        not_before=now, not_after=now + _VALID.get(telling.purpose, _VALID_OTHERWISE),
        patient_id=hearer.patient_id, enrollment_id=hearer.enrollment_id, cause_id=telling.cause_id,
        round=telling.round, in_reply_to=telling.in_reply_to,
    )  # fmt: skip
    queue(session, hearer.clinic_id, draft=draft, to=to, now=now, sender_id=hearer.sender_id)
    return Told.queued


def _address(session: Session, hearer: Hearer, purpose: Purpose) -> tuple[Address | None, str, Told]:
    if hearer.patient_id is None:
        return hearer.stranger, "en", Told.no_address
    patient = session.get_one(Patient, hearer.patient_id)
    if patient.died_at is not None:
        return None, patient.language, Told.died
    points = _points(session, hearer, purpose)
    usable = [each for each in points if each.state not in _BROKEN]
    allowed = [each for each in usable if each.opted_out_at is None or purpose is Purpose.consent]
    if allowed:
        return Address.of(allowed[0]), patient.language, Told.queued
    return None, patient.language, Told.opted_out if usable else Told.no_address


def _points(session: Session, hearer: Hearer, purpose: Purpose) -> list[ContactPoint]:
    """Return the patient's addresses: the one that was used first, then the patient's own, then a caregiver's."""
    points = list(
        session.scalars(
            select(ContactPoint)
            .where(ContactPoint.patient_id == hearer.patient_id)
            .order_by(ContactPoint.label.is_not(None), ContactPoint.recorded_at, ContactPoint.id)
        )
    )
    if hearer.contact_point_id is None:
        return points
    used = [each for each in points if each.id == hearer.contact_point_id]
    # An answer goes where the patient wrote from: another address may be read by somebody else. A safety text
    # that cannot go there goes to another address of the patient's own.
    others = [each for each in points if each.id != hearer.contact_point_id and each.label is None]
    return used + others if purpose is Purpose.safety else used
