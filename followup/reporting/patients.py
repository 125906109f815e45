"""Find a patient: by the beginning of a name, by phone, by mail address, or in the order of enrollment.

Names and addresses are found through blind indexes, so the database answers without knowing one. What was
typed is folded and cut into words; nothing of it is a pattern.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from followup.db.sealed import blind
from followup.enrollment.models import Enrollment
from followup.errors import InvalidInput, NotFound
from followup.kit.names import search_words
from followup.kit.phone import PhoneError, parse_phone
from followup.patients.models import ContactPoint, Patient
from followup.patients.rules import LONGEST_PREFIX, SHORTEST_PREFIX

PAGE = 50
MOST_WORDS = 6
LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class PatientLine:
    """One patient in a list, with the newest enrollment."""

    id: uuid.UUID
    name: str
    language: str
    performed_on: date | None
    state: str | None
    held: bool


@dataclass(frozen=True, slots=True)
class PatientPage:
    """A page of patients, and the id after which the next one begins."""

    lines: Sequence[PatientLine]
    next_after: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class PatientHead:
    """What stands on top of a patient's page. Addresses are opened."""

    id: uuid.UUID
    name: str
    birth_date: str | None
    language: str
    time_zone: str
    died_at: datetime | None
    contact_points: Sequence[ContactPoint]


def newest_patients(session: Session, *, before: uuid.UUID | None = None) -> PatientPage:
    """Return patients, the newest first."""
    query = select(Patient)
    if before is not None:
        query = query.where(Patient.id < before)
    return _page(session, query)


def search(session: Session, typed: str, *, before: uuid.UUID | None = None) -> PatientPage:
    """Return the patients whose name has words beginning so, or who have this number or address.

    Raises InvalidInput for a search too short to mean anybody.
    """
    wanted = typed.strip()[:LONGEST_SEARCH]
    query = select(Patient)
    addresses = _addresses(wanted)
    if addresses:
        owners = select(ContactPoint.patient_id).where(ContactPoint.address_blind.in_(addresses))
        query = query.where(Patient.id.in_(owners))
    else:
        words = [word[:LONGEST_PREFIX] for word in search_words(wanted)][:MOST_WORDS]
        words = [word for word in words if len(word) >= SHORTEST_PREFIX] or words[:1]
        if not words:
            raise InvalidInput("q", "Type the beginning of a name, a whole phone number or a mail address.")
        for word in words:
            query = query.where(Patient.name_blind.overlap(blind("name", word).every))
    if before is not None:
        query = query.where(Patient.id < before)
    return _page(session, query)


def head(session: Session, patient_id: uuid.UUID) -> PatientHead:
    """Return one patient; raises NotFound, also for another clinic's."""
    patient = session.get(Patient, patient_id)
    if patient is None:
        raise NotFound
    points = session.scalars(
        select(ContactPoint)
        .where(ContactPoint.patient_id == patient_id)
        .order_by(ContactPoint.channel, ContactPoint.id)
    ).all()
    return PatientHead(
        id=patient.id, name=patient.name, birth_date=patient.birth_date, language=patient.language,
        time_zone=patient.time_zone, died_at=patient.died_at, contact_points=points,
    )  # fmt: skip


def _addresses(typed: str) -> list[bytes]:
    """Blind indexes of what was typed if it is an address; empty if it is a name."""
    if "@" in typed:
        return [blind("email", typed.lower())]
    if sum(char.isdigit() for char in typed) >= 7:
        try:
            return [blind("phone", parse_phone(typed).e164)]
        except PhoneError as problem:
            raise InvalidInput("q", problem.message) from None
    return []


def _page(session: Session, query: Select[Patient]) -> PatientPage:
    found = session.scalars(query.order_by(Patient.id.desc()).limit(PAGE + 1)).all()
    shown = found[:PAGE]
    newest = session.scalars(
        select(Enrollment)
        .where(Enrollment.patient_id.in_([patient.id for patient in shown]))
        .ext(distinct_on(Enrollment.patient_id))
        .order_by(Enrollment.patient_id, Enrollment.performed_on.desc(), Enrollment.id.desc())
    )
    by_patient = {enrollment.patient_id: enrollment for enrollment in newest}
    lines = [_line(patient, by_patient.get(patient.id)) for patient in shown]
    return PatientPage(lines, shown[-1].id if len(found) > PAGE else None)


def _line(patient: Patient, enrollment: Enrollment | None) -> PatientLine:
    return PatientLine(
        id=patient.id, name=patient.name, language=patient.language,
        performed_on=enrollment.performed_on if enrollment else None,
        state=enrollment.state.value if enrollment else None,
        held=bool(enrollment and enrollment.held_since),
    )  # fmt: skip
