"""What holds for every route: who may ask, where a request must come from, what every answer carries."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from followup.bootstrap import House, build
from followup.settings import Settings
from followup.web.app import PUBLIC_ROUTES, create_app
from followup.web.deps import AtDesk, WithKey
from followup.web.security import CONTENT_POLICY
from tests.doors.conftest import PASSWORD, SmallClinic, Story

NOBODY = "01890000-0000-7000-8000-000000000000"


def routes(app: FastAPI) -> Iterator[tuple[str, str, bool]]:
    """Every route of the application: path, method, and whether it asks for a person or a key."""
    for path, route in _leaves(app.routes, ""):
        asked = [dependency.call for dependency in route.dependant.dependencies]
        protected = any(isinstance(each, AtDesk | WithKey) for each in asked)
        for method in route.methods or ():
            yield path, method, protected


def _leaves(found: object, prefix: str) -> Iterator[tuple[str, APIRoute]]:
    for route in found:  # type: ignore[attr-defined]
        if isinstance(route, APIRoute):
            yield prefix + route.path, route
        elif hasattr(route, "original_router"):
            yield from _leaves(route.original_router.routes, prefix + route.include_context.prefix)


def is_public(path: str) -> bool:
    """Whether the list of public routes names a path, or a folder it is in."""
    return any(path == each or (each.endswith("/") and path.startswith(each)) for each in PUBLIC_ROUTES)


def test_every_route_asks_who_it_is_or_is_on_the_list(app: FastAPI) -> None:
    found = list(routes(app))
    assert len(found) > 40
    open_to_all = {path for path, _, protected in found if not protected}
    assert {path for path in open_to_all if not is_public(path)} == set()
    listed = {each for each in PUBLIC_ROUTES if not each.endswith("/")} - {"/static", "/api/v1/openapi.json"}
    assert listed <= open_to_all, "the list names something that is not there any more"


def test_without_a_sign_in_every_page_leads_to_it_and_nothing_happens(
    app: FastAPI, stranger: TestClient, clinic: SmallClinic
) -> None:
    for path, method, protected in routes(app):
        if not protected:
            continue
        address = path
        for name in ("enrollment_id", "patient_id", "case_id", "reply_id", "task_id", "session_id"):
            address = address.replace(f"{{{name}}}", NOBODY)
        address = address.replace("{touchpoint_id}", NOBODY).replace("{escalation_id}", NOBODY)
        answer = stranger.request(method, address)
        if path.startswith("/api/"):
            assert answer.status_code in (401, 422), path
        elif method == "GET":
            assert answer.headers["location"].startswith("/sign-in?next="), path
        else:
            assert answer.status_code == 403, path
            assert "Sign in" in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://127.0.0.1:8000"}, 303),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:8000", "sec-fetch-site": "cross-site"}, 403),
        ({"host": "evil.example", "origin": "http://evil.example"}, 403),
        ({}, 403),
    ],
)
def test_only_our_own_pages_may_post(
    app: FastAPI, clinic: SmallClinic, headers: dict[str, str], status: int
) -> None:
    """B113, B116."""
    client = TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False)
    answer = client.post(
        "/sign-in", data={"email": clinic.address("nurse"), "password": PASSWORD}, headers=headers
    )
    assert answer.status_code == status


@pytest.mark.parametrize(
    "path", ["/sign-in", "/nothing-here", "/api/v1/patients", "/static/icon.svg", "/healthz"]
)
def test_every_answer_carries_the_strict_headers(stranger: TestClient, path: str) -> None:
    answer = stranger.get(path)
    assert answer.headers["content-security-policy"] == CONTENT_POLICY
    assert "unsafe" not in CONTENT_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    kept = "immutable" if path.startswith("/static/") else "no-store"
    assert kept in answer.headers["cache-control"]


def test_over_https_the_cookie_is_bound_to_the_host(
    settings: Settings, clinic: SmallClinic, house: House
) -> None:
    secured = build(
        settings.model_copy(update={"public_url": "https://followup.example"}), ringer=lambda _: None
    )
    with TestClient(
        create_app(secured), base_url="https://followup.example", follow_redirects=False
    ) as client:
        answer = client.post(
            "/sign-in",
            data={"email": clinic.address("nurse"), "password": PASSWORD},
            headers={"origin": "https://followup.example"},
        )
        assert answer.headers["set-cookie"].startswith("__Host-followup=")
        assert "secure" in answer.headers["set-cookie"].lower()
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
        assert client.get("/").status_code == 200
    secured.database.dispose()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/static/../app.py", 404), ("/static/%2e%2e/app.py", 404), ("/static/..%2fapp.py", 404),
        ("/static/%00", 404), ("/patients/%00", 404), ("/patients/1", 404), ("/c/%00", 404), ("/c/x%ff", 404),
        ("/sign-in?next=" + "a" * 5_000, 414), ("/" + "a" * 5_000, 414), ("/sign-in?next=%ff%00", 200),
        ("/tasks?due=x", 400), ("/patients?before=1", 400),
    ],
)  # fmt: skip
def test_odd_addresses_never_break_anything(coordinator: TestClient, path: str, status: int) -> None:
    """B117."""
    assert coordinator.get(path).status_code == status


def test_an_enormous_cookie_is_refused(stranger: TestClient) -> None:
    """B117."""
    assert stranger.get("/", headers={"cookie": "followup=" + "x" * 100_000}).status_code == 431


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"q=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"q=\xff", "application/x-www-form-urlencoded", 400),
        (b"q=a%00b", "application/x-www-form-urlencoded", 422),
        (b"&".join(b"f%d=1" % n for n in range(1000)), "application/x-www-form-urlencoded", 400),
        (b'{"q": 1}', "application/json", 415),
        (b"--x\r\n", "multipart/form-data; boundary=x", 415),
        (b"q=" + b"a" * 300_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_bodies_that_are_no_form_are_refused(
    coordinator: TestClient, body: bytes, kind: str, status: int
) -> None:
    """B29, B30, B118."""
    answer = coordinator.post("/patients/search", content=body, headers={"content-type": kind})
    assert answer.status_code == status


def test_the_pages_of_another_clinic_look_like_none(
    story: Story,
    make_clinic: Callable[[str, str], SmallClinic],
    signed_in: Callable[..., TestClient],
) -> None:
    """B111: the same answer for another clinic's id as for one that nobody has."""
    told = story.enroll(performed_on="2026-02-24")
    story.writes("the blue thing from before is back, hm")
    story.writes("my leg feels weaker since last night")
    ids = {
        name: story.rows(f"SELECT id FROM {table} ORDER BY id LIMIT 1")[0][0]
        for name, table in (("case", "escalation"), ("reply", "reply"), ("task", "task"))
    }
    other = make_clinic("lakeside", "+14155550199")
    theirs = signed_in(other, "nurse")
    for method, pattern, real, fields in (
        ("GET", "/patients/{}", told["patient_id"], None),
        ("POST", "/enrollments/{}/pause", told["id"], {"reason": "x"}),
        ("POST", "/enrollments/{}/resume", told["id"], {}),
        ("POST", "/enrollments/{}/withdraw", told["id"], {"reason": "died"}),
        ("GET", "/enrollments/{}/move-date", told["id"], None),
        ("POST", "/enrollments/{}/move-date", told["id"], {"performed_on": "2026-03-12"}),
        ("GET", "/escalations/{}", ids["case"], None),
        ("POST", "/escalations/{}/accept", ids["case"], {}),
        ("POST", "/escalations/{}/pass-up", ids["case"], {}),
        ("POST", "/escalations/{}/attempts", ids["case"], {"how": "phone", "outcome": "no_answer"}),
        ("POST", "/escalations/{}/close", ids["case"], {"disposition": "advice", "note": "x"}),
        ("POST", "/inbox/{}/dispose", ids["reply"], {"disposition": "called"}),
        ("POST", "/inbox/{}/tier", ids["reply"], {"tier": "urgent", "reason": "x"}),
        ("POST", "/tasks/{}/close", ids["task"], {"disposition": "no_action"}),
    ):
        answers = [
            theirs.request(method, pattern.format(each), data=fields)
            for each in (real, NOBODY, str(real).upper(), "1")
        ]
        assert {answer.status_code for answer in answers} == {404}, pattern
        assert answers[0].text.replace(str(real), NOBODY) == answers[1].text, pattern
    assert (
        "Ortega"
        not in theirs.post("/patients/search", data={"q": "Ortega"})
        .text.split("<main")[1]
        .split("</form>")[1]
    )
    assert story.rows("SELECT state FROM enrollment") == [("active",)]


def test_an_auditor_may_read_and_change_nothing(story: Story, signed_in: Callable[..., TestClient]) -> None:
    told = story.enroll()
    auditor = signed_in(story.clinic, "auditor")
    assert auditor.get(f"/patients/{told['patient_id']}").status_code == 200
    assert auditor.get("/enroll").status_code == 403
    assert auditor.post(f"/enrollments/{told['id']}/pause", data={"reason": "x"}).status_code == 403
