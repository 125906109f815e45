"""The steps of a loaded pathway as planning wants them, with the welcome text in front."""

from __future__ import annotations

from datetime import time

from followup.clinics.states import Channel
from followup.enrollment.planning.facts import Anchor, DayRule, PathwayPlan, StepPlan
from followup.kit.windows import Window
from followup.pathways.pathway import Pathway, Step
from followup.pathways.vocabulary import LateRule

WELCOME_KEY = "welcome"
WELCOME_LATE_HOURS = 72
"""A welcome may wait for a weekend; without it nobody knows who writes, so nothing else goes out before it."""

_PRIORITIES = {"normal": 1, "safety": 2}
_WELCOME_PRIORITY = 3


def pathway_plan(pathway: Pathway) -> PathwayPlan:
    """Return the plan of a pathway version. The welcome text confirms a consent, so no limit counts it."""
    welcome = StepPlan(
        key=WELCOME_KEY,
        day=0,
        at=time(0, 0),
        window=Window.all_day(),
        late=LateRule.SEND_UNTIL,
        late_hours=WELCOME_LATE_HOURS,
        kind="welcome",
        priority=_WELCOME_PRIORITY,
        anchor=Anchor.ENROLLMENT,
        counts=False,
    )
    return PathwayPlan(pathway.id, pathway.version, (welcome, *(_step(step) for step in pathway.steps)))


def _step(step: Step) -> StepPlan:
    return StepPlan(
        key=step.key,
        day=step.day,
        at=step.at,
        window=Window(step.window_from, step.window_until),
        late=step.late_rule,
        late_hours=step.late_hours,
        channels=tuple(Channel(channel.value) for channel in step.channels),
        harvest=step.harvest.value,
        kind=step.kind.value,
        priority=_PRIORITIES[step.priority.value],
        day_rule=DayRule(step.weekdays.value),
        requires_answer=step.requires_answer,
        question_kind=step.question_kind.value if step.question_kind else None,
        remind_after_hours=step.reminder.after_hours if step.reminder else None,
        raise_after_hours=step.silence.after_hours if step.silence else None,
    )
