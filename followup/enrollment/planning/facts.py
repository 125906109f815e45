"""What planning is given and what it returns: values only, so that a plan can be made, compared and shown anywhere.

Days are calendar days from the procedure's local date (day 0), times are wall-clock times where the patient lives,
``*_at`` with a zone is an aware UTC instant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from types import MappingProxyType

from followup.clinics.states import Channel
from followup.enrollment.planning.reasons import Reason
from followup.enrollment.states import TouchpointState
from followup.kit.windows import Window
from followup.pathways.vocabulary import LateRule

ANY_HARVEST = "any"
MONDAY, SATURDAY, SUNDAY = 0, 5, 6
SUNDAY_NOON = time(12, 0)
TEXT_HOURS = Window(time(9, 0), time(20, 0))
"""When planned texts go out unless a clinic says otherwise."""


class Anchor(StrEnum):
    """What the day of a step counts from."""

    PROCEDURE = "procedure"
    ENROLLMENT = "enrollment"  # the welcome text: as soon as the hours allow


class DayRule(StrEnum):
    """Which days suit a step. Before the procedure an unsuitable day moves back, afterwards forward."""

    ANY = "any"
    WORKING_DAYS = "working_days"  # the clinic is open and it is no holiday
    NOT_SUNDAY_MORNING = "not_sunday_morning"
    FIXED_WEEKDAY = "fixed_weekday"  # the first such weekday on or after the day, and no holiday


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """One planned contact as the pathway's author wants it.

    ``late_hours`` counts from the planned minute; 0 means until the hours of that day end (with ``skip``: an hour).
    A higher ``priority`` is placed first, so it is the lower one that gives way when a day or week is full.
    """

    key: str
    day: int
    at: time
    window: Window
    late: LateRule
    late_hours: int = 0
    channels: tuple[Channel, ...] = (Channel.sms, Channel.email)
    harvest: str = ANY_HARVEST
    kind: str = "check_in"
    priority: int = 1
    day_rule: DayRule = DayRule.ANY
    weekday: int | None = None
    anchor: Anchor = Anchor.PROCEDURE
    counts: bool = True
    requires_answer: bool = False
    question_kind: str | None = None
    remind_after_hours: int | None = None
    raise_after_hours: int | None = None


@dataclass(frozen=True, slots=True)
class PathwayPlan:
    """The steps of one pathway version."""

    name: str
    version: str
    steps: tuple[StepPlan, ...]


@dataclass(frozen=True, slots=True)
class Caps:
    """How many planned texts one contact point may get.

    Defaults follow the health-care exemption, 47 CFR 64.1200(a)(9)(iv): one a day, three a week. Up to
    ``first_week_days`` after the procedure only the daily limit holds, as the clinic's consent text says. A week is
    any seven days in a row.
    """

    per_day: int = 1
    per_week: int = 3
    first_week_days: int = 7


@dataclass(frozen=True, slots=True)
class ClinicCalendar:
    """When a clinic texts and works. ``hours_by_weekday`` (0 = Monday) replaces ``text_hours``; None: no texts."""

    text_hours: Window = TEXT_HOURS
    hours_by_weekday: Mapping[int, Window | None] = field(default_factory=lambda: MappingProxyType({}))
    working_weekdays: frozenset[int] = frozenset(range(MONDAY, SATURDAY))
    holidays: frozenset[date] = frozenset()
    caps: Caps = Caps()


@dataclass(frozen=True, slots=True)
class TakenSlot:
    """A planned text that the contact point of this channel already has on a day, from any enrollment."""

    channel: Channel
    day: date
    slot: int = 1
    in_first_week: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollmentFacts:
    """What makes one patient's calendar.

    ``channels``: the ones that can be used (consent, working contact point), the preferred first. ``sent``: keys of
    steps that were handed to a sender; they are never planned again, and their days are in ``taken``.
    """

    performed_on: date
    zone: str
    channels: tuple[Channel, ...]
    enrolled_at: datetime
    performed_at: time | None = None
    harvest: str = ANY_HARVEST
    preferred_hours: Window | None = None
    sent: frozenset[str] = frozenset()
    taken: tuple[TakenSlot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTouchpoint:
    """One step in one patient's calendar: planned, or settled already with its reason.

    ``opens_at`` and ``closes_at`` bound the hours of its day. ``slot`` (from 1, 0 if it does not count) makes the
    daily limit a unique key: contact point, local date, slot.
    """

    key: str
    kind: str
    day: int
    channel: Channel
    local_date: date
    local_time: time
    zone: str
    due_at: datetime
    not_after: datetime
    opens_at: datetime
    closes_at: datetime
    late: LateRule
    slot: int
    priority: int
    requires_answer: bool
    state: TouchpointState
    reason: Reason | None
    why: str

    @property
    def is_planned(self) -> bool:
        """Whether it will be sent."""
        return self.state is TouchpointState.planned


@dataclass(frozen=True, slots=True)
class Plan:
    """The calendar of one enrollment in order of time, and what a coordinator should know about it."""

    touchpoints: tuple[PlannedTouchpoint, ...]
    notes: tuple[str, ...] = ()

    @property
    def planned(self) -> tuple[PlannedTouchpoint, ...]:
        """What will be sent."""
        return tuple(each for each in self.touchpoints if each.is_planned)

    def touchpoint(self, key: str) -> PlannedTouchpoint:
        """Return the touchpoint of a step; raise KeyError if the plan has none."""
        for each in self.touchpoints:
            if each.key == key:
                return each
        raise KeyError(key)
