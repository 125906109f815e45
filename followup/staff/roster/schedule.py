"""The values a roster is made of. Definitions are local wall time in the plan's zone; instants are aware UTC.

Every span is half-open: somebody who leaves at 7:00 is off at 7:00, and who comes at 7:00 is on. People are ids, so
that a name that changes moves nobody. Pure; nothing here may look anything up.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

EVERY_DAY = frozenset(range(7))


class Unit(StrEnum):
    """How often a rotation hands over."""

    hourly = "hourly"
    daily = "daily"
    weekly = "weekly"
    monthly = "monthly"


class HolidayRule(StrEnum):
    """What a weekly rule does on the clinic's holidays."""

    as_usual = "as usual"
    never = "never"
    only = "only"


class ChangeKind(StrEnum):
    """What an override does."""

    add = "add"
    remove = "remove"
    instead = "replace"


@dataclass(frozen=True, slots=True)
class Hours:
    """Wall-clock hours of some weekdays (0 = Monday). An end at or before the start is on the next day."""

    weekdays: frozenset[int] = EVERY_DAY
    begins: time = time(0, 0)
    ends: time = time(0, 0)
    holidays: HolidayRule = HolidayRule.as_usual


@dataclass(frozen=True, slots=True)
class Rule:
    """One person on call in the same hours of every week."""

    staff: uuid.UUID
    hours: Hours


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who takes turns, from a local date on and until before another one."""

    staff: uuid.UUID
    first: date | None = None
    until: date | None = None

    def is_in(self, day: date) -> bool:
        """Whether the person takes turns that begin on this local day."""
        return (self.first is None or self.first <= day) and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Rotation:
    """People who take turns. The first turn begins on ``starts_on`` at ``hands_over_at``, with the first member.

    ``every``: how many units one turn lasts. ``only``: the rotation counts only within these hours; empty means
    day and night. A member who is not in takes no turn: the next one in the order does.
    """

    name: str
    unit: Unit
    every: int
    starts_on: date
    hands_over_at: time
    members: tuple[Member, ...]
    only: tuple[Hours, ...] = ()


@dataclass(frozen=True, slots=True)
class FixedShift:
    """One shift of a temporary schedule; instants."""

    staff: uuid.UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Temporary:
    """A schedule that wins over everything for its span. Where it names nobody, the fallback is on call."""

    name: str
    starts_at: datetime
    ends_at: datetime
    fallback: uuid.UUID
    shifts: tuple[FixedShift, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """One published definition of who is on call for a duty; empty means nobody, ever."""

    zone: ZoneInfo
    rules: tuple[Rule, ...] = ()
    rotations: tuple[Rotation, ...] = ()
    temporaries: tuple[Temporary, ...] = ()
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Version:
    """A plan and since when it counts."""

    plan: Plan
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """An override. ``remove`` takes ``staff`` off; ``instead`` acts only while ``instead_of`` would be on call."""

    kind: ChangeKind
    staff: uuid.UUID
    starts_at: datetime
    ends_at: datetime
    instead_of: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything about one duty: its versions, oldest first, and its overrides in the order they were made."""

    duty: str
    versions: tuple[Version, ...] = ()
    changes: tuple[Change, ...] = field(default=())
