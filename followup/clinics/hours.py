"""When a clinic is open. Pure: local wall time in, local wall time out; instants only where a zone is given.

"Today" and "when we open" are promises to a patient, and a due time inside open hours is one to a work list: both
are computed here and nowhere else. A clinic that told no hours is taken to be open on weekdays from 9 to 17.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from followup.kit.windows import to_local, to_utc

OpenHours = Mapping[str, Any]
"""Weekday (``"0"`` = Monday) to a list of ``[from, until]`` local times, as the clinic's row holds them."""

_WEEKDAYS = {str(day): [["09:00", "17:00"]] for day in range(5)}
# A clinic that is closed for longer than this has left its hours empty by mistake.
_LONGEST_LOOK = 60


def spans(open_hours: OpenHours, holidays: Iterable[object], day: date) -> list[tuple[datetime, datetime]]:
    """Return the open spans of one local day, in order, as naive wall times; none on a holiday."""
    if day.isoformat() in {str(each) for each in holidays}:
        return []
    hours = open_hours if any(open_hours.values()) else _WEEKDAYS
    found = [(_at(day, begin), _at(day, end)) for begin, end in hours.get(str(day.weekday()), [])]
    return sorted(span for span in found if span[0] < span[1])


def is_open(open_hours: OpenHours, holidays: Iterable[object], local_now: datetime) -> bool:
    """Whether the clinic is open at a naive local time; the closing minute is outside."""
    return closing(open_hours, holidays, local_now) is not None


def closing(open_hours: OpenHours, holidays: Iterable[object], local_now: datetime) -> datetime | None:
    """Return when the clinic closes, if it is open at this naive local time."""
    for begin, end in spans(open_hours, holidays, local_now.date()):
        if begin <= local_now < end:
            return end
    return None


def next_opening(open_hours: OpenHours, holidays: Iterable[object], local_now: datetime) -> datetime:
    """Return the next time after ``local_now`` at which the clinic opens (naive local time).

    Hours that hold no opening within 60 days are not believed: tomorrow at 9:00 is better than no time at all.
    """
    for begin, _ in _ahead(open_hours, list(holidays), local_now.date()):
        if begin > local_now:
            return begin
    return datetime.combine(local_now.date() + timedelta(days=1), time(9, 0))


def after_open_minutes(
    open_hours: OpenHours, holidays: Iterable[object], local_now: datetime, minutes: int
) -> datetime:
    """Return the naive local time at which the clinic will have been open for ``minutes`` more."""
    left = timedelta(minutes=minutes)
    for begin, end in _ahead(open_hours, list(holidays), local_now.date()):
        if end <= local_now:
            continue
        start = max(begin, local_now)
        if end - start >= left:
            return start + left
        left -= end - start
    return local_now + left


def due_after_open_minutes(
    open_hours: OpenHours, holidays: Iterable[object], where: ZoneInfo, *, now: datetime, minutes: int
) -> datetime:
    """Return the instant (UTC) at which the clinic will have been open for ``minutes`` more."""
    local = after_open_minutes(open_hours, holidays, to_local(now, where), minutes)
    # Never before now: in the hour that clocks repeat, a wall time names its first occurrence.
    return max(to_utc(local.date(), local.time(), where).utc, now)


def _ahead(open_hours: OpenHours, holidays: list[object], first: date) -> Iterator[tuple[datetime, datetime]]:
    for offset in range(_LONGEST_LOOK):
        yield from spans(open_hours, holidays, first + timedelta(days=offset))


def _at(day: date, written: object) -> datetime:
    text = str(written)
    if text.startswith("24:"):
        return datetime.combine(day + timedelta(days=1), time(0, 0))
    return datetime.combine(day, time.fromisoformat(text))
