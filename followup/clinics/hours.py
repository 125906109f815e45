"""When a clinic is open: pure arithmetic on its weekly hours and holidays, in the clinic's own wall-clock time.

"We will call you today" may only be said while it is true; these functions are what makes it so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

# A clinic that is closed longer than this has a wrong file, and a person should be told a day all the same.
LONGEST_CLOSURE = 30


def spans_on(
    open_hours: Mapping[str, Any], holidays: Sequence[Any], day: date
) -> list[tuple[datetime, datetime]]:
    """Return the open spans of a local date in order; empty on a holiday. Hours are ``{"0": [["09:00", "17:00"]]}``."""
    if day.isoformat() in {str(each) for each in holidays}:
        return []
    spans = open_hours.get(str(day.weekday())) or []
    return sorted(
        (datetime.combine(day, time.fromisoformat(begin)), datetime.combine(day, time.fromisoformat(end)))
        for begin, end in spans
    )


def is_open(open_hours: Mapping[str, Any], holidays: Sequence[Any], local: datetime) -> bool:
    """Whether the clinic is open at a local wall-clock moment (the end of a span is not included)."""
    plain = local.replace(tzinfo=None)
    return any(begin <= plain < end for begin, end in spans_on(open_hours, holidays, plain.date()))


def next_opening(open_hours: Mapping[str, Any], holidays: Sequence[Any], local: datetime) -> datetime:
    """Return the local moment at which the clinic opens next; the present one while it is open.

    A clinic without hours opens at nine on the next day: a promise must name some time.
    """
    plain = local.replace(tzinfo=None)
    for begin, end in _spans_from(open_hours, holidays, plain):
        if begin <= plain < end:
            return plain
        if begin > plain:
            return begin
    return datetime.combine(plain.date() + timedelta(days=1), time(9, 0))


def add_open_time(
    open_hours: Mapping[str, Any], holidays: Sequence[Any], local: datetime, wanted: timedelta
) -> datetime:
    """Return the local moment by which the clinic has been open for ``wanted`` since ``local``."""
    plain, left = local.replace(tzinfo=None), wanted
    for begin, end in _spans_from(open_hours, holidays, plain):
        start = max(begin, plain)
        if start >= end:
            continue
        if end - start >= left:
            return start + left
        left -= end - start
    return plain + timedelta(days=1)


def _spans_from(
    open_hours: Mapping[str, Any], holidays: Sequence[Any], plain: datetime
) -> Iterator[tuple[datetime, datetime]]:
    for days in range(LONGEST_CLOSURE):
        yield from spans_on(open_hours, holidays, plain.date() + timedelta(days=days))
