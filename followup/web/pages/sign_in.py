"""Sign in and out.

An unknown address, a wrong password and a disabled person get the same answer after the same time. Where somebody
has a second factor, or the service asks for one, the password opens only the page of the second step.
"""

from __future__ import annotations

import time
import uuid
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.errors import InvalidInput
from followup.staff import limits, queries, sessions
from followup.staff.rules import ABSOLUTE_LIMIT
from followup.staff.second_factor import has_factor
from followup.staff.sign_in import SignInRefused, is_right
from followup.web.deps import Desk, at_desk, cookie_name, engine_of, house_of
from followup.web.forms import Fields, Posted
from followup.web.render import page

router = APIRouter()

# Longer than any difference between a known and an unknown address takes.
_REFUSED_AFTER_SECONDS = 0.3
NOBODY = uuid.UUID(int=0)


@router.get("/sign-in")
def show(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name of the field in the address
    """Show the form."""
    return page(
        request, "pages/sign_in.html", next=local_path(next), kept=[], ended=False, errors={}, values={}
    )


@router.post("/sign-in")
def sign_in(request: Request, fields: Posted) -> Response:
    """Check address and password; on success begin a new session and go where the person wanted to."""
    began = time.monotonic()
    try:
        token, is_open = _token(request, fields)
    except SignInRefused as refused:
        time.sleep(max(0.0, _REFUSED_AFTER_SECONDS - (time.monotonic() - began)))
        return page(
            request, "pages/sign_in.html", status=403, next=local_path(fields.text("next")), kept=kept_of(fields),
            ended=False, errors={"email": refused.message}, values={"email": fields.text("email")},
        )  # fmt: skip
    wanted, kept = local_path(fields.text("next")), kept_of(fields)
    if is_open:
        return enter(request, token, wanted=wanted, kept=kept)
    step = RedirectResponse(f"/sign-in/second-factor?next={quote(wanted, safe='/')}", status_code=303)
    if kept:
        form = page(
            request, "pages/second_factor.html", next=wanted, kept=kept, errors={}, factor=None, values={}
        )
        return enter(request, token, wanted=wanted, kept=kept, instead=form)
    return enter(request, token, wanted=wanted, kept=[], instead=step)


def enter(
    request: Request, token: str, *, wanted: str, kept: list[tuple[str, str]], instead: Response | None = None
) -> Response:
    """Hand the cookie of a session over with the answer: the page that was wanted, or another one first."""
    house = house_of(request)
    answer = instead or RedirectResponse(wanted, status_code=303)
    if kept and instead is None:
        answer = page(request, "pages/work_kept.html", next=wanted, kept=kept)
    answer.set_cookie(
        cookie_name(house), token, max_age=int(ABSOLUTE_LIMIT.total_seconds()), path="/", httponly=True,
        samesite="lax", secure=house.settings.public_url.startswith("https://"),
    )  # fmt: skip
    return answer


@router.post("/sign-out")
def sign_out(desk: Desk = at_desk()) -> Response:
    """End this session."""
    assert desk.session_id
    assert desk.actor.id
    sessions.end(desk.session, desk.session_id, staff_id=desk.actor.id, now=desk.now)
    answer = RedirectResponse("/sign-in?done=signed-out", status_code=303)
    answer.delete_cookie(cookie_name(desk.house), path="/")
    # What this browser still holds of our pages goes, too: the next person may sit down at the same screen.
    answer.headers["clear-site-data"] = '"cache", "storage"'
    return answer


def local_path(wanted: str) -> str:
    """Return a path of this service, whatever somebody wrote into the address; never another host."""
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_ours and "\\" not in wanted and len(wanted) < 500 else "/"


def _token(request: Request, fields: Fields) -> tuple[str, bool]:
    address, password = fields.text("email"), fields.get("password", "")
    if not address or not password:
        raise SignInRefused("Give your email address and your password.")
    house = house_of(request)
    with engine_of(request) as looking:
        limits.count_try(looking, address=address, place=request.client.host if request.client else "")
    with engine_of(request) as looking:
        found = queries.find_by_address(looking, address)
    # For nobody, the same work: a transaction of no clinic, and a hash that no password fits.
    staff_id = found.staff_id if found else None
    with house.database.transaction(found.clinic_id if found else NOBODY) as session:
        token, is_open = "", True
        if is_right(session, staff_id, password, now=house.clock.now()) and found:
            is_open = not (house.settings.asks_second_factor or has_factor(session, found.staff_id))
            token = sessions.begin(
                session, found.clinic_id, found.staff_id, now=house.clock.now(), is_open=is_open
            )
    if not token:
        raise SignInRefused
    return token, is_open


def kept_of(fields: Fields) -> list[tuple[str, str]]:
    """What was typed into another form when its session ended."""
    try:
        return parse_qsl(fields.get("kept", ""), keep_blank_values=True, max_num_fields=300)
    except ValueError:
        raise InvalidInput("kept", "What was kept can't be read any more.") from None
