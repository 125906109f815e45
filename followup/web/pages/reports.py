"""Reports: how patients answer, what became of messages, and how much was left to people; each also as a file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response

from followup.audit.record import Subject
from followup.errors import NotFound
from followup.kit.plots import Plot, bars
from followup.reporting.case_quality import quality
from followup.reporting.period import Period
from followup.reporting.response import EARLY_ANCHOR, LATE_ANCHOR, by_language, by_step
from followup.reporting.traffic import Traffic, traffic
from followup.staff.rules import Permission
from followup.web.days import as_file, chosen_days, days_of
from followup.web.deps import Desk, at_desk
from followup.web.render import page

router = APIRouter()

DELIVERY_PARTS = ("arrived", "under way", "failed")


@router.get("/reports")
def show(request: Request, desk: Desk = at_desk(Permission.see_patients)) -> Response:
    """Show the last four weeks, or the days that were asked for."""
    days = days_of(request, desk)
    chosen = days.chosen
    steps, counted = by_step(desk.session, chosen), traffic(desk.session, chosen)
    desk.saw("read reports", Subject("report"))
    return page(
        request,
        "pages/reports.html",
        status=days.status,
        desk=desk,
        days=days,
        steps=steps,
        languages=by_language(desk.session, chosen),
        traffic=counted,
        tiers=quality(desk.session, chosen).tiers,
        response_plot=bars(
            [f"{each.day}" for each in steps], [[each.share] for each in steps], highest=100, unit="%",
            levels=[(EARLY_ANCHOR, f"{EARLY_ANCHOR}%"), (LATE_ANCHOR, f"{LATE_ANCHOR}%")] if steps else (),
        ),
        delivery_plot=_delivery(counted),
    )  # fmt: skip


@router.get("/reports/{name}.csv")
def export(name: str, request: Request, desk: Desk = at_desk(Permission.see_patients)) -> Response:
    """Give one report as a file for a spreadsheet. Raises NotFound, InvalidInput."""
    chosen = chosen_days(request, desk)
    head, rows = _rows(desk, name, chosen)
    return as_file(desk, name, chosen, head=head, rows=rows)


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
    if name == "escalations":
        return ("tier", "opened", "minutes to accept", "minutes to contact", "percent accepted in time"), (
            (each.name, each.cases, each.accept_minutes, each.contact_minutes, each.accepted_in_time)
            for each in quality(desk.session, chosen).tiers
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
    raise NotFound
