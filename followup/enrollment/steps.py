"""A pathway as planning wants it: its steps, its welcome, and the clinic's calendar around them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time

from followup.clinics.models import Clinic
from followup.clinics.states import Channel
from followup.enrollment.planning.facts import (
    Anchor,
    Caps,
    ClinicCalendar,
    DayRule,
    PathwayPlan,
    StepPlan,
)
from followup.kit.windows import Window
from followup.pathways.pathway import Pathway, Step
from followup.pathways.vocabulary import LateRule, StepPriority, Weekdays

WELCOME = "welcome"

_DAY_RULES = {Weekdays.ANY: DayRule.ANY, Weekdays.WORKING_DAYS: DayRule.WORKING_DAYS}
# What gives way first when a day or a week is full: information, then ordinary check-ins; never a safety step.
_RANKS = {StepPriority.SAFETY: 10, StepPriority.NORMAL: 5}


def plan_of(pathway: Pathway) -> PathwayPlan:
    """Return the steps of a pathway version, the welcome among them."""
    return PathwayPlan(
        name=pathway.id,
        version=pathway.version,
        steps=(_welcome(), *(_step(each) for each in pathway.steps)),
    )


def calendar_of(clinic: Clinic) -> ClinicCalendar:
    """Return when a clinic texts and works."""
    caps = clinic.settings.get("caps", {})
    return ClinicCalendar(
        text_hours=Window(clinic.text_from, clinic.text_until),
        working_weekdays=frozenset(int(day) for day, hours in clinic.open_hours.items() if hours)
        or frozenset(range(5)),
        holidays=frozenset(_dates(clinic.holidays)),
        caps=Caps(
            per_day=int(caps.get("per_day", 1)),
            per_week=int(caps.get("per_week", 3)),
            first_week_days=int(caps.get("first_week_days", 7)),
        ),
    )


def _dates(written: Iterable[object]) -> Iterable[date]:
    return (date.fromisoformat(str(each)) for each in written)


def _welcome() -> StepPlan:
    """The first text: who writes, how often, HELP and STOP. It goes out as soon as the hours allow."""
    return StepPlan(
        key=WELCOME,
        day=0,
        at=time(9, 0),
        window=Window.all_day(),
        late=LateRule.SEND_UNTIL,
        late_hours=72,
        kind="information",
        priority=20,
        anchor=Anchor.ENROLLMENT,
        counts=False,
    )


def _step(step: Step) -> StepPlan:
    return StepPlan(
        key=step.key,
        day=step.day,
        at=step.at,
        window=Window(step.window_from, step.window_until),
        late=step.late_rule,
        late_hours=step.late_hours,
        channels=tuple(Channel(each.value) for each in step.channels if each.value != "voice"),
        harvest=step.harvest.value,
        kind=step.kind.value,
        priority=_RANKS[step.priority],
        day_rule=_DAY_RULES[step.weekdays],
        requires_answer=step.requires_answer,
        question_kind=step.question_kind.value if step.question_kind else None,
        remind_after_hours=step.reminder.after_hours if step.reminder else None,
        raise_after_hours=step.silence.after_hours if step.silence else None,
    )
