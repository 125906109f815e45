"""Whether a pathway can be planned at all in a clinic: asked when either is saved, not when a patient is enrolled.

Every finding is a sentence for the author. What a pathway's file may hold is checked where it is loaded; here is
what only shows when steps, hours and limits meet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import time

from followup.enrollment.planning.facts import (
    ANY_HARVEST,
    Anchor,
    ClinicCalendar,
    DayRule,
    PathwayPlan,
    StepPlan,
)
from followup.kit.windows import Window, intersect

FIRST_DAY, LAST_DAY = -30, 366
LONGEST_LATENESS = 168


def check_pathway(pathway: PathwayPlan, clinic: ClinicCalendar) -> tuple[str, ...]:
    """Return what keeps this pathway from being planned as written, in the order of its steps; empty if nothing."""
    keys = Counter(step.key for step in pathway.steps)
    findings = [f"Two steps are called {key}." for key, times in keys.items() if times > 1]
    for step in pathway.steps:
        findings += _of_step(step, clinic)
    return (*findings, *_same_minute(pathway), *_over_the_limit(pathway, clinic))


def check_preferred_hours(hours: Window, pathway: PathwayPlan, clinic: ClinicCalendar) -> tuple[str, ...]:
    """Return which steps a patient with these hours would never get; shown before the hours are saved."""
    return tuple(
        f"{step.key} goes out {step.window}; between {hours} it never can."
        for step in pathway.steps
        if intersect(clinic.text_hours, step.window) and not intersect(clinic.text_hours, step.window, hours)
    )


def _of_step(step: StepPlan, clinic: ClinicCalendar) -> Iterator[str]:
    shared = intersect(clinic.text_hours, step.window)
    if not FIRST_DAY <= step.day <= LAST_DAY:
        yield f"{step.key} is on day {step.day}; days go from {FIRST_DAY} to {LAST_DAY}."
    if shared is None:
        yield f"{step.key} goes out {step.window}, the clinic texts {clinic.text_hours}: they share no time."
    elif step.anchor is Anchor.PROCEDURE and step.at not in shared:
        yield f"{step.key} is planned for {step.at:%H:%M}, outside its hours {shared}."
    if not 0 <= step.late_hours <= LONGEST_LATENESS:
        yield f"{step.key} may be {step.late_hours} hours late; the most is {LONGEST_LATENESS}."
    if not step.channels:
        yield f"{step.key} has no channel."
    if (step.day_rule is DayRule.FIXED_WEEKDAY) != (step.weekday in range(7)):
        yield f"{step.key} names a weekday if and only if it is fixed to one (0 is Monday)."


def _same_minute(pathway: PathwayPlan) -> Iterator[str]:
    seen: dict[tuple[int, time], list[StepPlan]] = {}
    for step in pathway.steps:
        for other in seen.setdefault((step.day, step.at), []):
            if step.anchor is other.anchor and _meet(step, other):
                yield f"{step.key} and {other.key} are planned for the same minute of day {step.day}."
        seen[step.day, step.at].append(step)


def _over_the_limit(pathway: PathwayPlan, clinic: ClinicCalendar) -> Iterator[str]:
    caps = clinic.caps
    methods = {step.harvest for step in pathway.steps} - {ANY_HARVEST} or {ANY_HARVEST}
    for method in sorted(methods):
        days = Counter(
            step.day
            for step in pathway.steps
            if step.counts and step.anchor is Anchor.PROCEDURE and step.harvest in (ANY_HARVEST, method)
        )
        for day, times in sorted(days.items()):
            if times > caps.per_day:
                yield f"Day {day} has {times} texts ({method}); the limit is {caps.per_day}."
            after = {each: days[each] for each in range(day, day + 7) if each > caps.first_week_days}
            if day > caps.first_week_days and sum(after.values()) > caps.per_week:
                week = f"Days {day} to {day + 6} have {sum(after.values())} texts"
                yield f"{week} ({method}); the limit is {caps.per_week}."


def _meet(one: StepPlan, other: StepPlan) -> bool:
    return ANY_HARVEST in (one.harvest, other.harvest) or one.harvest == other.harvest
