"""What may stand in a text about one patient: the closed list of placeholders, filled from rows.

Times in words are local to the reader: the patient's zone for the patient's own dates, the clinic's for its hours.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.clinics.hours import next_opening
from followup.clinics.models import Clinic
from followup.kit.names import first_name
from followup.kit.windows import to_local, zone
from followup.pathways.values import (
    clean,
    day_and_time_words,
    harvest_site_words,
    opening_words,
    phone_words,
)
from followup.pathways.vocabulary import Harvest
from followup.patients.models import Patient, Procedure


def values_for(
    session: Session, clinic_id: uuid.UUID, *, language: str, now: datetime, patient_id: uuid.UUID | None = None,
    procedure_id: uuid.UUID | None = None,
) -> dict[str, str]:  # fmt: skip
    """Return every placeholder's value; what is not known for this patient is empty."""
    clinic = session.get_one(Clinic, clinic_id)
    patient = session.get(Patient, patient_id) if patient_id else None
    procedure = _procedure(session, patient_id, procedure_id)
    local_now = to_local(now, zone(clinic.time_zone))
    facts = (procedure.facts or {}) if procedure else {}
    values = {
        "patient_first_name": first_name(patient.name) if patient else "",
        "clinic_name": clinic.short_name,
        "clinic_phone": phone_words(clinic.office_phone),
        "urgent_phone": phone_words(clinic.urgent_phone),
        "procedure_words": _procedure_words(procedure, language),
        "visit_words": _visit_words(facts.get("visit_at"), language),
        "harvest_site_words": _site(procedure, language),
        "next_open": opening_words(next_opening(clinic.open_hours, clinic.holidays, local_now), language),
    }
    return {name: clean(value) for name, value in values.items()}


def _procedure(
    session: Session, patient_id: uuid.UUID | None, procedure_id: uuid.UUID | None
) -> Procedure | None:
    if procedure_id is not None:
        return session.get(Procedure, procedure_id)
    if patient_id is None:
        return None
    newest = (
        select(Procedure).where(Procedure.patient_id == patient_id).order_by(Procedure.performed_on.desc())
    )
    return session.scalar(newest.limit(1))


def _procedure_words(procedure: Procedure | None, language: str) -> str:
    if procedure is None:
        return ""
    return day_and_time_words(datetime.combine(procedure.performed_on, procedure.performed_at), language)


def _visit_words(visit_at: object, language: str) -> str:
    if not visit_at:
        return ""
    try:
        return day_and_time_words(datetime.fromisoformat(str(visit_at)), language)
    except ValueError:
        return str(visit_at)


def _site(procedure: Procedure | None, language: str) -> str:
    return harvest_site_words(Harvest(procedure.harvest.value), language) if procedure else ""
