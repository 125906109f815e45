"""The second step of signing in, and everything about one's own second factor, password and recovery codes.

A session that waits for its second factor opens these pages and nothing else. Sensitive changes ask for a proof
that is minutes old, because a screen may have been left open.
"""

from __future__ import annotations

import uuid
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from followup.errors import InvalidInput
from followup.staff import limits, second_factor, sessions
from followup.staff.sign_in import SignInRefused, TooManyTries, is_right, set_password
from followup.web.deps import Desk, at_desk, at_door, engine_of, person_of
from followup.web.forms import Posted
from followup.web.pages.sign_in import enter, kept_of, local_path
from followup.web.render import page

router = APIRouter()

WRONG_CODE = "This code does not fit, or it was used before. Wait for the next one."


@router.get("/sign-in/second-factor")
def show(request: Request, next: str = "/", desk: Desk = at_door()) -> Response:  # noqa: A002 - name in the address
    """Ask for the code, or help to add a second factor."""
    return _second_step(request, desk, local_path(next), kept=[], errors={})


@router.post("/sign-in/second-factor")
def finish(request: Request, fields: Posted, desk: Desk = at_door()) -> Response:
    """Check the code and open the session under a new token."""
    person, session_id = person_of(desk)
    wanted, kept = local_path(fields.text("next")), kept_of(fields)
    try:
        _count(request, person)
    except TooManyTries as wrong:
        return _second_step(request, desk, wanted, kept=kept, errors={"code": wrong.message})
    if not second_factor.is_right_code(desk.session, person, fields.text("code"), now=desk.now):
        return _second_step(request, desk, wanted, kept=kept, errors={"code": WRONG_CODE})
    token = sessions.replace(desk.session, session_id, now=desk.now)
    return enter(request, token, wanted=wanted, kept=kept)


@router.post("/sign-in/second-factor/add")
def add_at_door(request: Request, fields: Posted, desk: Desk = at_door()) -> Response:
    """Let a new second factor count, show the recovery codes, and open the session."""
    person, session_id = person_of(desk)
    wanted, kept = local_path(fields.text("next")), kept_of(fields)
    try:
        _count(request, person)
        codes = second_factor.confirm(desk.session, person, fields.text("code"), now=desk.now)
    except (InvalidInput, TooManyTries) as wrong:
        return _second_step(request, desk, wanted, kept=kept, errors={"code": _words(wrong)})
    token = sessions.replace(desk.session, session_id, now=desk.now)
    shown = page(request, "pages/recovery_codes.html", codes=codes, next=wanted)
    return enter(request, token, wanted=wanted, kept=kept, instead=shown)


@router.get("/account/second-factor")
def show_own(request: Request, desk: Desk = at_desk()) -> Response:
    """Help to add a second factor to an account that has none."""
    person, session_id = person_of(desk)
    if not sessions.is_proved(desk.session, session_id):
        return prove_first("/account/second-factor")
    return _own(request, desk, person, errors={})


@router.post("/account/second-factor")
def add_own(request: Request, fields: Posted, desk: Desk = at_desk()) -> Response:
    """Let a new second factor count and show the recovery codes."""
    person, session_id = person_of(desk)
    if not sessions.is_proved(desk.session, session_id):
        return prove_first("/account/second-factor")
    try:
        _count(request, person)
        codes = second_factor.confirm(desk.session, person, fields.text("code"), now=desk.now)
    except (InvalidInput, TooManyTries) as wrong:
        return _own(request, desk, person, errors={"code": _words(wrong)})
    return page(request, "pages/recovery_codes.html", desk=desk, codes=codes, next="/account")


@router.post("/account/recovery-codes")
def renew(request: Request, _fields: Posted, desk: Desk = at_desk()) -> Response:
    """Make new recovery codes; the old ones end."""
    person, session_id = person_of(desk)
    if not sessions.is_proved(desk.session, session_id) or not second_factor.has_factor(desk.session, person):
        return prove_first("/account")
    codes = second_factor.renew_recovery_codes(desk.session, person, now=desk.now)
    return page(request, "pages/recovery_codes.html", desk=desk, codes=codes, next="/account")


@router.get("/account/prove")
def show_proof(request: Request, next: str = "/account", desk: Desk = at_desk()) -> Response:  # noqa: A002
    """Ask again who somebody is."""
    return _proof(request, desk, next=local_path(next), errors={})


@router.post("/account/prove")
def prove(request: Request, fields: Posted, desk: Desk = at_desk()) -> Response:
    """Check password, and code where there is a second factor; then go on to what was wanted."""
    person, session_id = person_of(desk)
    wanted = local_path(fields.text("next"))
    try:
        _check(request, desk, person, password=fields.get("password", ""), code=fields.text("code"))
    except (SignInRefused, TooManyTries) as wrong:
        return _proof(request, desk, next=wanted, errors={"password": wrong.message})
    sessions.prove(desk.session, session_id)
    return RedirectResponse(wanted, status_code=303)


@router.post("/account/password")
def change_password(fields: Posted, desk: Desk = at_desk()) -> Response:
    """Set a new password; every sign-in of this person ends. Raises InvalidInput."""
    person, session_id = person_of(desk)
    if not sessions.is_proved(desk.session, session_id):
        return prove_first("/account")
    set_password(desk.session, person, fields.get("new_password", ""), now=desk.now, actor=desk.actor)
    return RedirectResponse("/sign-in?done=password-set", status_code=303)


def prove_first(wanted: str) -> Response:
    """Send somebody to the page that asks again who they are."""
    return RedirectResponse(f"/account/prove?next={quote(wanted, safe='/')}", status_code=303)


def _check(request: Request, desk: Desk, person: uuid.UUID, *, password: str, code: str) -> None:
    _count(request, person)
    right = is_right(desk.session, person, password, now=desk.now)
    if right and second_factor.has_factor(desk.session, person):
        right = second_factor.is_right_code(desk.session, person, code, now=desk.now)
    if not right:
        raise SignInRefused("The password or the code is not right.")


def _count(request: Request, person: uuid.UUID) -> None:
    with engine_of(request) as looking:
        limits.count_code(looking, person)


def _words(wrong: InvalidInput | TooManyTries) -> str:
    return wrong.problems[0].message if isinstance(wrong, InvalidInput) else wrong.message


def _second_step(
    request: Request, desk: Desk, wanted: str, *, kept: list[tuple[str, str]], errors: dict[str, str]
) -> Response:
    person, _ = person_of(desk)
    has = second_factor.has_factor(desk.session, person)
    factor = None if has else second_factor.prepare(desk.session, person)
    return page(
        request, "pages/second_factor.html", status=403 if errors else 200, next=wanted, kept=kept, errors=errors,
        factor=factor, values={},
    )  # fmt: skip


def _own(request: Request, desk: Desk, person: uuid.UUID, *, errors: dict[str, str]) -> Response:
    factor = second_factor.prepare(desk.session, person)
    return page(
        request, "pages/add_second_factor.html", status=422 if errors else 200, desk=desk, factor=factor,
        errors=errors, values={}, where="/account/second-factor", next="/account", kept=[],
    )  # fmt: skip


def _proof(request: Request, desk: Desk, *, next: str, errors: dict[str, str]) -> Response:  # noqa: A002
    person, _ = person_of(desk)
    return page(
        request, "pages/prove.html", status=403 if errors else 200, desk=desk, next=next, errors=errors, values={},
        has_factor=second_factor.has_factor(desk.session, person),
    )  # fmt: skip
