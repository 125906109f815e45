"""Where one step may stand in one patient's calendar, before anybody asks whether the day is full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from followup.clinics.states import Channel
from followup.enrollment.planning.calendar import (
    DAY,
    MOST_DAYS_MOVED,
    Spot,
    first_day,
    hours_on,
    limits,
    search_days,
    spot_on,
    suits,
)
from followup.enrollment.planning.facts import Anchor, ClinicCalendar, EnrollmentFacts, StepPlan
from followup.kit.windows import to_local, to_utc
from followup.pathways.vocabulary import LateRule

LEAST_GRACE = timedelta(hours=1)
"""Even a step that is never sent late has this long: ticks, queues and a restart take minutes."""
A_MINUTE = timedelta(minutes=1)
MOST_DAYS_EARLY = 2
"""How far a preparing step may move ahead of its day to make room for another."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for all steps of one plan. ``now``: nothing may be planned before it."""

    facts: EnrollmentFacts
    clinic: ClinicCalendar
    where: ZoneInfo
    now: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """A step with the minute it would have if the patient had no other; ``latest``: how late it may go."""

    step: StepPlan
    ideal: Spot
    latest: datetime
    is_late: bool

    @property
    def rank(self) -> tuple[int, bool, datetime, str]:
        """Sorts who is placed first: by priority, what is on time before what is late, then by time."""
        return (-self.step.priority, self.is_late, self.ideal.utc, self.step.key)


def start_day(step: StepPlan, setting: Setting) -> date:
    """Return the local date that counts as day 0 for this step."""
    if step.anchor is Anchor.ENROLLMENT:
        return to_local(setting.facts.enrolled_at, setting.where).date()
    return setting.facts.performed_on


def wish_for(step: StepPlan, setting: Setting) -> Wish | None:
    """Return where a step belongs by its own day, time, hours and rules; None if no day has room for it."""
    first = first_day(step, start_day(step, setting))
    not_before, before = limits(step, setting.facts, setting.where)
    for day in search_days(step, first, last=first + MOST_DAYS_MOVED * DAY):
        spot = _spot(step, day, setting, not_before=not_before)
        if spot and (before is None or spot.utc < before):
            return Wish(step, spot, _last_moment(step, spot, before), is_late=spot.utc < setting.now)
    return None


def spots_for(wish: Wish, setting: Setting) -> Iterator[Spot]:
    """Yield where the step may stand, the best first: its ideal, then later as its late rule allows.

    A late step starts today. A preparing step may also move a little ahead of its day.
    """
    last = to_local(wish.latest, setting.where).date()
    if wish.is_late:
        days = _days(to_local(setting.now, setting.where).date(), last)
    else:
        yield wish.ideal
        days = _days(wish.ideal.day + DAY, last)
    for day in days:
        spot = _spot(wish.step, day, setting, not_before=setting.now, is_late=wish.is_late)
        if spot and spot.utc <= wish.latest and spot.utc >= wish.ideal.utc:
            yield spot
    if wish.step.day < 0 and not wish.is_late:
        yield from _earlier_spots(wish, setting)


def nominal(step: StepPlan, setting: Setting) -> Spot:
    """Return the step's own day and time as written, for a step that no day has room for."""
    day = first_day(step, start_day(step, setting))
    instant = to_utc(day, step.at, setting.where)
    return Spot(day, step.at, instant.utc, instant.utc, instant.utc, instant.gap)


def channel_for(step: StepPlan, facts: EnrollmentFacts) -> Channel | None:
    """Return the patient's most preferred channel that this step can use."""
    return next((channel for channel in facts.channels if channel in step.channels), None)


def not_after(wish: Wish, spot: Spot, setting: Setting) -> datetime:
    """Return the last instant at which a placed step may still leave: its late rule, at least a short grace."""
    _, before = limits(wish.step, setting.facts, setting.where)
    grace = min(spot.closes, spot.utc + LEAST_GRACE)
    last = max(wish.latest, grace)
    return min(last, before) if before else last


def _spot(
    step: StepPlan, day: date, setting: Setting, *, not_before: datetime | None, is_late: bool = False
) -> Spot | None:
    hours = hours_on(day, step, setting.clinic, preferred=setting.facts.preferred_hours)
    if hours is None or not suits(day, step, setting.clinic):
        return None
    # What is late goes out as soon as the hours allow: its own time of day has lost its meaning.
    wanted = hours.start if is_late else step.at
    return spot_on(day, wanted, hours, where=setting.where, not_before=not_before)


def _last_moment(step: StepPlan, spot: Spot, before: datetime | None) -> datetime:
    allowed = timedelta(hours=step.late_hours)
    if step.late is LateRule.SKIP:
        last = min(spot.utc + max(allowed, LEAST_GRACE), spot.closes)
    else:
        last = spot.utc + allowed if allowed else spot.closes
    return min(last, before - A_MINUTE) if before else last


def _earlier_spots(wish: Wish, setting: Setting) -> Iterator[Spot]:
    for back in range(1, MOST_DAYS_EARLY + 1):
        spot = _spot(wish.step, wish.ideal.day - back * DAY, setting, not_before=None)
        if spot and spot.utc >= setting.now:
            yield spot


def _days(first: date, last: date) -> Iterator[date]:
    for ahead in range((last - first).days + 1):
        yield first + ahead * DAY
