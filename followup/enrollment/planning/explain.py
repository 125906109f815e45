"""The sentence that stands beside every touchpoint: why then, or why not.

Written for a coordinator on the phone with a patient. Dates and times are the patient's; nothing names a
diagnosis or what was done.
"""

from __future__ import annotations

from datetime import date, datetime, time

from followup.enrollment.planning.calendar import Spot, first_day
from followup.enrollment.planning.caps import Full
from followup.enrollment.planning.facts import Anchor, DayRule, StepPlan
from followup.enrollment.planning.place import Setting, Wish, start_day
from followup.enrollment.planning.reasons import SENTENCES, Reason
from followup.enrollment.states import TouchpointState
from followup.kit.windows import to_local


def why_planned(wish: Wish, spot: Spot, setting: Setting, *, full: Full | None) -> str:
    """Return why a step is planned for this minute."""
    step = wish.step
    when = f"{day_words(spot.day)} at {clock_words(spot.local_time)} ({setting.facts.zone})"
    said = [f"Planned for {when}, {offset_words(step)}."]
    own_day = first_day(step, start_day(step, setting))
    if wish.is_late:
        said.append(
            f"It is late: its own time was {moment_words(wish.ideal.utc, setting)}, and it may go out until "
            f"{moment_words(wish.latest, setting)}."
        )
    elif full and spot.day != wish.ideal.day:
        said.append(f"Moved from {day_words(wish.ideal.day)}: {_full_words(full)}.")
    elif spot.day != own_day:
        said.append(f"Moved from {day_words(own_day)}: {_day_rule_words(step)}.")
    if spot.is_gap:
        said.append(f"{clock_words(step.at)} does not exist that day, because clocks go forward.")
    elif spot.local_time != step.at and not wish.is_late and step.anchor is Anchor.PROCEDURE:
        said.append(
            f"Its own time is {clock_words(step.at)}; the hours of the clinic, the patient and the step begin at "
            f"{moment_words(spot.opens, setting)} and end at {moment_words(spot.closes, setting)}."
        )
    return " ".join(said)


def why_settled(
    step: StepPlan, spot: Spot, state: TouchpointState, reason: Reason, *, full: Full | None = None
) -> str:
    """Return why a step will not be sent, and what happens instead."""
    instead = "A person calls instead" if state is TouchpointState.call_task else "Not sent"
    when = f"{offset_words(step)} ({day_words(spot.day)}, {clock_words(spot.local_time)})"
    return f"{instead}, {when}: {_full_words(full) if full else SENTENCES[reason]}."


def offset_words(step: StepPlan) -> str:
    """Return the day of a step in words, counted from the procedure."""
    if step.anchor is Anchor.ENROLLMENT:
        return "when the patient was enrolled"
    match step.day:
        case 0:
            return "on the day of the procedure"
        case -1:
            return "the day before the procedure"
        case 1:
            return "the day after the procedure"
        case day if day < 0:
            return f"{-day} days before the procedure"
        case day:
            return f"day {day} after the procedure"


def day_words(day: date) -> str:
    """Return ``Tue, Mar 3, 2026``."""
    return f"{day:%a, %b} {day.day}, {day.year}"


def clock_words(moment: time) -> str:
    """Return ``9:05 AM``."""
    return f"{moment.hour % 12 or 12}:{moment.minute:02d} {'AM' if moment.hour < 12 else 'PM'}"


def moment_words(instant: datetime, setting: Setting) -> str:
    """Return a local day and time of an instant."""
    local = to_local(instant, setting.where)
    return f"{clock_words(local.time())} on {day_words(local.date())}"


_DAY_RULES = {
    DayRule.ANY: "that day has no hours in which it may go out",
    DayRule.WORKING_DAYS: "it goes out on a day when the clinic works",
    DayRule.NOT_SUNDAY_MORNING: "it does not go out on a Sunday morning",
    DayRule.FIXED_WEEKDAY: "that day is a holiday or has no hours in which it may go out",
}


def _full_words(full: Full) -> str:
    if full.reason is Reason.DAY_FULL and full.holder:
        return f"that day belongs to {full.holder}, which comes first"
    return SENTENCES[full.reason]


def _day_rule_words(step: StepPlan) -> str:
    if step.anchor is Anchor.ENROLLMENT:
        return "the hours of that day were over"
    return _DAY_RULES[step.day_rule]
