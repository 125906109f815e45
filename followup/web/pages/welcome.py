"""Behind an invitation or a reset link is a form: opening it changes nothing, sending it sets the password."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.errors import InvalidInput, NotFound
from followup.staff.links import FoundLink, find_staff_link, use_link
from followup.web.deps import engine_of, house_of
from followup.web.forms import Posted
from followup.web.render import page

router = APIRouter()

GONE = "This link is not valid any more. Ask the administrator of your clinic for a new one."


@router.get("/welcome/{token}")
def show(request: Request, token: str) -> Response:
    """Show the form for a password."""
    _found(request, token)
    return page(request, "pages/welcome.html", token=token, errors={}, values={})


@router.post("/welcome/{token}")
def set_one(request: Request, token: str, fields: Posted) -> Response:
    """Set the password and end the link; the person then signs in like everybody."""
    found, house = _found(request, token), house_of(request)
    try:
        with house.database.transaction(found.clinic_id) as session:
            use_link(session, found, fields.get("password", ""), now=house.clock.now())
    except InvalidInput as wrong:
        errors = {each.field: each.message for each in wrong.problems}
        return page(request, "pages/welcome.html", status=422, token=token, errors=errors, values={})
    return RedirectResponse("/sign-in?done=password-set", status_code=303)


def _found(request: Request, token: str) -> FoundLink:
    with engine_of(request) as looking:
        found = find_staff_link(looking, token)
    if found is None:
        raise NotFound(GONE)
    return found
