"""Ask whether two patients are one, before a file makes a second record of somebody.

A second record splits a recovery: two calendars, and a nurse who sees half of the answers. A merge by guess is
worse: it shows one patient's answers as another's. So the same name with the same birth date, or for the same
procedure day, at an address that is not known for them, goes back as a question.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from followup.clinics.addresses import address_blind
from followup.clinics.states import Channel
from followup.db.sealed import blind
from followup.enrollment.enroll import preview
from followup.enrollment.models import Enrollment
from followup.enrollment.request import CheckedRequest, EnrollmentRequest
from followup.enrollment.states import EnrollmentState
from followup.errors import InvalidInput
from followup.kit.names import search_words
from followup.pathways.library import Library
from followup.patients.models import ContactPoint, Patient
from followup.patients.rules import LONGEST_PREFIX, same_person

SAME_OR_NOT = (
    "A patient with this name and the same {what} is here with another number or address. If it is the same person,"
    " change it on their page; if it is somebody else, add a column same_person with no."
)
MOST_NAMESAKES = 50


def ask_if_same(
    session: Session, clinic_id: uuid.UUID, request: EnrollmentRequest, *, library: Library, now: datetime
) -> None:
    """Raise InvalidInput at ``patient.name`` if a namesake may be the same person; also for bad fields."""
    namesakes = _namesakes(session, request.text("patient.name"))
    if not namesakes:
        return
    checked = preview(session, clinic_id, request, library=library, now=now).checked
    at_address = _at_address(session, checked)
    if any(each.id in at_address for each in namesakes):
        return
    born = checked.birth_date.isoformat() if checked.birth_date else None
    for patient in namesakes:
        if born and patient.birth_date:
            if born == patient.birth_date:
                raise InvalidInput("patient.name", SAME_OR_NOT.format(what="birth date"))
        elif _has_procedure(session, patient, checked):
            raise InvalidInput("patient.name", SAME_OR_NOT.format(what="procedure date"))


def _namesakes(session: Session, name: str) -> list[Patient]:
    words = search_words(name)
    if not words:
        return []
    query = select(Patient)
    for word in words:
        query = query.where(Patient.name_blind.overlap(blind("name", word[:LONGEST_PREFIX]).every))
    return [each for each in session.scalars(query.limit(MOST_NAMESAKES)) if same_person(each.name, name)]


def _at_address(session: Session, checked: CheckedRequest) -> set[uuid.UUID]:
    wanted = [
        ContactPoint.address_blind == address_blind(channel, address)
        for channel, address in ((Channel.sms, checked.phone), (Channel.email, checked.email))
        if address
    ]
    return set(session.scalars(select(ContactPoint.patient_id).where(or_(*wanted))))


def _has_procedure(session: Session, patient: Patient, checked: CheckedRequest) -> bool:
    query = select(Enrollment.id).where(
        Enrollment.patient_id == patient.id,
        Enrollment.pathway == checked.pathway,
        Enrollment.performed_on == checked.performed_on,
        Enrollment.state != EnrollmentState.withdrawn,
    )
    return session.scalar(query.limit(1)) is not None
