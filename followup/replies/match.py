"""Whose number or address is this? From the sender's blind index to a patient of the clinic that was written to.

A shared phone must not put one patient's words into another's record, and a stranger must learn nothing about
anybody. Who was called decides the clinic; a number known to two clinics is two different matches.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.clinics.states import Channel
from followup.enrollment.models import Enrollment
from followup.enrollment.states import EnrollmentState
from followup.patients.models import ContactPoint, Patient
from followup.patients.states import ContactState


@dataclass(frozen=True, slots=True)
class Candidate:
    """One patient of the clinic with this address."""

    contact_point_id: uuid.UUID
    patient_id: uuid.UUID
    language: str
    is_current: bool  # on a pathway now
    is_wrong_person: bool  # somebody else was found to answer there, or the patient gave this address up
    is_opted_out: bool
    has_died: bool = False
    is_replaced: bool = False  # given up by the patient: who writes from it now has to be asked


_NOT_THEIRS = (ContactState.wrong_person, ContactState.replaced)


class Found(StrEnum):
    """What is known of the sender."""

    patient = "patient"
    shared = "shared"  # several patients have this address: a person asks who wrote
    not_the_patient = "not_the_patient"  # the address was given, but somebody else may answer there
    stranger = "stranger"


@dataclass(frozen=True, slots=True)
class Match:
    """Who wrote. ``candidates`` are all patients with the address; ``chosen`` only if one is meant for sure."""

    found: Found
    candidates: tuple[Candidate, ...] = ()
    chosen: Candidate | None = None

    @property
    def language(self) -> str:
        """The language to answer in; English where nobody is known."""
        best = self.chosen or next(iter(self.candidates), None)
        return best.language if best else "en"


def choose(candidates: Sequence[Candidate]) -> Match:
    """Decide who wrote. Pure: of several patients the one who is on a pathway now, if that is only one."""
    if not candidates:
        return Match(Found.stranger)
    usable = [each for each in candidates if not each.is_wrong_person]
    if not usable:
        return Match(Found.not_the_patient, tuple(candidates))
    pool = [each for each in usable if each.is_current and not each.has_died] or usable
    if len({each.patient_id for each in pool}) > 1:
        return Match(Found.shared, tuple(candidates))
    return Match(Found.patient, tuple(candidates), pool[0])


def find(session: Session, channel: Channel, address_blind: bytes) -> Match:
    """Find who has this address in the session's clinic."""
    current = (
        select(Enrollment.id)
        .where(
            Enrollment.patient_id == ContactPoint.patient_id,
            Enrollment.state.in_([EnrollmentState.active, EnrollmentState.paused]),
        )
        .exists()
    )
    rows = session.execute(
        select(
            ContactPoint.id, ContactPoint.patient_id, ContactPoint.state, ContactPoint.opted_out_at,
            Patient.language, Patient.died_at, current.label("is_current"),
        )
        .join(Patient, Patient.id == ContactPoint.patient_id)
        .where(ContactPoint.channel == channel, ContactPoint.address_blind == address_blind)
        .order_by(ContactPoint.recorded_at, ContactPoint.id)
    )  # fmt: skip
    return choose(
        [
            Candidate(
                contact_point_id=row.id,
                patient_id=row.patient_id,
                language=row.language,
                is_current=row.is_current,
                is_wrong_person=row.state in _NOT_THEIRS,
                is_replaced=row.state is ContactState.replaced,
                is_opted_out=row.opted_out_at is not None,
                has_died=row.died_at is not None,
            )
            for row in rows
        ]
    )
