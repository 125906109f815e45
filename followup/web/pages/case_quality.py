"""Escalations > Quality: how fast people were against the clinic's targets, and which rules ask too much."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter, Request
from fastapi.responses import Response

from followup.audit.record import Subject
from followup.errors import InvalidInput, NotFound
from followup.kit.cells import table
from followup.kit.plots import bars
from followup.reporting.case_quality import Group, Quality, quality
from followup.reporting.period import Period, period
from followup.staff.rules import Permission
from followup.web.deps import Desk, at_desk
from followup.web.render import page

router = APIRouter(prefix="/escalations/quality")

# Below this the axis would count in parts of a case.
LEAST_AXIS = 4
TIME_HEAD = (
    "cases", "minutes to accept", "percent accepted in time", "minutes from accepted to contacted",
    "percent contacted in time", "percent closed in time", "pages per case",
)  # fmt: skip
RULE_HEAD = ("rule", "cases", "closed", "needed something", "false alarms", "percent that needed something")


@router.get("")
def show(request: Request, desk: Desk = at_desk(Permission.see_escalations)) -> Response:
    """Show the last four weeks, or the days that were asked for."""
    typed = {name: request.query_params.get(name, "") for name in ("from", "to")}
    wrong: dict[str, str] = {}
    try:
        chosen = _period(desk, typed["from"], typed["to"])
    except InvalidInput as problem:
        wrong = {each.field: each.message for each in problem.problems}
        chosen = _period(desk, "", "")
    found = quality(desk.session, chosen)
    desk.saw("read reports", Subject("report"))
    return page(
        request, "pages/case_quality.html", status=422 if wrong else 200, desk=desk, chosen=chosen, typed=typed,
        wrong=wrong, found=found,
        plot=bars(
            [each.name for each in found.hours], [[each.cases] for each in found.hours], parts=("cases",),
            highest=max([LEAST_AXIS, *(each.cases for each in found.hours)]),
        ),
    )  # fmt: skip


@router.get("/{name}.csv")
def export(name: str, request: Request, desk: Desk = at_desk(Permission.see_escalations)) -> Response:
    """Give one table as a file for a spreadsheet. Raises NotFound, InvalidInput."""
    chosen = _period(desk, request.query_params.get("from", ""), request.query_params.get("to", ""))
    head, rows = _rows(name, quality(desk.session, chosen))
    desk.saw("export report", Subject("report"))
    return Response(
        table(head, rows), media_type="text/csv; charset=utf-8",
        headers={
            "content-disposition": f'attachment; filename="cases-{name}-{chosen.first}-{chosen.last}.csv"'
        },
    )  # fmt: skip


def _rows(name: str, found: Quality) -> tuple[tuple[str, ...], Iterable[Iterable[object]]]:
    match name:
        case "tiers":
            return ("tier", *TIME_HEAD), map(_cells, (*found.tiers, found.whole))
        case "hours":
            return ("hour", *TIME_HEAD), map(_cells, found.hours)
        case "rules":
            return RULE_HEAD, (
                (
                    each.rule,
                    each.cases,
                    each.closed,
                    each.needed_something,
                    each.false_alarms,
                    _round(each.share),
                )
                for each in found.rules
            )
    raise NotFound


def _cells(group: Group) -> tuple[object, ...]:
    return (
        group.name, group.cases, _round(group.accept_minutes), _round(group.accepted_in_time),
        _round(group.contact_minutes), _round(group.contacted_in_time), _round(group.documented_in_time),
        _round(group.pages_each),
    )  # fmt: skip


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _period(desk: Desk, first: str, last: str) -> Period:
    return period(first, last, now=desk.now, zone=desk.zone)
