"""Find the words of a text and put a patient's values into them. Raises MissingValue rather than send a gap."""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy.orm import Session

from followup.clinics.states import Channel
from followup.enrollment.models import Enrollment
from followup.messaging.values import values_for
from followup.pathways.pathway import Pathway
from followup.pathways.render import Rendered, render
from followup.pathways.system import SystemTexts, load_system_texts
from followup.pathways.vocabulary import Channel as TextChannel

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "system"


def say_step(
    session: Session,
    enrollment: Enrollment,
    *,
    pathway: Pathway,
    text_key: str,
    channel: Channel,
    now: datetime,
) -> Rendered:
    """Return the words of one step of a pinned pathway for one patient, in the enrollment's language."""
    spoken = TextChannel(channel.value)
    values = values_for(
        session, enrollment.clinic_id, language=enrollment.language, now=now,
        patient_id=enrollment.patient_id, procedure_id=enrollment.procedure_id,
    )  # fmt: skip
    return render(pathway.text(text_key, language=enrollment.language, channel=spoken), values, spoken)


def say_system(
    session: Session, clinic_id: uuid.UUID, *, key: str, language: str, channel: Channel, now: datetime,
    patient_id: uuid.UUID | None = None, more: dict[str, str] | None = None,
) -> Rendered:  # fmt: skip
    """Return one of the house's own texts (safety, opt-out, help …); ``more`` adds values such as a case code."""
    spoken = TextChannel(channel.value)
    values = values_for(session, clinic_id, language=language, now=now, patient_id=patient_id) | (more or {})
    return house_texts().render(key, language=language, channel=spoken, values=values)


@lru_cache(maxsize=1)
def house_texts() -> SystemTexts:
    """Read the house's texts once per process; raises PathwayRefused if one is missing or wrong."""
    return load_system_texts(FOLDER)
