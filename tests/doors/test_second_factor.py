"""The second step of signing in: codes that count once, codes on paper, and what a password alone can't do."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pyotp
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from followup.bootstrap import House
from followup.pathways.library import Library
from followup.staff.rules import step_of
from followup.web.app import create_app
from tests.doors.conftest import PASSWORD, SmallClinic, browser_of

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
AT = 1_700_000_000.0


def test_a_code_counts_in_its_step_and_one_beside_and_never_twice() -> None:
    """B125: reused, old, spaced."""
    codes = {shift: pyotp.TOTP(SECRET).at(int(AT) + 30 * shift) for shift in (-2, -1, 0, 1, 2)}
    present = int(AT // 30)
    assert [step_of(codes[shift], SECRET, last=None, seconds=AT) for shift in (-1, 0, 1)] == [
        present - 1, present, present + 1,
    ]  # fmt: skip
    assert step_of(codes[-2], SECRET, last=None, seconds=AT) is None
    assert step_of(codes[2], SECRET, last=None, seconds=AT) is None
    assert step_of(codes[0], SECRET, last=present, seconds=AT) is None
    assert step_of(codes[-1], SECRET, last=present, seconds=AT) is None
    assert step_of(f" {codes[0][:3]} {codes[0][3:]} ", SECRET, last=None, seconds=AT) == present


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "12345\x00"])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert step_of(typed, SECRET, last=None, seconds=AT) is None


@pytest.fixture
def strict(house: House, library: Library) -> FastAPI:
    """The application of a clinic that asks for the second factor."""
    from dataclasses import replace

    settings = house.settings.model_copy(update={"require_second_factor": True})
    return create_app(replace(house, settings=settings), library=library)


@pytest.fixture
def browser(strict: FastAPI) -> Iterator[TestClient]:
    with browser_of(strict) as client:
        yield client


def give_password(browser: TestClient, clinic: SmallClinic, role: str = "nurse") -> None:
    answer = browser.post(
        "/sign-in", data={"email": clinic.address(role), "password": PASSWORD, "next": "/tasks"}
    )
    assert answer.headers["location"] == "/sign-in/second-factor?next=/tasks"


def key_on(page: str) -> str:
    """The secret that the page shows for typing into an app."""
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found, page
    return found.group(1).replace(" ", "")


def add_factor(browser: TestClient, clinic: SmallClinic) -> tuple[str, list[str]]:
    """Sign in for the first time; returns the secret and the recovery codes."""
    give_password(browser, clinic)
    secret = key_on(browser.get("/sign-in/second-factor").text)
    shown = browser.post(
        "/sign-in/second-factor/add", data={"code": pyotp.TOTP(secret).now(), "next": "/tasks"}
    )
    assert shown.status_code == 200, shown.text
    return secret, re.findall(r"<code>([a-z0-9-]{19})</code>", shown.text)


def test_the_first_sign_in_adds_the_second_factor(browser: TestClient, clinic: SmallClinic) -> None:
    _, codes = add_factor(browser, clinic)
    assert len(set(codes)) == 10
    assert browser.get("/tasks").status_code == 200


def test_with_the_password_alone_nothing_opens(browser: TestClient, clinic: SmallClinic) -> None:
    give_password(browser, clinic)
    for path in ("/", "/patients", "/account", "/escalations", "/account/second-factor"):
        assert browser.get(path).headers["location"].startswith("/sign-in?next="), path
    assert "Add a second factor" in browser.get("/sign-in/second-factor").text
    assert browser.post("/sign-in/second-factor/add", data={"code": "000000"}).status_code == 403
    assert browser.get("/patients").status_code == 303


def test_a_used_code_is_refused_and_a_recovery_code_opens_once(
    browser: TestClient, strict: FastAPI, clinic: SmallClinic, house: House
) -> None:
    secret, codes = add_factor(browser, clinic)
    with browser_of(strict) as thief:
        give_password(thief, clinic)
        again = thief.post("/sign-in/second-factor", data={"code": pyotp.TOTP(secret).now()})
        assert again.status_code == 403
        assert thief.get("/tasks").status_code == 303
        inside = thief.post("/sign-in/second-factor", data={"code": codes[0].upper(), "next": "/tasks"})
        assert inside.headers["location"] == "/tasks"
        assert thief.get("/tasks").status_code == 200
    with browser_of(strict) as third:
        give_password(third, clinic)
        assert third.post("/sign-in/second-factor", data={"code": codes[0]}).status_code == 403
    with house.database.transaction(clinic.id) as session:
        kept = session.execute(text("SELECT action FROM audit_event")).scalars().all()
        stored = session.execute(text("SELECT factor_sealed FROM staff WHERE key = 'nurse'")).scalar_one()
    assert "use recovery code" in kept
    assert "second factor refused" in kept
    assert secret.encode() not in bytes(stored)


def test_the_cookie_of_the_first_step_is_worth_nothing_after_the_second(
    browser: TestClient, strict: FastAPI, clinic: SmallClinic
) -> None:
    give_password(browser, clinic)
    first = browser.cookies["followup"]
    secret = key_on(browser.get("/sign-in/second-factor").text)
    browser.post("/sign-in/second-factor/add", data={"code": pyotp.TOTP(secret).now()})
    assert browser.cookies["followup"] != first
    with browser_of(strict) as old:
        old.cookies.set("followup", first)
        assert old.get("/tasks").status_code == 303
        assert old.get("/sign-in/second-factor").status_code == 303


def test_guessing_codes_is_stopped(browser: TestClient, strict: FastAPI, clinic: SmallClinic) -> None:
    add_factor(browser, clinic)
    with browser_of(strict) as thief:
        give_password(thief, clinic)
        for _ in range(6):
            answer = thief.post("/sign-in/second-factor", data={"code": "000000"})
        assert "too many tries" in answer.text


def test_who_has_one_is_asked_for_it_even_where_nobody_has_to(
    browser: TestClient, app: FastAPI, clinic: SmallClinic
) -> None:
    add_factor(browser, clinic)
    with browser_of(app) as relaxed:
        give_password(relaxed, clinic)
        assert relaxed.get("/tasks").status_code == 303


def test_a_sensitive_change_asks_again_after_some_minutes(
    coordinator: TestClient, clinic: SmallClinic, house: House
) -> None:
    assert coordinator.get("/account/second-factor").status_code == 200
    with house.database.transaction(clinic.id) as session:
        session.execute(text("UPDATE staff_session SET proved_at = now() - interval '11 minutes'"))
    asked = coordinator.post("/account/password", data={"new_password": "a river and seven herons"})
    assert asked.headers["location"] == "/account/prove?next=/account"
    assert coordinator.post("/account/prove", data={"password": "wrong wrong wrong"}).status_code == 403
    proved = coordinator.post("/account/prove", data={"password": PASSWORD, "next": "/account/second-factor"})
    assert proved.headers["location"] == "/account/second-factor"
    changed = coordinator.post("/account/password", data={"new_password": "a river and seven herons"})
    assert changed.headers["location"] == "/sign-in?done=password-set"
    assert coordinator.get("/").status_code == 303


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_the_way_on_stays_in_the_house(coordinator: TestClient, target: str) -> None:
    """B115."""
    answer = coordinator.post("/account/prove", data={"password": PASSWORD, "next": target})
    assert answer.headers["location"] == "/"


def test_a_key_has_no_account(machine: TestClient) -> None:
    assert machine.get("/account", follow_redirects=False).headers["location"].startswith("/sign-in")
    assert machine.get(f"/welcome/{uuid.uuid4().hex}").status_code == 404


def test_an_account_without_a_factor_can_add_one_by_itself(coordinator: TestClient) -> None:
    secret = key_on(coordinator.get("/account/second-factor").text)
    wrong = coordinator.post("/account/second-factor", data={"code": "000000"})
    assert wrong.status_code == 422
    shown = coordinator.post("/account/second-factor", data={"code": pyotp.TOTP(secret).now()})
    assert "recovery codes" in shown.text
    renewed = coordinator.post("/account/recovery-codes")
    assert renewed.status_code == 200
    assert set(re.findall(r"<code>(.*?)</code>", shown.text)).isdisjoint(
        re.findall(r"<code>(.*?)</code>", renewed.text)
    )
