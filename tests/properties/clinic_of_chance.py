"""The people of a clinic in the hands of chance: six who work there, three who went home from it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from followup.clinics.models import Clinic, Sender
from followup.clinics.states import Channel
from followup.db.sealed import blind
from followup.db.session import Database
from followup.kit.ids import new_id
from followup.patients.models import ContactPoint, Patient
from followup.staff.models import Staff, StaffContactPoint
from followup.staff.states import StaffRole

START = datetime(2026, 3, 3, 11, 0, tzinfo=UTC)


def open_clinic(database: Database) -> tuple[uuid.UUID, list[uuid.UUID], list[uuid.UUID]]:
    """Make the clinic; returns its id, its staff and its patients."""
    clinic_id = new_id()
    with database.transaction(clinic_id) as session:
        session.add(
            Clinic(
                id=clinic_id, slug="chance", name="Clinic of Chance", short_name="Chance", code="CH",
                time_zone="America/Denver", urgent_phone="+13035550111", office_phone="+13035550112",
            )
        )  # fmt: skip
        session.flush()
        session.add(Sender(clinic_id=clinic_id, channel=Channel.sms, address="+13035550100"))
        staff = [_staff(session, clinic_id, place) for place in range(6)]
        patients = [_patient(session, clinic_id, place) for place in range(3)]
    return clinic_id, staff, patients


def _staff(session: Session, clinic_id: uuid.UUID, place: int) -> uuid.UUID:
    roles = [StaffRole.nurse, StaffRole.nurse, StaffRole.physician, StaffRole.physician, StaffRole.manager]
    role = [*roles, StaffRole.coordinator][place]
    row = Staff(
        clinic_id=clinic_id, key=f"s{place}", name="Person " + "ABCDEF"[place], role=role,
        email=f"s{place}@clinic.example", email_blind=new_id().bytes,
    )  # fmt: skip
    session.add(row)
    session.flush()
    phone = f"+1303555013{place}"
    session.add(
        StaffContactPoint(
            clinic_id=clinic_id, staff_id=row.id, channel=Channel.sms, address=phone,
            address_blind=blind("phone", phone), verified_at=START,
        )
    )  # fmt: skip
    return row.id


def _patient(session: Session, clinic_id: uuid.UUID, place: int) -> uuid.UUID:
    row = Patient(
        clinic_id=clinic_id, name=f"Patient {place}", name_blind=[], language="en", time_zone="America/Denver"
    )
    session.add(row)
    session.flush()
    phone = f"+1303555014{place}"
    session.add(
        ContactPoint(
            clinic_id=clinic_id, patient_id=row.id, channel=Channel.sms, address=phone,
            address_blind=blind("phone", phone), consented_at=START,
        )
    )  # fmt: skip
    return row.id
