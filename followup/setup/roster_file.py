"""The roster part of a clinic file: weekly lines, rotations, temporary schedules and overrides.

Times are wall-clock times of the clinic. A line that names what it is (``rotation:``, ``temporary:``,
``override:``) is that; any other is a weekly line, as it always was.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from followup.staff.roster.schedule import ChangeKind, HolidayRule, Unit

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
KINDS = ("rotation", "temporary", "override")
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Duty = Literal["nurse", "physician", "manager"]
_WEEK = 7 * 24 * 60


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class HoursPart(_Part):
    """Hours of some weekdays. Equal times mean the whole day; an end before the start is on the next day."""

    weekdays: list[str] = list(WEEKDAYS)
    begins: str = "00:00"
    ends: str = "00:00"
    holidays: HolidayRule = HolidayRule.as_usual

    @field_validator("weekdays")
    @classmethod
    def _are_weekdays(cls, value: list[str]) -> list[str]:
        for day in value:
            if day not in WEEKDAYS:
                raise ValueError(f"{day!r} is no weekday; write one of {', '.join(WEEKDAYS)}")
        return value

    @field_validator("begins", "ends")
    @classmethod
    def _is_time(cls, value: str) -> str:
        time.fromisoformat(value)
        return value


class RosterPart(HoursPart):
    """One line of the weekly roster: who is on call for a duty on which days."""

    duty: Duty
    staff: Key


class MemberPart(_Part):
    """Somebody who takes turns, perhaps only from one date on or until before another."""

    staff: Key
    first: date | None = None
    until: date | None = None


class RotationPart(_Part):
    """People who take turns for a duty; the first of them begins on ``starts_on`` at ``at``."""

    duty: Duty
    rotation: Name
    hands_over: Unit
    every: Annotated[int, Field(ge=1, le=60)] = 1
    at: str = "08:00"
    starts_on: date
    people: Annotated[list[MemberPart], Field(min_length=1, max_length=60)]
    only: list[HoursPart] = []

    @field_validator("people", mode="before")
    @classmethod
    def _may_be_keys(cls, value: Any) -> Any:
        return [{"staff": each} if isinstance(each, str) else each for each in value or []]

    @field_validator("at")
    @classmethod
    def _is_time(cls, value: str) -> str:
        time.fromisoformat(value)
        return value


class _Span(_Part):
    begins: datetime = Field(alias="from")
    ends: datetime = Field(alias="until")

    @model_validator(mode="after")
    def _goes_forward(self) -> _Span:
        if self.begins.tzinfo or self.ends.tzinfo:
            raise ValueError("from and until are wall-clock times of the clinic, without a zone")
        if self.begins >= self.ends:
            raise ValueError("until has to be after from")
        return self


class FixedShiftPart(_Span):
    """One shift of a temporary schedule."""

    staff: Key


class TemporaryPart(_Span):
    """A schedule that wins over everything for its span; the fallback is on call wherever no shift is."""

    duty: Duty
    temporary: Name
    fallback: Key
    shifts: list[FixedShiftPart] = []


class OverridePart(_Span):
    """Somebody added, taken off or replaced for a span."""

    duty: Duty
    override: ChangeKind
    staff: Key
    instead_of: Key | None = None
    reason: Annotated[str, Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def _names_whom(self) -> OverridePart:
        if (self.override is ChangeKind.instead) != (self.instead_of is not None):
            raise ValueError("replace, and only replace, says whom with instead_of")
        if self.instead_of == self.staff:
            raise ValueError("somebody can't replace themselves")
        return self


def _kind(value: Any) -> str:
    given = value if isinstance(value, dict) else getattr(value, "__dict__", {})
    return next((kind for kind in KINDS if kind in given), "line")


AnyPart = Annotated[
    Annotated[RosterPart, Tag("line")]
    | Annotated[RotationPart, Tag("rotation")]
    | Annotated[TemporaryPart, Tag("temporary")]
    | Annotated[OverridePart, Tag("override")],
    Discriminator(_kind),
]


def people_of(part: RosterPart | RotationPart | TemporaryPart | OverridePart) -> Iterator[str]:
    """Return every key of staff that a part of the roster names."""
    if isinstance(part, RotationPart):
        yield from (each.staff for each in part.people)
    elif isinstance(part, TemporaryPart):
        yield part.fallback
        yield from (each.staff for each in part.shifts)
    else:
        yield part.staff
        if isinstance(part, OverridePart) and part.instead_of:
            yield part.instead_of


def refuse_overlaps(roster: Sequence[RosterPart | RotationPart | TemporaryPart | OverridePart]) -> None:
    """Raise ValueError where a person stands twice at one time, or two temporary schedules share a moment."""
    lines = [each for each in roster if isinstance(each, RosterPart)]
    for one, other in itertools.combinations(lines, 2):
        if (one.duty, one.staff) == (other.duty, other.staff) and _share_a_minute(one, other):
            raise ValueError(f"roster: {one.staff} is on call as {one.duty} twice at the same time")
    special = [each for each in roster if isinstance(each, TemporaryPart | OverridePart)]
    for early, late in itertools.combinations(sorted(special, key=lambda each: each.begins), 2):
        if late.begins < early.ends and early.duty == late.duty and _same_thing(early, late):
            raise ValueError(f"roster: two entries of {early.duty} overlap on {late.begins:%Y-%m-%d %H:%M}")


def _same_thing(one: TemporaryPart | OverridePart, other: TemporaryPart | OverridePart) -> bool:
    if isinstance(one, OverridePart) and isinstance(other, OverridePart):
        return bool(set(people_of(one)) & set(people_of(other)))
    return isinstance(one, TemporaryPart) and isinstance(other, TemporaryPart)


def _share_a_minute(one: HoursPart, other: HoursPart) -> bool:
    if one.holidays is not other.holidays:
        return False
    return bool(_minutes(one) & _minutes(other))


def _minutes(part: HoursPart) -> set[int]:
    begins, ends = time.fromisoformat(part.begins), time.fromisoformat(part.ends)
    start = begins.hour * 60 + begins.minute
    length = (ends.hour * 60 + ends.minute - start) % (24 * 60) or 24 * 60
    firsts = [WEEKDAYS.index(day) * 24 * 60 + start for day in part.weekdays]
    return {(first + minute) % _WEEK for first in firsts for minute in range(length)}
