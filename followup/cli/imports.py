"""``followup import-patients``: enrolls the patients of a CSV file; may be stopped and started again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from followup.cli.speaking import say

if TYPE_CHECKING:
    from followup.enrollment.import_patients import Done, Row
    from followup.enrollment.imports.reading import Record

MOST_SHOWN = 10
REFUSED = 1


@dataclass(slots=True)
class _Tally:
    """What became of the rows so far; reasons are counted without what was in the rows."""

    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[Any, list[str]]] = field(default_factory=list)

    def add(self, records: Sequence[Record], done: Sequence[Done]) -> None:
        """Count a batch that was committed."""
        for record, each in zip(records, done, strict=True):
            self.outcomes[each.outcome.value] += 1
            self.warnings.update(each.warnings)
            if each.problems:
                self.reasons.update({problem.field for problem in each.problems})
                self.refused.append((record, [f"{one.field}: {one.message}" for one in each.problems]))


def import_patients(
    file: Annotated[
        Path, typer.Argument(help="a CSV file: UTF-8, UTF-16, Windows-1252; comma, semicolon, tab")
    ],
    clinic: Annotated[str, typer.Option(help="the clinic's slug")],
    mapping: Annotated[
        list[str] | None,
        typer.Option(help="what a column means, COLUMN=FIELD; again for more; FIELD -: none"),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", help="a value for every row without it, FIELD=VALUE; again for more"),
    ] = None,
    date_order: Annotated[
        str, typer.Option(help="month_first or day_first, for dates such as 3/4/2026")
    ] = "",
    spreadsheet_dates: Annotated[
        bool, typer.Option("--spreadsheet-dates", help="numbers such as 46123 are a spreadsheet's dates")
    ] = False,
    bad_rows: Annotated[
        Path | None, typer.Option(help="write the refused rows here, to mend and import")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="check and plan every row, save nothing")
    ] = False,
) -> None:
    """Enroll the patients of a file. The same file twice changes nothing. Exit code 1: rows were refused."""
    from followup.enrollment.imports.bad_rows import bad_rows_file
    from followup.enrollment.imports.columns import parse_mapping
    from followup.enrollment.imports.patient_file import open_patient_file

    reading = _reading(date_order, given or [], spreadsheet_dates=spreadsheet_dates)
    said = parse_mapping(mapping or [])
    found = open_patient_file(_bytes(file), said, reading, remembered=_remembered(clinic))
    for note in found.notes:
        say(note)
    began = time.monotonic()
    tally = _run(clinic, list(found.requests(reading)), dry_run=dry_run)
    _tell(tally, time.monotonic() - began, dry_run=dry_run)
    if not dry_run:
        _remember(clinic, said)
    if bad_rows and tally.refused:
        _write(bad_rows, bad_rows_file(found.sheet, tally.refused))
        say(f"The refused rows are in {bad_rows}. It holds patient data: mend it, import it, delete it.")
    if tally.refused:
        raise typer.Exit(REFUSED)


def _remembered(slug: str) -> dict[str, str]:
    from followup.bootstrap import open_house
    from followup.enrollment.remember_columns import remembered_columns
    from followup.setup.apply import clinic_of

    database = open_house().database
    clinic_id = clinic_of(database, slug)
    with database.transaction(clinic_id) as session:
        return remembered_columns(session, clinic_id)


def _remember(slug: str, said: dict[str, str]) -> None:
    from followup.bootstrap import open_house
    from followup.enrollment.remember_columns import remember_columns
    from followup.setup.apply import clinic_of

    database = open_house().database
    clinic_id = clinic_of(database, slug)
    with database.transaction(clinic_id) as session:
        remember_columns(session, clinic_id, said)


def _run(slug: str, requests: list[tuple[Any, Any]], *, dry_run: bool) -> _Tally:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from followup.audit.record import Actor
    from followup.bootstrap import open_house
    from followup.enrollment.import_patients import Row, import_rows, what_waits
    from followup.setup.apply import clinic_of

    house = open_house()
    clinic_id, library, tally = clinic_of(house.database, slug), house.library, _Tally()
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=Console(stderr=True),
    )  # fmt: skip
    seen: set[str] | None = set() if dry_run else None
    with bar:
        shown = bar.add_task("Checking" if dry_run else "Enrolling", total=len(requests))
        for batch in _batches(requests):
            rows: list[Row] = [Row(record.line, request, record.problem) for record, request in batch]
            with house.database.transaction(clinic_id) as session:
                done = import_rows(
                    session, clinic_id, rows, library=library, now=house.clock.now(),
                    actor=Actor("command line"), dry_run=dry_run, seen=seen,
                )  # fmt: skip
                waits = what_waits(session, done)
            tally.add([record for record, _ in batch], done)
            tally.waits.update(waits)
            bar.advance(shown, len(batch))
    return tally


def _batches(requests: list[tuple[Any, Any]]) -> Iterator[list[tuple[Any, Any]]]:
    from followup.enrollment.import_patients import BATCH

    for at in range(0, len(requests), BATCH):
        yield requests[at : at + BATCH]


def _reading(date_order: str, given: list[str], *, spreadsheet_dates: bool) -> Any:
    from followup.enrollment.imports.columns import SYNONYMS
    from followup.enrollment.imports.values import Reading
    from followup.errors import InvalidInput
    from followup.kit.dates import DateOrder

    if date_order and date_order not in set(DateOrder):
        raise InvalidInput("date-order", "Say month_first or day_first.")
    values = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or name not in SYNONYMS:
            raise InvalidInput(
                "set", f"{each!r}: write FIELD=VALUE; a field is one of {', '.join(SYNONYMS)}."
            )
        values[name] = value
    return Reading(DateOrder(date_order) if date_order else None, spreadsheet_dates, values)


def _bytes(file: Path) -> bytes:
    from followup.enrollment.imports.decode import MOST_BYTES
    from followup.errors import InvalidInput

    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidInput(str(file), f"can't be read: {error.strerror}") from None


def _write(file: Path, content: str) -> None:
    """The file holds patient data, so nobody else on the machine may read it."""
    from followup.errors import InvalidInput

    try:
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_text(content, encoding="utf-8", newline="")
    except OSError as error:
        raise InvalidInput(str(file), f"can't be written: {error.strerror}") from None


def _tell(tally: _Tally, seconds: float, *, dry_run: bool) -> None:
    total = sum(tally.outcomes.values())
    enrolled = tally.outcomes["enrolled"]
    print(f"{'would be enrolled' if dry_run else 'enrolled'}: {enrolled}")
    print(f"already there: {tally.outcomes['already there']}")
    print(f"refused: {tally.outcomes['refused']}")
    for name, count in tally.reasons.most_common():
        print(f"  {name}: {count}")
    for record, reasons in tally.refused[:MOST_SHOWN]:
        print(f"line {record.line}: {' '.join(reasons)}")
    if len(tally.refused) > MOST_SHOWN:
        print(f"... and {len(tally.refused) - MOST_SHOWN} more; --bad-rows FILE writes all of them")
    if tally.waits:
        print("contacts: " + ", ".join(f"{count} {state}" for state, count in sorted(tally.waits.items())))
    for words, count in tally.warnings.most_common(MOST_SHOWN):
        say(f"note ({count} rows): {words}")
    say(f"{total} rows in {seconds:.1f} s, {total / max(seconds, 0.001):.0f} rows/s")
