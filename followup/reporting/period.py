"""The days of a report: whole days in the clinic's zone, the last four weeks unless somebody asks otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from followup.errors import InvalidInput
from followup.kit.dates import DateError, parse_date
from followup.kit.windows import to_utc

USUAL = timedelta(days=27)
# A report reads the rows of its days; a year of a large clinic is a question for the export.
LONGEST = timedelta(days=184)


@dataclass(frozen=True, slots=True)
class Period:
    """Both days count. ``begins`` and ``ends`` are instants (UTC), the end not included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def begins(self) -> datetime:
        """The first instant of the first day."""
        return to_utc(self.first, time(0), self.zone).utc

    @property
    def ends(self) -> datetime:
        """The first instant after the last day."""
        return to_utc(self.last + timedelta(days=1), time(0), self.zone).utc

    @property
    def days(self) -> tuple[date, ...]:
        """Every day in order."""
        return tuple(
            self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)
        )


def period(first: str, last: str, *, now: datetime, zone: ZoneInfo) -> Period:
    """Read the two days as people type them; empty means the usual. Raises InvalidInput at the field."""
    today = now.astimezone(zone).date()
    until = _day("to", last) or today
    since = _day("from", first) or until - USUAL
    if since > until:
        raise InvalidInput("from", "The first day is after the last one.")
    if until - since > LONGEST:
        raise InvalidInput("from", f"Ask for at most {LONGEST.days} days at once.")
    return Period(since, until, zone)


def _day(field: str, typed: str) -> date | None:
    if not typed.strip():
        return None
    try:
        return parse_date(typed)
    except DateError as problem:
        raise InvalidInput(field, problem.message) from None
