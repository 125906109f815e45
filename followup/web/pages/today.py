"""The first screen: what needs a person now."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.reporting.outages import SHOWN_ON_TODAY, outages
from followup.reporting.sending import sending
from followup.reporting.today import today
from followup.staff.rules import Permission
from followup.web.deps import Desk, at_desk
from followup.web.render import page

router = APIRouter()


@router.get("/")
def show(request: Request, desk: Desk = at_desk()) -> Response:
    """Show what is open, overdue, unread, late, not sent, and who is on call."""
    if not desk.may(Permission.see_patients) and desk.may(Permission.manage_staff):
        return RedirectResponse("/staff", status_code=303)
    desk.require(Permission.see_patients)
    return page(
        request, "pages/today.html", desk=desk, today=today(desk.session, desk.now),
        sending=sending(desk.session, desk.clinic_id, desk.now),
        outages=outages(desk.session, since=desk.now - SHOWN_ON_TODAY, now=desk.now),
    )  # fmt: skip
