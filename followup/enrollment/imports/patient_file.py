"""A file of patients, understood as far as it can be without looking anybody up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from followup.enrollment.imports.columns import Columns, map_columns
from followup.enrollment.imports.decode import decode
from followup.enrollment.imports.reading import Record, Sheet, read
from followup.enrollment.imports.values import DATES, Reading, likely_order, request_of
from followup.enrollment.request import EnrollmentRequest

_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True)
class PatientFile:
    """A file that can be imported: its rows, what each column means, and what was assumed, in sentences."""

    sheet: Sheet
    columns: Columns
    notes: tuple[str, ...]

    def requests(self, reading: Reading) -> Iterator[tuple[Record, EnrollmentRequest]]:
        """Yield every row with the request it makes; one that does not fit the header makes an empty one."""
        for record in self.sheet.records:
            yield (
                record,
                EnrollmentRequest({}) if record.problem else request_of(record, self.columns, reading),
            )


def open_patient_file(
    data: bytes, said: Mapping[str, str], reading: Reading, *, remembered: Mapping[str, str] | None = None
) -> PatientFile:
    """Decode, read and map a file; raises InvalidInput with everything that stands in the way of its rows."""
    decoded = decode(data)
    sheet = read(decoded.text)
    columns = map_columns(sheet.header, said, given=frozenset(reading.given), remembered=remembered)
    notes = [decoded.assumed] if decoded.assumed else []
    notes.append(
        f"{len(sheet.records):,} rows in {decoded.encoding}, separated by {_NAMES[sheet.delimiter]}."
    )
    if columns.left_out:
        notes.append(f"Left out: {', '.join(columns.left_out)}.")
    notes.extend(_date_notes(sheet, columns, reading))
    return PatientFile(sheet, columns, tuple(notes))


def _date_notes(sheet: Sheet, columns: Columns, reading: Reading) -> list[str]:
    if reading.date_order is not None:
        return []
    dates = [
        record.cells[at]
        for at, field in enumerate(columns.fields)
        if field in DATES
        for record in sheet.records
        if not record.problem
    ]
    order = likely_order(dates)
    if order is None:
        return []
    words = order.value.replace("_", " ")
    return [
        f"The dates in this file that can be read in one way only are {words}. If all are, say so: {order}."
    ]
