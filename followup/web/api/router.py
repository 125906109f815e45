"""How every part of the API makes its routes: strict bodies, and the problems that any of them may answer."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from followup.web.api.answers import Problem
from followup.web.api.strict import StrictRoute

_PROBLEM = {"model": Problem, "content": {"application/problem+json": {}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {**_PROBLEM, "description": "The request can't be read."},
    401: {**_PROBLEM, "description": "No valid key."},
    403: {**_PROBLEM, "description": "The key's role does not include this."},
    404: {**_PROBLEM, "description": "Nothing here, or another clinic's."},
    409: {**_PROBLEM, "description": "Done before, or not possible in this state."},
    413: {**_PROBLEM, "description": "More than is read at once."},
    415: {**_PROBLEM, "description": "Not JSON."},
    422: {**_PROBLEM, "description": "Fields to correct, each with a sentence."},
}


def router_of(tag: str) -> APIRouter:
    """Return a router of one part of the API."""
    return APIRouter(tags=[tag], route_class=StrictRoute, responses=PROBLEMS)
