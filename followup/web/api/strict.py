"""Reads JSON bodies strictly: what two programs could understand differently is refused before anything sees it.

Duplicate names, NaN, numbers that no number can hold, half characters and bodies nested to exhaust a parser
are 400; a control character is named with its place; another content type is 415.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute

from followup.log import logger
from followup.web.forms import BadRequest, WrongKind, refuse_control_characters

_log = logger("followup.security")

MOST_DEPTH = 20
LONGEST_NUMBER = 30


class StrictRoute(APIRoute):
    """A route whose body, if there is one, was checked."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Check, then hand on."""
        hand_on = super().get_route_handler()

        async def checked(request: Request) -> Response:
            body = await request.body()
            if body:
                kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
                if kind != "application/json":
                    raise WrongKind("Send JSON with content-type: application/json.")
                read_strictly(body)
            return await hand_on(request)

        return checked


def read_strictly(body: bytes) -> Any:
    """Return the value of a JSON text. Raises BadRequest, or InvalidInput for a control character in a text."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_once,
            parse_constant=_no_number,
            parse_int=_short(int),
            parse_float=_finite,
        )
    except UnicodeDecodeError:
        raise BadRequest("The body is not valid UTF-8.") from None
    except RecursionError:
        raise BadRequest("The body is nested too deeply.") from None
    except ValueError:
        raise BadRequest("The body is not valid JSON.") from None
    _look_through(value, "", 0)
    return value


def note_ignored(names: dict[str, Any] | None, *, known: str) -> None:
    """Log the names of fields that nobody asked for; they have no effect. Never their values."""
    if names:
        _log.info("unknown fields ignored", where=known, fields=sorted(str(name)[:40] for name in names)[:20])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadRequest("The body names a field twice.")
    return found


def _no_number(_word: str) -> NoReturn:
    raise BadRequest("NaN and Infinity are not numbers.")


def _short(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def parse(digits: str) -> Any:
        if len(digits) > LONGEST_NUMBER:
            raise BadRequest("A number has too many digits.")
        return read(digits)

    return parse


def _finite(digits: str) -> float:
    value = float(_short(str)(digits))
    if value in (float("inf"), float("-inf")):
        raise BadRequest("A number is too large.")
    return value


def _look_through(value: Any, name: str, depth: int) -> None:
    if depth > MOST_DEPTH:
        raise BadRequest("The body is nested too deeply.")
    if isinstance(value, str):
        refuse_control_characters(name or "body", value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            refuse_control_characters("a field's name", key)
            _look_through(inner, f"{name}.{key}" if name else key, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _look_through(inner, name, depth + 1)
