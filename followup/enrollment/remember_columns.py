"""What a person once said about the columns of a clinic's files, so that it is asked once and not every week.

Kept with the clinic: headers name no patient. What is said now wins over what was said before, and a remembered
column that this file does not have is no mistake.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy.orm import Session

from followup.clinics.models import Clinic

_KEPT_AS = "import_columns"
MOST_COLUMNS = 500


def remembered_columns(session: Session, clinic_id: uuid.UUID) -> dict[str, str]:
    """Return what is remembered: folded header to field."""
    kept = session.get_one(Clinic, clinic_id).settings.get(_KEPT_AS, {})
    return {str(column): str(field) for column, field in kept.items()}


def remember_columns(session: Session, clinic_id: uuid.UUID, said: Mapping[str, str]) -> None:
    """Keep what was said about this clinic's columns beside what was said before; the newest is kept longest."""
    if not said:
        return
    clinic = session.get_one(Clinic, clinic_id, with_for_update=True)
    earlier = {
        column: field for column, field in clinic.settings.get(_KEPT_AS, {}).items() if column not in said
    }
    kept = dict([*earlier.items(), *said.items()][-MOST_COLUMNS:])
    clinic.settings = {**clinic.settings, _KEPT_AS: kept}
