"""Patients, how to reach them, what they agreed to, and what was done. Names, addresses and notes are sealed."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from followup.clinics.addresses import address_blind
from followup.clinics.states import Channel
from followup.db.base import ClinicRow, states
from followup.db.sealed import Sealed, blind, blind_column
from followup.patients.rules import name_prefixes
from followup.patients.states import ConsentDecision, ContactState, Harvest


class Patient(ClinicRow):
    """A person in our care."""

    __tablename__ = "patient"
    __table_args__ = (
        Index("ix_patient_clinic", "clinic_id", "id"),
        Index("ix_patient_name_blind", "name_blind", postgresql_using="gin"),
    )

    name_sealed: Mapped[bytes]
    # Blind indexes of every prefix of every word of the name: the search finds "ine" without knowing "Ines".
    name_blind: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary))
    birth_date_sealed: Mapped[bytes | None]
    language: Mapped[str]
    time_zone: Mapped[str]
    notes_sealed: Mapped[bytes | None]
    died_at: Mapped[datetime | None]

    name: Sealed[str] = Sealed("name_sealed")
    birth_date: Sealed[str | None] = Sealed("birth_date_sealed")
    notes: Sealed[str | None] = Sealed("notes_sealed")
    blind_columns: ClassVar = {
        "name_blind": lambda row: [blind("name", prefix) for prefix in name_prefixes(row.name)]
    }


class ContactPoint(ClinicRow):
    """A number or address of a patient (or of somebody who helps), with its own state and opt-out."""

    __tablename__ = "contact_point"
    __table_args__ = (
        UniqueConstraint("clinic_id", "patient_id", "channel", "address_blind"),
        Index("ix_contact_point_address", "clinic_id", "address_blind"),
        Index("ix_contact_point_patient", "clinic_id", "patient_id"),
    )

    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patient.id"))
    channel: Mapped[Channel] = mapped_column(states(Channel))
    label: Mapped[str | None]
    address_sealed: Mapped[bytes]
    address_blind: Mapped[bytes] = blind_column("address_blind")
    state: Mapped[ContactState] = mapped_column(states(ContactState), default=ContactState.stated)
    state_reason: Mapped[str | None]
    # Copied from the newest consent row, so that the sending transaction can read it set-based.
    consented_at: Mapped[datetime | None]
    opted_out_at: Mapped[datetime | None]
    last_heard_at: Mapped[datetime | None]

    address: Sealed[str] = Sealed("address_sealed")
    blind_columns: ClassVar = {"address_blind": lambda row: address_blind(row.channel, row.address)}


class Consent(ClinicRow):
    """One decision of a patient about one address. Append-only: the law asks for the history.

    Source: 47 CFR 64.1200(a)(10)-(12), consent and its revocation by any reasonable means.
    """

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_contact_point", "clinic_id", "contact_point_id", "at"),)

    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patient.id"))
    contact_point_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contact_point.id"))
    channel: Mapped[Channel] = mapped_column(states(Channel))
    decision: Mapped[ConsentDecision] = mapped_column(states(ConsentDecision))
    wording: Mapped[str]
    wording_version: Mapped[str]
    how: Mapped[str]  # in_person, phone, paper, portal, text, email, carrier
    obtained_by: Mapped[str]
    at: Mapped[datetime]


class Procedure(ClinicRow):
    """What was done, when; local date and time in the zone of the clinic that did it."""

    __tablename__ = "procedure"
    __table_args__ = (Index("ix_procedure_patient", "clinic_id", "patient_id"),)

    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patient.id"))
    performed_on: Mapped[date]
    performed_at: Mapped[time]
    time_zone: Mapped[str]
    harvest: Mapped[Harvest] = mapped_column(states(Harvest))
    cancelled_at: Mapped[datetime | None]
    # Level injected, harvest site, pain before, conditions, usual symptoms, medicines, who helps at home.
    facts_sealed: Mapped[bytes | None]

    facts: Sealed[dict[str, Any] | None] = Sealed("facts_sealed", as_json=True)


class LegalHold(ClinicRow):
    """While it stands nothing of a patient, or of the whole clinic, is removed: a court may ask for it."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        Index("ix_legal_hold_standing", "clinic_id", "patient_id", postgresql_where="lifted_at IS NULL"),
    )

    # None: everything of the clinic.
    patient_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("patient.id"))
    placed_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
