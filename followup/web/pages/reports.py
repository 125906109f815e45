"""Reports: how patients answer, what became of messages, and how much was left to people; each also as a file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response

from followup.audit.record import Subject
from followup.errors import InvalidInput, NotFound
from followup.kit.cells import table
from followup.kit.plots import Plot, bars
from followup.reporting.period import Period, period
from followup.reporting.response import EARLY_ANCHOR, LATE_ANCHOR, by_language, by_step
from followup.reporting.traffic import Traffic, traffic
from followup.staff.rules import Permission
from followup.web.deps import Desk, at_desk
from followup.web.render import page

router = APIRouter()

DELIVERY_PARTS = ("arrived", "under way", "failed")


@router.get("/reports")
def show(request: Request, desk: Desk = at_desk(Permission.see_patients)) -> Response:
    """Show the last four weeks, or the days that were asked for."""
    typed = {name: request.query_params.get(name, "") for name in ("from", "to")}
    wrong: dict[str, str] = {}
    try:
        chosen = _period(desk, typed["from"], typed["to"])
    except InvalidInput as problem:
        wrong = {each.field: each.message for each in problem.problems}
        chosen = _period(desk, "", "")
    steps, counted = by_step(desk.session, chosen), traffic(desk.session, chosen)
    desk.saw("read reports", Subject("report"))
    return page(
        request,
        "pages/reports.html",
        status=422 if wrong else 200,
        desk=desk,
        chosen=chosen,
        typed=typed,
        wrong=wrong,
        steps=steps,
        languages=by_language(desk.session, chosen),
        traffic=counted,
        response_plot=bars(
            [f"{each.day}" for each in steps], [[each.share] for each in steps], highest=100, unit="%",
            levels=[(EARLY_ANCHOR, f"{EARLY_ANCHOR}%"), (LATE_ANCHOR, f"{LATE_ANCHOR}%")] if steps else (),
        ),
        delivery_plot=_delivery(counted),
    )  # fmt: skip


@router.get("/reports/{name}.csv")
def export(name: str, request: Request, desk: Desk = at_desk(Permission.see_patients)) -> Response:
    """Give one report as a file for a spreadsheet. Raises NotFound, InvalidInput."""
    chosen = _period(desk, request.query_params.get("from", ""), request.query_params.get("to", ""))
    head, rows = _rows(desk, name, chosen)
    desk.saw("export report", Subject("report"))
    return Response(
        table(head, rows), media_type="text/csv; charset=utf-8",
        headers={
            "content-disposition": f'attachment; filename="{name}-{chosen.first}-{chosen.last}.csv"'
        },
    )  # fmt: skip


def _period(desk: Desk, first: str, last: str) -> Period:
    return period(first, last, now=desk.now, zone=desk.zone)


def _delivery(counted: Traffic) -> Plot:
    return bars(
        [_short(each.day) for each in counted.days],
        [[each.arrived, each.under_way, each.failed] for each in counted.days],
        parts=DELIVERY_PARTS,
    )


def _short(day: date) -> str:
    return f"{day:%b} {day.day}"


def _rows(desk: Desk, name: str, chosen: Period) -> tuple[tuple[str, ...], Iterable[Iterable[object]]]:
    if name == "response":
        return ("step", "day", "asked", "answered", "percent", "median minutes"), (
            (each.name, each.day, each.asked, each.answered, round(each.share, 1), each.minutes)
            for each in by_step(desk.session, chosen)
        )
    counted = traffic(desk.session, chosen)
    match name:
        case "delivery":
            return ("day", *DELIVERY_PARTS), (
                (each.day.isoformat(), each.arrived, each.under_way, each.failed) for each in counted.days
            )
        case "tasks":
            return ("kind", "opened", "closed", "raised", "median hours"), (
                (each.kind, each.opened, each.closed, each.raised, each.hours) for each in counted.tasks
            )
        case "escalations":
            return ("tier", "opened", "minutes to accept", "minutes to contact", "minutes to close"), (
                (each.tier, each.opened, each.to_accept, each.to_contact, each.to_close)
                for each in counted.cases
            )
    raise NotFound
