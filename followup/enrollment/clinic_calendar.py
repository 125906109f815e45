"""A clinic's rows as planning wants them: when it texts, when it works, how much a patient may get."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from followup.clinics.models import Clinic
from followup.enrollment.planning.facts import Caps, ClinicCalendar
from followup.kit.windows import Window

WEEKDAYS_IF_UNSAID = frozenset(range(5))


def calendar_of(clinic: Clinic) -> ClinicCalendar:
    """Return the calendar of a clinic."""
    caps = clinic.settings.get("caps", {})
    return ClinicCalendar(
        text_hours=Window(clinic.text_from, clinic.text_until),
        working_weekdays=frozenset(int(day) for day, hours in clinic.open_hours.items() if hours)
        or WEEKDAYS_IF_UNSAID,
        holidays=frozenset(_dates(clinic.holidays)),
        caps=Caps(
            per_day=int(caps.get("per_day", 1)),
            per_week=int(caps.get("per_week", 3)),
            first_week_days=int(caps.get("first_week_days", 7)),
        ),
    )


def _dates(written: Iterable[object]) -> Iterable[date]:
    return (date.fromisoformat(str(each)) for each in written)
