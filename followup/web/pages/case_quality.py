"""Escalations > Quality: how fast people were against the clinic's targets, and which rules ask too much."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter, Request
from fastapi.responses import Response

from followup.audit.record import Subject
from followup.errors import NotFound
from followup.kit.plots import bars
from followup.reporting.case_quality import Group, Quality, quality
from followup.staff.rules import Permission
from followup.web.days import as_file, chosen_days, days_of
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
    days = days_of(request, desk)
    found = quality(desk.session, days.chosen)
    desk.saw("read reports", Subject("report"))
    return page(
        request, "pages/case_quality.html", status=days.status, desk=desk, days=days, found=found,
        plot=bars(
            [each.name for each in found.hours], [[each.cases] for each in found.hours], parts=("cases",),
            highest=max([LEAST_AXIS, *(each.cases for each in found.hours)]),
        ),
    )  # fmt: skip


@router.get("/{name}.csv")
def export(name: str, request: Request, desk: Desk = at_desk(Permission.see_escalations)) -> Response:
    """Give one table as a file for a spreadsheet. Raises NotFound, InvalidInput."""
    chosen = chosen_days(request, desk)
    head, rows = _rows(name, quality(desk.session, chosen))
    return as_file(desk, f"cases-{name}", chosen, head=head, rows=rows)


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
