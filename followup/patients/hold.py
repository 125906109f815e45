"""Legal holds: while one stands, nothing of a patient, or of the whole clinic, is removed by anybody.

A hold is placed and lifted by a person with a reason; the row stays, so that it can be shown later when it stood.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.errors import Conflict, InvalidInput, NotFound
from followup.patients.models import LegalHold, Patient

LONGEST_REASON = 200


def place_hold(
    session: Session, clinic_id: uuid.UUID, patient_id: uuid.UUID | None, *, reason: str, now: datetime,
    actor: Actor,
) -> None:  # fmt: skip
    """Hold everything of a patient, or with None of the clinic. Raises NotFound, InvalidInput, Conflict."""
    words = _reason(reason)
    if patient_id is not None and session.get(Patient, patient_id) is None:
        raise NotFound("There is no such patient here.")
    if _standing(session, patient_id) is not None:
        raise Conflict("It is held already.")
    session.add(LegalHold(clinic_id=clinic_id, patient_id=patient_id, placed_at=now))
    _note(session, clinic_id, patient_id, "place legal hold", reason=words, now=now, actor=actor)


def lift_hold(
    session: Session, clinic_id: uuid.UUID, patient_id: uuid.UUID | None, *, reason: str, now: datetime,
    actor: Actor,
) -> None:  # fmt: skip
    """End a hold; the next night removes what is due. Raises NotFound, InvalidInput."""
    words = _reason(reason)
    row = _standing(session, patient_id)
    if row is None:
        raise NotFound("There is no hold on this.")
    row.lifted_at = now
    _note(session, clinic_id, patient_id, "lift legal hold", reason=words, now=now, actor=actor)


def holds(session: Session) -> Sequence[LegalHold]:
    """Return the holds that stand, oldest first."""
    return session.scalars(
        select(LegalHold).where(LegalHold.lifted_at.is_(None)).order_by(LegalHold.placed_at, LegalHold.id)
    ).all()


def held_patients() -> Select[uuid.UUID | None]:
    """Select the ids of patients who are held."""
    return select(LegalHold.patient_id).where(
        LegalHold.lifted_at.is_(None), LegalHold.patient_id.is_not(None)
    )


def is_held(session: Session, clinic_id: uuid.UUID, patient_id: uuid.UUID | None = None) -> bool:
    """Whether a hold stands on the whole clinic, or on this patient."""
    standing = select(LegalHold.id).where(LegalHold.clinic_id == clinic_id, LegalHold.lifted_at.is_(None))
    whole = LegalHold.patient_id.is_(None)
    found = standing.where(whole if patient_id is None else whole | (LegalHold.patient_id == patient_id))
    return session.scalar(found.limit(1)) is not None


def _standing(session: Session, patient_id: uuid.UUID | None) -> LegalHold | None:
    same = LegalHold.patient_id.is_(None) if patient_id is None else LegalHold.patient_id == patient_id
    return session.scalar(select(LegalHold).where(same, LegalHold.lifted_at.is_(None)).with_for_update())


def _reason(text: str) -> str:
    words = " ".join(text.split())
    if not words or len(words) > LONGEST_REASON:
        raise InvalidInput("reason", f"Say why, in up to {LONGEST_REASON} characters.")
    return words


def _note(
    session: Session, clinic_id: uuid.UUID, patient_id: uuid.UUID | None, action: str, *, reason: str,
    now: datetime, actor: Actor,
) -> None:  # fmt: skip
    subject = Subject("patient", patient_id, patient_id) if patient_id else Subject("clinic", clinic_id)
    record(session, clinic_id, actor=actor, action=action, now=now, reason=reason, subject=subject)
