"""The clinic as pages need it: its names, its zone, its numbers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.clinics.models import Clinic
from followup.errors import NotFound


@dataclass(frozen=True, slots=True)
class ClinicFacts:
    """What every page shows of the clinic. Numbers are E.164."""

    id: uuid.UUID
    name: str
    short_name: str
    code: str
    time_zone: str
    urgent_phone: str
    office_phone: str
    sending_paused_at: datetime | None
    sending_paused_reason: str | None


def clinic_facts(session: Session, clinic_id: uuid.UUID) -> ClinicFacts:
    """Return the clinic of this transaction. Raises NotFound."""
    row = session.execute(
        select(
            Clinic.id, Clinic.name, Clinic.short_name, Clinic.code, Clinic.time_zone, Clinic.urgent_phone,
            Clinic.office_phone, Clinic.sending_paused_at, Clinic.sending_paused_reason,
        ).where(Clinic.id == clinic_id)
    ).first()  # fmt: skip
    if row is None:
        raise NotFound
    return ClinicFacts(*row)
