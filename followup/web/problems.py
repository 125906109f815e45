"""The one table from an error to an HTTP answer: a page for people, an RFC 9457 problem for machines.

Whatever somebody sends, the answer is a 4xx with a sentence that helps; what belongs to another clinic looks
exactly like what does not exist. Expected refusals are answers, not alarms, and are never logged as errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from followup.errors import (
    AlreadyEnrolled,
    Conflict,
    FollowupError,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Unreachable,
)
from followup.log import logger
from followup.pathways.findings import PathwayRefused
from followup.pathways.render import MissingValue
from followup.staff.sign_in import SignInRefused, TooManyTries
from followup.web.forms import BadRequest, WrongKind, posted
from followup.web.render import page

_log = logger("followup.security")

PROBLEM = "application/problem+json"

# The first class that fits, so the special ones come before those they are made of.
STATUS: tuple[tuple[type[FollowupError], int, str], ...] = (
    (NotSignedIn, 401, "Sign in first"),
    (SignInRefused, 403, "Not signed in"),
    (TooManyTries, 429, "Too many tries"),
    (NotAllowed, 403, "Not allowed"),
    (NotFound, 404, "Not found"),
    (InvalidInput, 422, "Something needs to be corrected"),
    (MissingValue, 422, "A value is missing"),
    (Conflict, 409, "Not possible now"),
    (BadRequest, 400, "This can't be read"),
    (WrongKind, 415, "Wrong kind of content"),
    (PathwayRefused, 503, "A pathway can't be used"),
    (Unreachable, 503, "A server can't be reached"),
    (FollowupError, 500, "Something went wrong"),
)
_WORDS_BY_STATUS = {
    400: "This request can't be read.",
    404: "There is nothing here, or it belongs to another clinic.",
    405: "This can't be done with this address.",
    413: "This is more than we read at once.",
    415: "This kind of content is not read here.",
}


def install(app: FastAPI) -> None:
    """Teach the app how to answer errors."""
    app.add_exception_handler(FollowupError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def status_of(error: FollowupError) -> tuple[int, str]:
    """Return the status and the title of an error."""
    return next((status, title) for kind, status, title in STATUS if isinstance(error, kind))


def problem(status: int, title: str, detail: str, *, code: str, **more: object) -> JSONResponse:
    """Build an RFC 9457 problem. ``code`` is stable; sentences may change."""
    told = {"type": f"urn:followup:problem:{code}", "title": title, "status": status, "detail": detail}
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(
        {**told, "code": code, **more}, status_code=status, media_type=PROBLEM, headers=headers
    )


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, FollowupError)
    status, title = status_of(error)
    _note(request, status, error.code)
    if is_for_machines(request):
        return problem(status, title, error.message, code=error.code, **_more(error))
    if isinstance(error, NotSignedIn):
        return await _ask_to_sign_in(request)
    return error_page(request, status, title, _sentence(error))


async def _invalid(request: Request, error: Exception) -> Response:
    """A path that is no id is a thing that does not exist; a body or query that does not fit is 422 or 400."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(each["loc"][0] == "path" for each in found):
        return await _refused(request, NotFound())
    if any(each["type"] == "json_invalid" for each in found):
        return await _refused(request, BadRequest("The body is not valid JSON."))
    problems = [{"field": _place(each["loc"]), "message": each["msg"]} for each in found]
    if is_for_machines(request):
        words = "; ".join(f"{each['field']}: {each['message']}" for each in problems)
        return problem(422, "Something needs to be corrected", words, code="invalid-input", errors=problems)
    return await _refused(request, BadRequest())


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = _WORDS_BY_STATUS.get(error.status_code, str(error.detail))
    if is_for_machines(request):
        answer: Response = problem(
            error.status_code, str(error.detail), words, code=f"http-{error.status_code}"
        )
    else:
        answer = error_page(request, error.status_code, str(error.detail), words)
    answer.headers.update(error.headers or {})
    return answer


def is_for_machines(request: Request) -> bool:
    """Whether a program asked."""
    return request.url.path.startswith(("/api/", "/hooks/", "/metrics", "/healthz", "/readyz"))


def error_page(request: Request, status: int, title: str, words: str) -> Response:
    """Show an error: a whole page, or a small fragment where only a fragment was asked for."""
    name = "partials/error.html" if "hx-request" in request.headers else "pages/error.html"
    return page(request, name, status=status, title=title, words=words, code=status)


async def _ask_to_sign_in(request: Request) -> Response:
    """Send readers to the sign-in page; keep what somebody had typed when the session ended under their hands."""
    wanted = request.url.path
    there = f"/sign-in?next={quote(wanted)}"
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"hx-redirect": there})
    if request.method in ("GET", "HEAD"):
        return RedirectResponse(there, status_code=303)
    try:
        kept = [pair for pair in (await posted(request)).pairs if "password" not in pair[0]]
    except FollowupError:
        kept = []
    return page(
        request, "pages/sign_in.html", status=403, next=wanted, kept=kept, ended=True, errors={}, values={}
    )


def _more(error: FollowupError) -> Mapping[str, Any]:
    if isinstance(error, InvalidInput):
        return {"errors": [{"field": each.field, "message": each.message} for each in error.problems]}
    if isinstance(error, AlreadyEnrolled) and error.enrollment_id:
        return {
            "enrollment_id": error.enrollment_id,
            "enrollment": f"/api/v1/enrollments/{error.enrollment_id}",
        }
    return {}


def _sentence(error: FollowupError) -> str:
    if isinstance(error, InvalidInput):
        return " ".join(each.message for each in error.problems)
    return error.message


def _place(where: tuple[int | str, ...]) -> str:
    return ".".join(str(each) for each in where[1:]) or str(where[0])


def _note(request: Request, status: int, code: str) -> None:
    if status in (401, 403, 429):
        route = getattr(request.scope.get("route"), "path", "")
        _log.info("refused", status=status, code=code, route=route, method=request.method)
    elif status >= 500:
        _log.error("failed", status=status, code=code)
