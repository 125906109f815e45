"""Where a person sees and ends their own sign-ins."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.staff import sessions
from followup.staff.second_factor import has_factor
from followup.web.deps import Desk, at_desk
from followup.web.ids import Id
from followup.web.render import page

router = APIRouter()


@router.get("/account")
def show(request: Request, desk: Desk = at_desk()) -> Response:
    """List where this person is signed in."""
    assert desk.actor.id
    found = sessions.open_sessions(desk.session, desk.actor.id)
    return page(
        request,
        "pages/account.html",
        desk=desk,
        sessions=found,
        has_factor=has_factor(desk.session, desk.actor.id),
    )


@router.post("/account/sessions/{session_id}/end")
def end(session_id: Id, desk: Desk = at_desk()) -> Response:
    """End one of this person's own sign-ins."""
    assert desk.actor.id
    sessions.end(desk.session, session_id, staff_id=desk.actor.id, now=desk.now)
    where = "/sign-in?done=signed-out" if session_id == desk.session_id else "/account?done=session-ended"
    return RedirectResponse(where, status_code=303)
