"""Tables for spreadsheets that can't be made to run anything.

A cell that begins like a formula is run by the program that opens the file; a quote in front keeps it text. Source:
OWASP ASVS 5.0, 1.2.10; full-width forms count, because spreadsheets read them like the narrow ones.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

_RUNS = frozenset("=+-@\t\r\n\0＝＋－＠")
# Excel takes a file without this mark for another encoding.
MARK = "\ufeff"


def safe_cell(value: object) -> str:
    """Return a value as text that no spreadsheet runs."""
    text = "" if value is None else str(value).replace("\0", "")
    return f"'{text}" if text[:1] in _RUNS else text


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a CSV file: comma, CRLF, every cell safe, with the mark that Excel needs."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(head)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return MARK + written.getvalue()
