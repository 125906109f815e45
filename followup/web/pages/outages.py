"""Outages: when the service or the clinic's sending stood still, what was late then, and which replies waited."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from followup.audit.record import Subject
from followup.reporting.after_outage import MOST_SHOWN, report
from followup.reporting.outages import outages
from followup.staff.rules import Permission
from followup.web.deps import Desk, at_desk
from followup.web.render import page

router = APIRouter()

LOOK_BACK = timedelta(days=30)
MOST_OUTAGES = 10


@router.get("/outages")
def show(request: Request, desk: Desk = at_desk(Permission.see_patients)) -> Response:
    """Show the outages of the last thirty days, the newest first, each with its report."""
    found = outages(desk.session, since=desk.now - LOOK_BACK, now=desk.now)
    reports = [report(desk.session, each, now=desk.now) for each in found[:MOST_OUTAGES]]
    desk.saw("read outages", Subject("report"))
    return page(
        request, "pages/outages.html", desk=desk, reports=reports, count=len(found), most=MOST_SHOWN
    )  # fmt: skip
