"""The clinic file: one YAML document that says everything about a clinic, checked before a row is touched.

It is how a clinic is set up and changed (``followup clinic apply FILE``), in the demo too. Every problem is named
with its line. A clinic whose urgent number is not declared answered day and night is refused: every safety text
sends patients there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from followup.clinics.states import Channel
from followup.errors import FieldProblem, InvalidInput
from followup.kit.mail.address import MailAddressError, parse_address
from followup.kit.phone import PhoneError, parse_phone
from followup.kit.windows import Window, WindowError, ZoneError, zone
from followup.setup.roster_file import KINDS, WEEKDAYS, AnyPart, people_of, refuse_overlaps
from followup.staff.states import StaffRole

ANSWERED = "day and night"
DUTIES = ("nurse", "physician", "manager")

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Words = Annotated[str, Field(min_length=1, max_length=120)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _phone(text: str) -> str:
    try:
        return parse_phone(text).e164
    except PhoneError as problem:
        raise ValueError(problem.message) from None


def _email(text: str) -> str:
    try:
        return parse_address(text)
    except MailAddressError as problem:
        raise ValueError(problem.message) from None


class SyntheticPart(_Part):
    """Says that the clinic exists for the synthetic patient only: an invented number, and how often it writes."""

    patient_phone: str
    every_minutes: Annotated[int, Field(ge=1, le=60)] = 5

    @field_validator("patient_phone")
    @classmethod
    def _is_phone(cls, value: str) -> str:
        return _phone(value)


class ClinicPart(_Part):
    """Who the clinic is and when it works. Times are its own wall-clock times."""

    slug: Key
    name: Words
    short_name: Annotated[str, Field(min_length=2, max_length=20)]
    code: Annotated[str, Field(pattern=r"^[A-Z]{2,4}$")]
    time_zone: str
    urgent_phone: str
    urgent_phone_answered: str = ""
    office_phone: str
    text_hours: str = "09:00-20:00"
    open_hours: dict[str, list[str]]
    holidays: list[date] = []
    texts_per_day: Annotated[int, Field(ge=1, le=3)] = 1
    texts_per_week: Annotated[int, Field(ge=1, le=7)] = 3
    synthetic: SyntheticPart | None = None

    @field_validator("urgent_phone", "office_phone")
    @classmethod
    def _is_phone(cls, value: str) -> str:
        return _phone(value)

    @field_validator("time_zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            return zone(value).key
        except ZoneError as problem:
            raise ValueError(problem.message) from None

    @field_validator("text_hours")
    @classmethod
    def _is_window(cls, value: str) -> str:
        _window(value)
        return value

    @field_validator("open_hours")
    @classmethod
    def _are_hours(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        for day, spans in value.items():
            if day not in WEEKDAYS:
                raise ValueError(f"{day!r} is no weekday; write one of {', '.join(WEEKDAYS)}")
            for span in spans:
                _window(span)
        return value

    @model_validator(mode="after")
    def _is_answered(self) -> ClinicPart:
        if self.urgent_phone_answered != ANSWERED:
            raise ValueError(
                f"urgent_phone_answered must be {ANSWERED!r}: every safety text sends patients to"
                f" {self.urgent_phone}, so somebody has to answer it at any hour"
            )
        return self


def _window(text: str) -> Window:
    try:
        return Window.parse(text)
    except WindowError as problem:
        raise ValueError(problem.message) from None


class SenderPart(_Part):
    """A number or address the clinic writes from."""

    channel: Literal[Channel.sms, Channel.email]
    address: str
    messaging_service_sid: Annotated[str, Field(pattern=r"^MG[0-9a-f]{32}$")] | None = None
    rate_per_second: Annotated[float, Field(gt=0, le=500)] = 1.0

    @model_validator(mode="after")
    def _is_address(self) -> SenderPart:
        (_phone if self.channel is Channel.sms else _email)(self.address)
        return self


class PointPart(_Part):
    """A phone or address of a member of staff. ``verified`` says that somebody has seen it work."""

    channel: Channel
    address: str
    verified: bool = False

    @model_validator(mode="after")
    def _is_address(self) -> PointPart:
        (_email if self.channel is Channel.email else _phone)(self.address)
        return self


class StaffPart(_Part):
    """One member of staff."""

    key: Key
    name: Words
    role: StaffRole
    email: str
    password: Annotated[str, Field(min_length=12, max_length=256)] | None = None
    contact_points: list[PointPart] = []

    @field_validator("email")
    @classmethod
    def _is_email(cls, value: str) -> str:
        return _email(value)


Days = Annotated[int, Field(ge=30, le=36_500)]


class RetentionPart(_Part):
    """Days after which each kind of words is removed; a kind that is not named is kept. Not before 30 days."""

    messages: Days | None = None
    replies: Days | None = None
    files: Days | None = None
    events: Days | None = None
    # When the carrier is told to forget: not before the age of a backup that may still be restored.
    carrier: Annotated[int, Field(ge=2, le=400)] = 14


class ClinicFile(_Part):
    """A whole clinic file."""

    clinic: ClinicPart
    senders: Annotated[list[SenderPart], Field(min_length=1)]
    staff: Annotated[list[StaffPart], Field(min_length=1)]
    roster: list[AnyPart] = []
    roster_weeks: Annotated[int, Field(ge=1, le=53)] = 12
    escalation: dict[str, Any] | None = None
    retention: RetentionPart = RetentionPart()

    @model_validator(mode="after")
    def _names_known_people(self) -> ClinicFile:
        keys = [each.key for each in self.staff]
        doubled = sorted({key for key in keys if keys.count(key) > 1})
        if doubled:
            raise ValueError(f"staff: {', '.join(doubled)} stands there twice")
        if self.clinic.synthetic is not None and len(self.staff) != 1:
            raise ValueError("clinic.synthetic: such a clinic has one person, the sink of its pages")
        for line in self.roster:
            for key in people_of(line):
                if key not in keys:
                    raise ValueError(f"roster: {key!r} is not among the staff of this file")
        refuse_overlaps(self.roster)
        return self


@dataclass(frozen=True, slots=True)
class _Lines:
    """Where each key of the document stands, so that a problem can name its line."""

    by_path: Mapping[tuple[str | int, ...], int]

    def of(self, path: tuple[str | int, ...]) -> int:
        while path and path not in self.by_path:
            path = path[:-1]
        return self.by_path.get(path, 1)


def read_clinic_file(path: Path) -> ClinicFile:
    """Read and check a clinic file. Raises InvalidInput; each problem's field is ``file:line``."""
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput(str(path), f"can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidInput(str(path), "is not UTF-8 text") from None
    return parse_clinic_file(content, name=path.name)


def parse_clinic_file(content: str, *, name: str) -> ClinicFile:
    """Check the text of a clinic file. Raises InvalidInput; each problem's field is ``name:line``."""
    try:
        tree = yaml.compose(content, Loader=yaml.SafeLoader)
        document = yaml.safe_load(content)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "this is not YAML"
        raise InvalidInput(f"{name}:{line}", str(problem)) from None
    if not isinstance(document, dict):
        raise InvalidInput(f"{name}:1", "a clinic file begins with 'clinic:'")
    lines = _Lines(dict(_positions(tree, ())))
    try:
        return ClinicFile.model_validate(document)
    except ValidationError as error:
        raise InvalidInput([_problem(name, lines, each) for each in error.errors()]) from None


def _problem(name: str, lines: _Lines, error: Any) -> FieldProblem:
    # The kind of a roster entry is ours, not a key of the document.
    path = tuple(each for each in error["loc"] if each not in (*KINDS, "line") or error["loc"][-1] == each)
    where = ".".join(str(part) for part in path) or "file"
    message = re.sub(r"^Value error, ", "", error["msg"])
    return FieldProblem(f"{name}:{lines.of(path)}", f"{where}: {message}")


def _positions(node: Any, path: tuple[str | int, ...]) -> list[tuple[tuple[str | int, ...], int]]:
    if node is None:
        return []
    found = [(path, node.start_mark.line + 1)]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            found.append(((*path, key.value), key.start_mark.line + 1))
            found += _positions(value, (*path, key.value))[1:]
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            found += _positions(value, (*path, index))
    return found
