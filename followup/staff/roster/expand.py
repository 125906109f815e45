"""Lay the rules and rotations of one plan out as spans of time. Pure; overrides come later.

Asking for a stretch of time gives every span that touches it, whole, so that the answer at an instant does not
depend on how much was asked for.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from followup.kit.windows import to_local
from followup.staff.roster.schedule import HolidayRule, Hours, Plan, Rotation, Unit
from followup.staff.roster.wall import first, last

_DAY = timedelta(days=1)
# No zone ever jumped by more than a day.
_MARGIN = timedelta(days=2)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_STEPS = {Unit.hourly: timedelta(hours=1), Unit.daily: _DAY, Unit.weekly: 7 * _DAY}


@dataclass(frozen=True, slots=True)
class Span:
    """One person on call in ``[starts_at, ends_at)``, and why; instants."""

    staff: uuid.UUID
    starts_at: datetime
    ends_at: datetime
    source: str

    def holds(self, instant: datetime) -> bool:
        """Whether the instant lies inside."""
        return self.starts_at <= instant < self.ends_at


def spans(plan: Plan, begin: datetime, end: datetime) -> list[Span]:
    """Return every span of the plan's rules and rotations that touches ``[begin, end)``, in order of time."""
    found: set[Span] = set()
    for rule in plan.rules:
        label = hours_words(rule.hours)
        found |= {Span(rule.staff, *each, label) for each in _hours(plan, rule.hours, begin, end)}
    for rotation in plan.rotations:
        found |= set((_within if rotation.only else _turns)(plan, rotation, begin, end))
    touching = (each for each in found if each.starts_at < end and each.ends_at > begin)
    return sorted(touching, key=lambda each: (each.starts_at, each.ends_at, each.staff))


def hours_words(hours: Hours) -> str:
    """Say weekly hours as people do: "Mon Tue 07:00-19:00"."""
    days = "every day" if len(hours.weekdays) == 7 else " ".join(_DAYS[day] for day in sorted(hours.weekdays))
    if hours.holidays is HolidayRule.only:
        days = "holidays"
    if hours.begins == hours.ends == time(0, 0):
        return days
    return f"{days} {hours.begins:%H:%M}-{hours.ends:%H:%M}"


def _hours(plan: Plan, hours: Hours, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    day = to_local(begin - _MARGIN, plan.zone).date()
    until = to_local(end + _DAY, plan.zone).date()
    while day <= until:
        if _counts(plan, hours, day):
            closes = day if hours.ends > hours.begins else day + _DAY
            span = (
                first(datetime.combine(day, hours.begins), plan.zone),
                last(datetime.combine(closes, hours.ends), plan.zone),
            )
            if span[0] < span[1]:
                yield span
        day += _DAY


def _counts(plan: Plan, hours: Hours, day: date) -> bool:
    is_holiday = day in plan.holidays
    if hours.holidays is HolidayRule.only:
        return is_holiday
    return day.weekday() in hours.weekdays and not (is_holiday and hours.holidays is HolidayRule.never)


def _turns(plan: Plan, rotation: Rotation, begin: datetime, end: datetime) -> Iterator[Span]:
    """Each turn begins once, at the first occurrence of its wall time, and ends where the next begins."""
    number = max(0, _turn_before(rotation, to_local(begin - _MARGIN, plan.zone)))
    starts_at = first(_wall_of(rotation, number), plan.zone)
    while starts_at < end:
        ends_at = first(_wall_of(rotation, number + 1), plan.zone)
        staff = _whose(rotation, number)
        if staff is not None and starts_at < ends_at:
            yield Span(staff, starts_at, ends_at, f"rotation {rotation.name}")
        number, starts_at = number + 1, ends_at


def _within(plan: Plan, rotation: Rotation, begin: datetime, end: datetime) -> Iterator[Span]:
    counted = [
        (each, hours_words(hours))
        for hours in rotation.only
        for each in _hours(plan, hours, begin - _MARGIN, end + _MARGIN)
    ]
    for turn in _turns(plan, rotation, begin, end):
        for (opens, closes), words in counted:
            starts_at, ends_at = max(turn.starts_at, opens), min(turn.ends_at, closes)
            if starts_at < ends_at:
                yield Span(turn.staff, starts_at, ends_at, f"{turn.source}, {words}")


def _wall_of(rotation: Rotation, number: int) -> datetime:
    start = datetime.combine(rotation.starts_on, rotation.hands_over_at)
    if rotation.unit is not Unit.monthly:
        return start + number * rotation.every * _STEPS[rotation.unit]
    months = start.year * 12 + start.month - 1 + number * rotation.every
    year, month = divmod(months, 12)
    # A rotation that starts on the 31st hands over on the last day of shorter months.
    return datetime.combine(
        date(year, month + 1, min(start.day, _length(year, month + 1))), rotation.hands_over_at
    )


def _length(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - _DAY).day


def _turn_before(rotation: Rotation, wall: datetime) -> int:
    """The number of a turn that has begun by this wall time; negative before the first."""
    start = datetime.combine(rotation.starts_on, rotation.hands_over_at)
    if rotation.unit is not Unit.monthly:
        return (wall - start) // (rotation.every * _STEPS[rotation.unit])
    return ((wall.year - start.year) * 12 + wall.month - start.month - 1) // rotation.every


def _whose(rotation: Rotation, number: int) -> uuid.UUID | None:
    day = _wall_of(rotation, number).date()
    count = len(rotation.members)
    for offset in range(count):
        member = rotation.members[(number + offset) % count]
        if member.is_in(day):
            return member.staff
    return None
