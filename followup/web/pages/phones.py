"""Where a person proves that pages reach them: phones and addresses, a code, a test; and "I will be there"."""

from __future__ import annotations

import uuid

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.errors import Conflict, InvalidInput, NotFound
from followup.escalation.check_phones import send_code, send_test
from followup.staff.queries import staff_member
from followup.staff.readiness import own_points, readiness
from followup.staff.shift_reminders import confirm_shift, find_reminder, reminder
from followup.staff.verify import confirm_code
from followup.web.deps import Desk, at_desk, engine_of, house_of
from followup.web.forms import Posted
from followup.web.ids import Id
from followup.web.render import page

router = APIRouter()

WRONG_CODE = "That is not the code, or it is older than 15 minutes. Check it, or ask for a new one."


@router.get("/account/phones")
def show(request: Request, desk: Desk = at_desk()) -> Response:
    """Show one's own contact points and how ready they are."""
    return _page(request, desk)


@router.post("/account/phones/{point_id}/code")
def code(request: Request, point_id: Id, desk: Desk = at_desk()) -> Response:
    """Send a code to one of one's own."""
    try:
        with desk.attempt():
            send_code(desk.session, point_id, staff_id=_self(desk), now=desk.now, actor=desk.actor)
    except (InvalidInput, Conflict) as wrong:
        return _page(request, desk, wrong_at=point_id, wrong=wrong.message, status=422)
    return RedirectResponse("/account/phones?done=code-sent", status_code=303)


@router.post("/account/phones/{point_id}/confirm")
def confirm(request: Request, point_id: Id, fields: Posted, desk: Desk = at_desk()) -> Response:
    """Verify one of one's own with the code that was sent to it; a wrong try is counted."""
    if point_id not in {each.id for each in own_points(desk.session, _self(desk))}:
        raise NotFound
    if not confirm_code(desk.session, point_id, fields.text("code"), desk.now):
        return _page(request, desk, wrong_at=point_id, wrong=WRONG_CODE, status=422)
    return RedirectResponse("/account/phones?done=point-verified", status_code=303)


@router.post("/account/phones/{point_id}/test")
def try_out(request: Request, point_id: Id, desk: Desk = at_desk()) -> Response:
    """Send a test to one of one's own."""
    try:
        with desk.attempt():
            send_test(desk.session, point_id, staff_id=_self(desk), now=desk.now, actor=desk.actor)
    except InvalidInput as wrong:
        return _page(request, desk, wrong_at=point_id, wrong=wrong.message, status=422)
    return RedirectResponse("/account/phones?done=test-sent", status_code=303)


@router.get("/s/{token}")
def shift(request: Request, token: str) -> Response:
    """Show a shift and a button; changes nothing, because previews and scanners open links."""
    return _shift(request, token, confirms=False)


@router.post("/s/{token}")
def will_be_there(request: Request, token: str) -> Response:
    """Keep that the person whom the link was sent to will be there."""
    return _shift(request, token, confirms=True)


def _shift(request: Request, token: str, *, confirms: bool) -> Response:
    house = house_of(request)
    with engine_of(request) as looking:
        found = find_reminder(looking, token, now=house.clock.now())
    if found is None:
        raise NotFound("This link is not valid any more: the shift has begun. Sign in to see the roster.")
    clinic_id, reminder_id = found
    with house.database.transaction(clinic_id) as session:
        if confirms:
            confirm_shift(session, reminder_id, now=house.clock.now())
        told = reminder(session, reminder_id)
    return page(request, "pages/shift.html", token=token, told=told)


def _page(
    request: Request, desk: Desk, *, wrong_at: uuid.UUID | None = None, wrong: str = "", status: int = 200
) -> Response:
    me = _self(desk)
    return page(
        request, "pages/phones.html", status=status, desk=desk, points=own_points(desk.session, me),
        ready=readiness(desk.session, staff_member(desk.session, me), desk.now), wrong_at=wrong_at, wrong=wrong,
    )  # fmt: skip


def _self(desk: Desk) -> uuid.UUID:
    assert desk.actor.id
    return desk.actor.id
