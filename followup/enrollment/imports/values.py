"""From the cells of a row to the fields of an enrollment request, in the words a request takes.

Only spellings are translated here (``Sí`` is a yes, ``Español`` is ``es``); whether a value is right is decided by
the one check that the form and the API use. It must never run or compute what looks like a formula, and never
choose between two readings of a date unless a person chose for the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from followup.enrollment.imports.columns import FIRST_NAME, LAST_NAME, Columns
from followup.enrollment.imports.reading import Record
from followup.enrollment.request import HOW_OBTAINED, EnrollmentRequest
from followup.kit.dates import DateError, DateOrder, DateQuestion, parse_date
from followup.kit.names import search_words

DATES = ("procedure.performed_on", "patient.birth_date")
_QUOTED_FORMULA = re.compile(r'="([^"]*)"')
# Undoes what our own file of bad rows puts before a cell that a spreadsheet would run.
_KEPT_TEXT = re.compile(r"'(?=[=+\-@＝＋－＠])")
_MIDNIGHT = re.compile(r"[ T]0?0:00(:00)?(\.0+)?$")

_WORDS: Mapping[str, str] = {
    "patient.language": "en: english, ingles, eng, en us|es: spanish, espanol, spa, castellano, es us, es mx",
    "procedure.harvest": "bone_marrow: bone marrow, marrow, bm, bma, bmac, medula, medula osea|"
    "fat: adipose, adipose tissue, liposuction, lipo, grasa, tejido adiposo",
    "channel": "sms: text, texts, mobile, phone, texto, mensaje|email: e mail, mail, correo",
    "consent.how": "in_person: in person, en persona|phone: by phone, telefono|paper: on paper, papel",
    "consent.sms": "yes: y, si, s, x, true, 1, on|no: n, false, 0, off",
}  # fmt: skip


def _table(words: str) -> dict[str, str]:
    found = {}
    for line in words.split("|"):
        meant, _, spellings = line.partition(":")
        found.update(dict.fromkeys((each.strip() for each in spellings.split(",")), meant))
    return found


_MEANT = {name: _table(words) for name, words in _WORDS.items()}
_MEANT["consent.email"] = _MEANT["confirmed"] = _MEANT["same_person"] = _MEANT["consent.sms"]
assert set(HOW_OBTAINED) >= set(_MEANT["consent.how"].values())


@dataclass(frozen=True, slots=True)
class Reading:
    """What a person has said about the whole file, and what every row gets that has no such column."""

    date_order: DateOrder | None = None
    spreadsheet_dates: bool = False
    given: Mapping[str, str] = field(default_factory=dict)


def request_of(record: Record, columns: Columns, reading: Reading) -> EnrollmentRequest:
    """Return the request of one row; what could not be translated is left as it was written, for the check."""
    fields = dict(reading.given)
    for name, cell in zip(columns.fields, record.cells, strict=True):
        if name is not None and (value := plain(cell)):
            fields[name] = _translated(name, value, reading)
    first, last = fields.pop(FIRST_NAME, ""), fields.pop(LAST_NAME, "")
    if "patient.name" not in fields and (first or last):
        fields["patient.name"] = f"{first} {last}".strip()
    if "channel" not in fields and "patient.phone" in fields:
        # A number that can't be read is one problem, not also a missing mail address.
        fields["channel"] = "sms"
    return EnrollmentRequest(fields)


def plain(cell: str) -> str:
    """Return a cell's text: a formula is text, ``="0415"`` is what a spreadsheet writes to keep digits."""
    text = _KEPT_TEXT.sub("", cell.strip(), count=1) if cell.strip()[:1] == "'" else cell.strip()
    quoted = _QUOTED_FORMULA.fullmatch(text)
    return quoted[1].strip() if quoted else text


def likely_order(cells: list[str]) -> DateOrder | None:
    """Return the order that the dates which allow one reading only agree on, to be offered, never used unasked."""
    found = {order for cell in cells if (order := _only_order(cell))}
    return found.pop() if len(found) == 1 else None


def _only_order(cell: str) -> DateOrder | None:
    readings: list[date | None] = []
    for order in DateOrder:
        try:
            readings.append(parse_date(cell, order=order))
        except DateError:
            readings.append(None)
    month_first, day_first = readings
    if (month_first is None) == (day_first is None):
        return None
    return DateOrder.MONTH_FIRST if month_first else DateOrder.DAY_FIRST


def _translated(name: str, value: str, reading: Reading) -> str:
    if name in DATES:
        return _date(value, reading)
    if name in _MEANT:
        return _MEANT[name].get(" ".join(search_words(value.replace("_", " "))), value.strip().lower())
    return value


def _date(value: str, reading: Reading) -> str:
    """Only a choice that a person made for the file settles a question; everything else goes to the check."""
    written = _MIDNIGHT.sub("", value)
    try:
        return parse_date(written, order=reading.date_order).isoformat()
    except DateQuestion as question:
        if question.code == "spreadsheet-serial" and reading.spreadsheet_dates:
            return question.candidates[0].isoformat()
        return written
    except DateError:
        return written
