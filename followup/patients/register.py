"""Register a patient with the addresses and consents given at enrollment, or find the one who is known already.

Two forms sent at once for the same phone wait for each other here: the second finds what the first made.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.clinics.addresses import address_blind
from followup.clinics.states import Channel
from followup.db.sealed import blind
from followup.patients.consent import record_consent
from followup.patients.models import ContactPoint, Patient
from followup.patients.rules import name_prefixes, same_person


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPatient:
    """What is known of a person at enrollment; addresses are checked and canonical."""

    name: str
    language: str
    time_zone: str
    phone: str | None = None
    email: str | None = None
    birth_date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenConsent:
    """What the patient agreed to, in which words, and who heard it."""

    sms: bool
    email: bool
    wording: str
    wording_version: str
    how: str
    obtained_by: str


def register(
    session: Session,
    clinic_id: uuid.UUID,
    new: NewPatient,
    *,
    consent: GivenConsent,
    now: datetime,
    actor: Actor,
) -> Patient:
    """Return the patient, made or found by address and name, with contact points and consents recorded."""
    patient = find_same(session, clinic_id, new)
    if patient is None:
        patient = Patient(
            clinic_id=clinic_id,
            name=new.name,
            name_blind=[blind("name", prefix) for prefix in name_prefixes(new.name)],
            birth_date=new.birth_date,
            language=new.language,
            time_zone=new.time_zone,
        )
        session.add(patient)
        session.flush()
        record(
            session, clinic_id, actor=actor, action="register patient", now=now,
            subject=Subject("patient", patient.id, patient.id),
        )  # fmt: skip
    for channel, address, agreed in (
        (Channel.sms, new.phone, consent.sms),
        (Channel.email, new.email, consent.email),
    ):
        if address is not None:
            point = _contact_point(session, patient, channel, address)
            if agreed:
                record_consent(
                    session, point, wording=consent.wording, wording_version=consent.wording_version,
                    how=consent.how, obtained_by=consent.obtained_by, now=now, actor=actor,
                )  # fmt: skip
    session.flush()
    return patient


def find_same(session: Session, clinic_id: uuid.UUID, new: NewPatient) -> Patient | None:
    """Find the patient of this clinic who has one of these addresses and the same name."""
    for channel, address in ((Channel.sms, new.phone), (Channel.email, new.email)):
        if address is None:
            continue
        wanted = address_blind(channel, address)
        session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"),
            {"key": f"{clinic_id}:{wanted.hex()}"},
        )
        for patient in session.scalars(
            select(Patient)
            .join(ContactPoint, ContactPoint.patient_id == Patient.id)
            .where(ContactPoint.address_blind == wanted)
            .order_by(Patient.recorded_at)
        ):
            if same_person(patient.name, new.name):
                return patient
    return None


def others_at(session: Session, channel: Channel, address: str, *, besides: uuid.UUID | None = None) -> int:
    """Count other patients of this clinic with this address: a shared phone is a question, not an error."""
    query = select(ContactPoint.patient_id).where(
        ContactPoint.address_blind == address_blind(channel, address)
    )
    if besides is not None:
        query = query.where(ContactPoint.patient_id != besides)
    return len(set(session.scalars(query)))


def _contact_point(session: Session, patient: Patient, channel: Channel, address: str) -> ContactPoint:
    wanted = address_blind(channel, address)
    point = session.scalar(
        select(ContactPoint).where(
            ContactPoint.patient_id == patient.id,
            ContactPoint.channel == channel,
            ContactPoint.address_blind == wanted,
        )
    )
    if point is None:
        point = ContactPoint(
            clinic_id=patient.clinic_id,
            patient_id=patient.id,
            channel=channel,
            address=address,
            address_blind=wanted,
        )
        session.add(point)
        session.flush()
    return point
