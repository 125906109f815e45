"""From text to records with their line numbers, strictly.

The parser behind it accepts an unclosed quote by swallowing the rest of the file into one field, which would be one
patient with everybody's data; here that refuses the file and names the line. It must never drop a record: one with
too many or too few fields is kept, with its reason, so that the others can go on.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from followup.enrollment.imports.columns import known_columns
from followup.errors import InvalidInput

MOST_ROWS = 100_000
LONGEST_FIELD = 131_072  # characters; the parser's own limit, past which it stops
DELIMITERS = (",", ";", "\t", "|")
_SPREADSHEET_HINT = re.compile(r"sep=([,;|\t])\r?\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the file and the line it begins on; ``problem`` if it does not fit the header."""

    line: int
    cells: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A header and the records under it."""

    delimiter: str
    header: tuple[str, ...]
    records: tuple[Record, ...]


def read(text: str) -> Sheet:
    """Return every record with its line; raises InvalidInput at ``file`` for what can't be read safely."""
    hint = _SPREADSHEET_HINT.match(text)
    first = 2 if hint else 1
    rest = text[hint.end() :] if hint else text
    delimiter = hint[1] if hint else _delimiter(rest)
    lines = _records(rest, delimiter, first)
    header_at, header = next(lines, (first, []))
    if not header:
        raise InvalidInput("file", "The file is empty.")
    records: list[Record] = []
    for line, cells in lines:
        if len(records) == MOST_ROWS:
            raise InvalidInput("file", f"The file has more than {MOST_ROWS:,} rows. Split it into several.")
        records.append(_record(line, cells, len(header)))
    if not records:
        raise InvalidInput("file", f"There is only a header, on line {header_at}, and no patient under it.")
    return Sheet(delimiter, tuple(cell.strip() for cell in header), tuple(records))


def _delimiter(text: str) -> str:
    """The one that makes most known columns of the first line; of equals the one that makes most columns."""
    start = text.lstrip("\r\n").splitlines()[0]
    found = []
    for candidate in DELIMITERS:
        cells = next(csv.reader([start], delimiter=candidate), [])
        found.append((known_columns(cells), len(cells), candidate))
    best = max(score[:2] for score in found)
    return next(candidate for *score, candidate in found if tuple(score) == best)


def _records(text: str, delimiter: str, first: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the line each record begins on and its cells; lines without anything are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + first
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as wrong:
            raise InvalidInput("file", _words(str(wrong), line)) from None
        if any(cell.strip() for cell in cells):
            yield line, cells


def _words(wrong: str, line: int) -> str:
    if "field larger" in wrong:
        return (
            f"In the record that begins on line {line} a field is longer than {LONGEST_FIELD:,} characters."
            " Perhaps a quote is not closed there."
        )
    if "unexpected end" in wrong:
        return f"In the record that begins on line {line} a quote is opened and never closed."
    return f"In the record that begins on line {line} a quote stands where none belongs."


def _record(line: int, cells: list[str], wanted: int) -> Record:
    if len(cells) == wanted:
        return Record(line, tuple(cells))
    if len(cells) > wanted and not any(cell.strip() for cell in cells[wanted:]):
        return Record(line, tuple(cells[:wanted]))
    told = f"This row has {len(cells)} field{'' if len(cells) == 1 else 's'}; the header has {wanted}."
    return Record(line, tuple(cells), told)
