"""The rows that were refused, as a file to mend and give again: each with its line and what is wrong.

Cells are written as they came, in UTF-8 and with commas, and such that no spreadsheet runs one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from followup.enrollment.imports.columns import OUR_COLUMNS
from followup.enrollment.imports.reading import Record, Sheet
from followup.kit.cells import safe_cell, table


def bad_rows_file(sheet: Sheet, refused: Iterable[tuple[Record, Sequence[str]]]) -> str:
    """Return the CSV text; columns of an earlier such file are replaced, not repeated."""
    kept = [at for at, name in enumerate(sheet.header) if name.strip().lower() not in OUR_COLUMNS]
    width = len(sheet.header)
    rows = []
    for record, reasons in refused:
        cells = _filled(record.cells, width)
        rest = [repr(each) for each in cells[width:] if each]
        told = [*reasons, f"Left over: {', '.join(rest)}."] if rest else reasons
        rows.append([*(cells[at] for at in kept), str(record.line), " ".join(told)])
    return table([*(safe_cell(sheet.header[at]) for at in kept), *OUR_COLUMNS], rows)


def _filled(cells: Sequence[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]
