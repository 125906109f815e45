"""Choose where a planned contact goes: its own channel if that works, else the other one that was agreed to."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.clinics.states import Channel
from followup.patients.models import ContactPoint
from followup.patients.states import ContactState

_WORKS = (ContactState.stated, ContactState.confirmed)


@dataclass(frozen=True, slots=True)
class Reachable:
    """The contact point to use, and whether the patient has opted out of what there is."""

    point: ContactPoint | None
    opted_out: bool


def where_to(session: Session, patient_id: uuid.UUID, channel: Channel) -> Reachable:
    """Return the contact point for a planned text; a caregiver's comes after the patient's own."""
    points = session.scalars(
        select(ContactPoint)
        .where(ContactPoint.patient_id == patient_id)
        .order_by(ContactPoint.label.is_not(None), ContactPoint.recorded_at)
    ).all()
    usable = [
        each
        for each in points
        if each.state in _WORKS and each.consented_at is not None and each.opted_out_at is None
    ]
    best = next((each for each in usable if each.channel is channel), None) or next(iter(usable), None)
    return Reachable(best, opted_out=best is None and any(each.opted_out_at for each in points))
