"""How often a pathway would make a phone ring.

The limits are the house's defaults, taken from the conditions of the health-care exemption of the telephone rules
(47 CFR 64.1200(a)(9)(iv)): one text a day and three a week. Week one may have one a day, which the clinic's consent
text says. Reminders count; questions after a reply, answers and safety texts do not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time

from followup.pathways.findings import Finding, Severity
from followup.pathways.pathway import Pathway, Step
from followup.pathways.source import Document
from followup.pathways.vocabulary import Harvest, LateRule, Weekdays

WEEK_ONE_ENDS = 7
MOST_PER_WEEK = 3
EARLIEST, LATEST = time(9, 0), time(20, 0)
METHODS = (Harvest.BONE_MARROW, Harvest.FAT)


@dataclass(frozen=True, slots=True, order=True)
class Planned:
    """One text that is due on a day, counted from the procedure, at a local time."""

    day: int
    at: time
    key: str
    is_reminder: bool = False


def planned_texts(pathway: Pathway, harvest: Harvest) -> tuple[Planned, ...]:
    """Every planned text of one patient, reminders included, as if nobody ever answered."""
    found: list[Planned] = []
    for step in pathway.steps_for(harvest):
        found.append(Planned(step.day, step.at, step.key))
        if step.reminder:
            found.append(
                Planned(_day_after(step, step.reminder.after_hours), step.at, step.key, is_reminder=True)
            )
    return tuple(sorted(found))


def rhythm_findings(pathway: Pathway, document: Document) -> Iterator[Finding]:
    """Too many texts, two at once, texts at night, and late texts that would meet the next one."""
    numbers = {step.key: number for number, step in enumerate(pathway.steps)}

    def at(key: str, sentence: str, *, severity: Severity = Severity.ERROR) -> Finding:
        return document.finding(("steps", numbers[key], "key"), sentence, severity=severity)

    for harvest in METHODS:
        texts = planned_texts(pathway, harvest)
        for planned, sentence in (*_same_day(pathway, texts), *_per_week(texts)):
            yield at(planned.key, f"{sentence} ({harvest} patients)".replace("_", " "))
    for step in pathway.steps:
        if step.window_from < EARLIEST or step.window_until > LATEST:
            yield at(step.key, "Texts go out between 9:00 and 20:00. Make the window smaller.")
        if late := _meets_next(pathway, step):
            yield at(step.key, late, severity=Severity.WARNING)


def _same_day(pathway: Pathway, texts: tuple[Planned, ...]) -> Iterator[tuple[Planned, str]]:
    taken: dict[int, Planned] = {}
    for planned in texts:
        for day in _possible_days(pathway.step(planned.key), planned.day):
            first = taken.setdefault(day, planned)
            if first is planned or first.key == planned.key:
                continue
            if first.at == planned.at and first.day == planned.day:
                yield (
                    planned,
                    f"{planned.key} and {first.key} are due at the same minute. Move one to another day.",
                )
            else:
                yield (
                    planned,
                    f"{planned.key} and {first.key} fall on the same day. One text a day is the limit.",
                )
            break


def _per_week(texts: tuple[Planned, ...]) -> Iterator[tuple[Planned, str]]:
    per_day = Counter(planned.day for planned in texts if planned.day > WEEK_ONE_ENDS)
    for planned in texts:
        seven_days = sum(per_day[day] for day in range(planned.day - 6, planned.day + 1))
        if planned.day > WEEK_ONE_ENDS and seven_days > MOST_PER_WEEK:
            yield (
                planned,
                f"With {planned.key} the patient gets {seven_days} texts in seven days. Three is the limit.",
            )


def _meets_next(pathway: Pathway, step: Step) -> str | None:
    if step.late_rule is LateRule.SKIP:
        return None
    still_at = step.day * 24 + step.at.hour + step.at.minute / 60 + step.late_hours
    for other in pathway.steps:
        both = Harvest.ANY in (step.harvest, other.harvest) or step.harvest is other.harvest
        due = other.day * 24 + other.at.hour + other.at.minute / 60
        if both and other.day > step.day and due < still_at:
            return f"This text may still go out late when {other.key} is already due. Allow fewer hours."
    return None


def _possible_days(step: Step, day: int) -> range:
    """A text that waits for a working day may go out up to two days later."""
    return range(day, day + (3 if step.weekdays is Weekdays.WORKING_DAYS else 1))


def _day_after(step: Step, hours: int) -> int:
    return step.day + (step.at.hour * 60 + step.at.minute + hours * 60) // (24 * 60)
