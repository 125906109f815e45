"""Dates and times as people and spreadsheets write them.

A procedure date that was guessed wrong moves every text of a recovery, so what can be read in two ways is a
question to the person, never a guess: ``3/4/2026`` may be March or April, ``46123`` a spreadsheet's day number.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

EARLIEST_YEAR, LATEST_YEAR = 1900, 2100
SPREADSHEET_EPOCH = date(1899, 12, 30)
# A procedure is confirmed when it is older than the longest pathway or further ahead than clinics book.
PAST_TO_CONFIRM = timedelta(days=90)
FUTURE_TO_CONFIRM = timedelta(days=180)
OLDEST_PERSON = 120

_ISO = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$")
_NUMERIC = re.compile(r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{2}|\d{4})$")
_SERIAL = re.compile(r"^\d{5}(?:\.\d+)?$")
_DAY_FIRST = re.compile(r"^(\d{1,2})(?:st|nd|rd|th)?\.?[ -](?:de )?([a-z]+)\.?,?[ -](?:de )?(\d{4})$")
_MONTH_FIRST = re.compile(r"^([a-z]+)\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})$")
_TIME = re.compile(r"^(\d{1,2})(?::(\d{2}))?(?::(\d{2}))?\s*([ap])?\.?\s*(?:m\.?)?$", re.IGNORECASE)

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january ene enero",
            "feb february febrero",
            "mar march marzo",
            "apr april abr abril",
            "may mayo",
            "jun june junio",
            "jul july julio",
            "aug august ago agosto",
            "sep sept september septiembre setiembre",
            "oct october octubre",
            "nov november noviembre",
            "dec december dic diciembre",
        ),
        start=1,
    )
    for name in names.split()
}


class DateOrder(StrEnum):
    """How the numbers of a date are ordered, once a person has said so for the whole file."""

    MONTH_FIRST = "month_first"
    DAY_FIRST = "day_first"


class DateError(ValueError):
    """A date that was refused; ``code`` for programs, the message for the person who typed it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class DateQuestion(DateError):
    """A date that needs a person: ``candidates`` holds what it may be, most likely first."""

    def __init__(self, code: str, message: str, *candidates: date) -> None:
        super().__init__(code, message)
        self.candidates = candidates


@dataclass(frozen=True, slots=True)
class LocalMoment:
    """A wall-clock moment; ``local_time`` is None if only a date was written."""

    local_date: date
    local_time: time | None


def parse_date(text: str, *, order: DateOrder | None = None) -> date:
    """Return the date of one cell or field.

    Read without a question: ISO (2026-03-04), a written month in English or Spanish, numbers that fit one order
    only (03/25/2026). Raises DateQuestion for two readings or a spreadsheet's day number, DateError otherwise.
    """
    written = " ".join(text.strip().split())
    if not written:
        raise DateError("empty", "Give a date.")
    if found := _ISO.match(written):
        year, month, day = (int(part) for part in found.groups())
        return _real_date(year, month, day, written)
    if _SERIAL.match(written):
        meant = SPREADSHEET_EPOCH + timedelta(days=int(written.split(".")[0]))
        asked = (
            f"{written} looks like a spreadsheet's number for {meant:%B} {meant.day}, {meant.year}. Is it?"
        )
        raise DateQuestion("spreadsheet-serial", asked, meant)
    if found := _NUMERIC.match(written):
        return _from_numbers(found, written, order)
    return _from_words(written)


def parse_time(text: str) -> time:
    """Return a wall-clock time from ``9:00``, ``14:30``, ``9 am`` or ``2:30 p.m.``. Raises DateError."""
    found = _TIME.match(text.strip())
    if not found or (found[2] is None and found[4] is None):
        raise DateError("time", "Give a time such as 9:00 or 2:30 pm.")
    hour, minute, second = (int(part or 0) for part in found.group(1, 2, 3))
    if found[4]:
        if not 1 <= hour <= 12:
            raise DateError("time", f"{text.strip()!r} is not a time.")
        hour = hour % 12 + (12 if found[4].lower() == "p" else 0)
    try:
        return time(hour, minute, second)
    except ValueError:
        raise DateError("time", f"{text.strip()!r} is not a time.") from None


def parse_moment(text: str, *, where: ZoneInfo) -> LocalMoment:
    """Return the local date and time at ``where`` of an ISO timestamp or a date.

    A timestamp with an offset is turned into wall-clock time there; one without is wall-clock time already.
    """
    written = text.strip()
    if "T" not in written and ":" not in written:
        return LocalMoment(parse_date(written), None)
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise DateError("timestamp", "Give a date, or a date and time such as 2026-03-04T09:30.") from None
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise DateError("year", f"The year {moment.year} cannot be right.")
    if moment.tzinfo is not None:
        moment = moment.astimezone(where)
    return LocalMoment(moment.date(), moment.time().replace(tzinfo=None, fold=0))


def check_procedure_date(performed_on: date, *, today: date, confirmed: bool = False) -> date:
    """Return the date, or ask about one that lies unusually far from ``today`` (local). Raises DateQuestion."""
    if not confirmed and performed_on < today - PAST_TO_CONFIRM:
        raise DateQuestion("far-past", f"{performed_on:%B %-d, %Y} is long ago. Is it right?", performed_on)
    if not confirmed and performed_on > today + FUTURE_TO_CONFIRM:
        raise DateQuestion(
            "far-future", f"{performed_on:%B %-d, %Y} is far ahead. Is it right?", performed_on
        )
    return performed_on


def check_birth_date(born_on: date, *, performed_on: date, today: date) -> date:
    """Return the birth date of a person who can have had the procedure. Raises DateError."""
    if born_on > performed_on:
        raise DateError("born-after", "The birth date is after the procedure.")
    if born_on > today:
        raise DateError("born-later", "The birth date is in the future.")
    if today.year - born_on.year > OLDEST_PERSON:
        raise DateError("too-old", f"Nobody is older than {OLDEST_PERSON} years. Please check the year.")
    return born_on


def _real_date(year: int, month: int, day: int, written: str) -> date:
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise DateError("year", f"The year in {written!r} cannot be right.")
    try:
        return date(year, month, day)
    except ValueError:
        raise DateError("no-such-date", f"{written!r} is not a date that exists.") from None


def _from_numbers(found: re.Match[str], written: str, order: DateOrder | None) -> date:
    first, second, year = (int(part) for part in found.groups())
    if len(found[3]) == 2:
        raise DateError("two-digit-year", "Write the year with four digits.")
    if order is None and first <= 12 and second <= 12 and first != second:
        either = (_real_date(year, first, second, written), _real_date(year, second, first, written))
        raise DateQuestion(
            "ambiguous",
            f"Is {written} {either[0]:%B %-d} or {either[1]:%B %-d}? Write it as 2026-03-14.",
            *either,
        )
    day_first = order is DateOrder.DAY_FIRST if order else first > 12
    month, day = (second, first) if day_first else (first, second)
    return _real_date(year, month, day, written)


def _from_words(written: str) -> date:
    apart = unicodedata.normalize("NFKD", written.casefold())
    folded = "".join(char for char in apart if not unicodedata.combining(char))
    for pattern, groups in ((_DAY_FIRST, (3, 2, 1)), (_MONTH_FIRST, (3, 1, 2))):
        found = pattern.match(folded)
        if found and found[groups[1]] in _MONTHS:
            return _real_date(
                int(found[groups[0]]), _MONTHS[found[groups[1]]], int(found[groups[2]]), written
            )
    raise DateError("unreadable", "Write the date as year-month-day, such as 2026-03-14.")
