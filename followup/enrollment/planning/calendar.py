"""Hours and days: when on a given day a step may go out, and which days suit it.

The hours of a day are the clinic's ∩ the patient's ∩ the step's; nothing planned leaves outside them. Everything
here works in the patient's zone and turns wall-clock time into instants through ``kit.windows`` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from followup.enrollment.planning.facts import (
    SUNDAY,
    SUNDAY_NOON,
    Anchor,
    ClinicCalendar,
    DayRule,
    EnrollmentFacts,
    StepPlan,
)
from followup.kit.windows import END_OF_DAY, Window, bounds, intersect, to_local, to_utc

DAY = timedelta(days=1)
BEFORE_CLOSING = timedelta(minutes=30)
"""A step whose own time is after the shared hours goes out this long before they end."""
MOST_DAYS_MOVED = 14
"""How far a day rule may move a step: holidays and a clinic's closed week fit in, another step's week does not."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One minute on one day at which a step may go out, with the bounds of that day's hours (UTC)."""

    day: date
    local_time: time
    utc: datetime
    opens: datetime
    closes: datetime
    is_gap: bool = False


def hours_on(day: date, step: StepPlan, clinic: ClinicCalendar, *, preferred: Window | None) -> Window | None:
    """Return the hours in which this step may go out on a day, or None."""
    of_clinic = clinic.hours_by_weekday.get(day.weekday(), clinic.text_hours)
    if of_clinic is None:
        return None
    shared = intersect(of_clinic, step.window, preferred or Window.all_day())
    if shared and step.day_rule is DayRule.NOT_SUNDAY_MORNING and day.weekday() == SUNDAY:
        return intersect(shared, Window(SUNDAY_NOON, END_OF_DAY))
    return shared


def suits(day: date, step: StepPlan, clinic: ClinicCalendar) -> bool:
    """Whether the step's day rule accepts this day; the fixed weekday only decides where the search begins."""
    if step.day_rule is DayRule.WORKING_DAYS:
        return day.weekday() in clinic.working_weekdays and day not in clinic.holidays
    return not (step.day_rule is DayRule.FIXED_WEEKDAY and day in clinic.holidays)


def first_day(step: StepPlan, start: date) -> date:
    """Return the day at which the search for a suitable day begins; ``start`` is the day that counts as 0."""
    day = start + step.day * DAY
    if step.day_rule is DayRule.FIXED_WEEKDAY and step.weekday is not None:
        day += (step.weekday - day.weekday()) % 7 * DAY
    return day


def spot_on(
    day: date, wanted: time, hours: Window, *, where: ZoneInfo, not_before: datetime | None
) -> Spot | None:
    """Return the minute of a day that comes closest to the wanted time, or None if the hours leave none.

    ``not_before`` is an instant that the spot may not precede; then it is that instant, rounded up to the minute.
    """
    instant = to_utc(day, _nearest(wanted, hours), where)
    utc, local, is_gap = instant.utc, instant.local, instant.gap
    if not_before is not None and utc < not_before:
        utc, is_gap = _after_a_doubled_hour(_next_minute(not_before), day, hours, where), False
        local = to_local(utc, where)
    opens, closes = bounds(hours, day, where)
    if local.date() != day or not opens <= utc < closes:
        return None
    return Spot(day, local.time(), utc, opens, closes, is_gap)


def search_days(step: StepPlan, first: date, *, last: date) -> Iterator[date]:
    """Yield days to try: the first, then later ones up to ``last``; before the procedure also earlier ones.

    A step that prepares for the procedure is better early than late, so it looks back before it looks ahead.
    """
    if first <= last:
        yield first
    if step.day < 0:
        for back in range(1, MOST_DAYS_MOVED + 1):
            yield first - back * DAY
    for ahead in range(1, (last - first).days + 1):
        yield first + ahead * DAY


def limits(
    step: StepPlan, facts: EnrollmentFacts, where: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """Return the instants that a step may not precede and not reach: it stays on its side of the procedure."""
    if step.anchor is Anchor.ENROLLMENT:
        return facts.enrolled_at, None
    moment = facts.performed_at or time(0, 0)
    performed = to_utc(facts.performed_on, moment, where).utc
    if step.day < 0:
        return None, performed
    return performed, None


def next_opening(
    now: datetime, step: StepPlan, clinic: ClinicCalendar, *, preferred: Window | None, where: ZoneInfo
) -> datetime | None:
    """Return the first instant from ``now`` on at which the step may go out: ``now`` itself inside the hours."""
    today = to_local(now, where).date()
    for ahead in range(MOST_DAYS_MOVED + 1):
        day = today + ahead * DAY
        hours = hours_on(day, step, clinic, preferred=preferred)
        if hours is None or not suits(day, step, clinic):
            continue
        opens, closes = bounds(hours, day, where)
        if now < opens < closes:
            return opens
        if opens <= now < closes:
            return _after_a_doubled_hour(now, day, hours, where)
    return None


def _after_a_doubled_hour(instant: datetime, day: date, hours: Window, where: ZoneInfo) -> datetime:
    """Return an instant after opening, or the second opening if clocks went back to before the first."""
    early = datetime.combine(day, hours.start) - to_local(instant, where)
    return instant + max(early, timedelta(0))


def _nearest(wanted: time, hours: Window) -> time:
    if wanted in hours:
        return wanted
    if wanted < hours.start:
        return hours.start
    start, until = (datetime.combine(date(2000, 1, 1), each) for each in (hours.start, hours.until))
    return max(start, until.replace(microsecond=0) - BEFORE_CLOSING).time()


def _next_minute(instant: datetime) -> datetime:
    whole = instant.replace(second=0, microsecond=0)
    return whole if whole == instant else whole + timedelta(minutes=1)
