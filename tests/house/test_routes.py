"""Every route asks who is there, or is on the public list with the reason why nobody has to."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from followup.bootstrap import build
from followup.settings import Settings
from followup.web.app import PUBLIC_ROUTES, create_app

ASKS_FIRST = {401, 403}


@pytest.fixture
def app(settings: Settings) -> Iterator[FastAPI]:
    house = build(settings, ringer=lambda _bells: None)
    yield create_app(house)
    house.database.dispose()


def paths_of(app: FastAPI) -> dict[str, set[str]]:
    """Return every path with its methods; included routers are unfolded, which ``app.routes`` no longer does."""
    found: dict[str, set[str]] = {}
    for route in iter_route_contexts(app.routes):
        assert route.path
        found.setdefault(route.path, set()).update(route.methods or {"GET"})
    return found


def is_public(path: str) -> bool:
    return any(path == each or (each.endswith("/") and path.startswith(each)) for each in PUBLIC_ROUTES)


def test_nobody_gets_past_the_door_without_signing_in(app: FastAPI) -> None:
    let_in = []
    asked = set()
    with TestClient(app, follow_redirects=False) as client:
        for path, methods in paths_of(app).items():
            if is_public(path):
                continue
            address = re.sub(r"{[^}]*}", str(uuid.uuid4()), path)
            for method in methods - {"HEAD", "OPTIONS"}:
                answer = client.request(method, address)
                asked.add(path)
                to_sign_in = answer.status_code == 303 and "/sign-in" in answer.headers["location"]
                if answer.status_code not in ASKS_FIRST and not to_sign_in:
                    let_in.append(f"{method} {path}: {answer.status_code}")
    assert let_in == []
    assert "/" in asked


def test_the_public_list_names_only_routes_that_are_there(app: FastAPI) -> None:
    paths = set(paths_of(app))
    gone = [
        each
        for each in PUBLIC_ROUTES
        if each not in paths and not (each.endswith("/") and any(path.startswith(each) for path in paths))
    ]
    assert gone == []


def test_every_public_route_says_why() -> None:
    assert all(len(reason.split()) > 2 for reason in PUBLIC_ROUTES.values())
