"""No answer to a check-in that matters: when to ask once more, and when the silence becomes a finding.

A patient who does not answer may be fine or may be unable to. So a question is repeated once inside its hours,
never on top of the silence becoming a person's task, and that task is due at any hour: it is staff who look at
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from followup.enrollment.planning.calendar import next_opening
from followup.enrollment.planning.facts import ClinicCalendar, StepPlan
from followup.kit.windows import Window, zone

DEFAULT_CLOSE_HOURS = 24
"""Without a rule of its own a question is looked at again after a day."""


class Look(StrEnum):
    """What the next look at a question without an answer does."""

    REMIND = "remind"
    RAISE = "raise"
    CLOSE = "close"  # nothing depends on an answer


@dataclass(frozen=True, slots=True)
class NextLook:
    """What to do about silence, and when (aware UTC)."""

    look: Look
    at: datetime


def next_look(
    step: StepPlan,
    *,
    sent_at: datetime,
    reminders: int,
    clinic: ClinicCalendar,
    patient_zone: str,
    preferred_hours: Window | None = None,
) -> NextLook | None:
    """Return the next look at a question that was sent at ``sent_at`` and reminded ``reminders`` times.

    None if the step asks nothing. A reminder that would come at or after the moment of raising is left out.
    """
    if step.question_kind is None and not step.requires_answer:
        return None
    raise_at = sent_at + timedelta(hours=step.raise_after_hours) if step.raise_after_hours else None
    remind_at = None
    if not reminders and step.remind_after_hours:
        wanted = sent_at + timedelta(hours=step.remind_after_hours)
        remind_at = next_opening(wanted, step, clinic, preferred=preferred_hours, where=zone(patient_zone))
    if remind_at and (raise_at is None or remind_at < raise_at):
        return NextLook(Look.REMIND, remind_at)
    if raise_at:
        return NextLook(Look.RAISE, raise_at)
    wait = timedelta(hours=DEFAULT_CLOSE_HOURS)
    return NextLook(Look.RAISE if step.requires_answer else Look.CLOSE, sent_at + wait)
