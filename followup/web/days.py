"""The days a report page is asked for, and a report as a file: what every page of counts has in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fastapi import Request
from fastapi.responses import Response

from followup.audit.record import Subject
from followup.errors import InvalidInput
from followup.kit.cells import table
from followup.reporting.period import Period, period
from followup.web.deps import Desk

FIELDS = ("from", "to")


@dataclass(frozen=True, slots=True)
class Days:
    """The days that are shown, what was typed, and what is wrong with it at its field."""

    chosen: Period
    typed: Mapping[str, str]
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The status of a page that shows them."""
        return 422 if self.wrong else 200


def days_of(request: Request, desk: Desk) -> Days:
    """Return the days that were asked for, or the last four weeks beside what is wrong with them."""
    typed = {name: request.query_params.get(name, "") for name in FIELDS}
    try:
        return Days(_period(typed, desk), typed)
    except InvalidInput as problem:
        wrong = {each.field: each.message for each in problem.problems}
        return Days(_period({}, desk), typed, wrong)


def chosen_days(request: Request, desk: Desk) -> Period:
    """Return the days that were asked for. Raises InvalidInput at the field."""
    return _period(request.query_params, desk)


def as_file(
    desk: Desk, name: str, chosen: Period, *, head: tuple[str, ...], rows: Iterable[Iterable[object]]
) -> Response:
    """Give a report as a file for a spreadsheet, named for its days; that somebody took it is on record."""
    desk.saw("export report", Subject("report"))
    told = f'attachment; filename="{name}-{chosen.first}-{chosen.last}.csv"'
    return Response(
        table(head, rows), media_type="text/csv; charset=utf-8", headers={"content-disposition": told}
    )


def _period(typed: Mapping[str, str], desk: Desk) -> Period:
    return period(typed.get("from", ""), typed.get("to", ""), now=desk.now, zone=desk.zone)
