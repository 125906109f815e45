"""Invitations and resets: once, for some hours, for one person; opening changes nothing."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from followup.audit.record import SYSTEM
from followup.bootstrap import House
from followup.errors import InvalidInput, NotFound
from followup.staff.links import make_link
from followup.staff.rules import password_problem
from followup.staff.sign_in import hash_password
from followup.staff.states import LinkKind
from tests.doors.conftest import NOW, SmallClinic

GOOD = "seven herons by the river 🪶"


def link(house: House, clinic: SmallClinic, kind: LinkKind = LinkKind.invitation) -> str:
    with house.database.transaction(clinic.id) as session:
        return make_link(session, clinic.address("nurse"), kind=kind, now=NOW, actor=SYSTEM)


def test_opening_changes_nothing_and_the_form_sets_the_password_once(
    stranger: TestClient, house: House, clinic: SmallClinic
) -> None:
    token = link(house, clinic)
    assert len(token) >= 22
    for _ in range(2):
        assert stranger.get(f"/welcome/{token}").status_code == 200
    done = stranger.post(f"/welcome/{token}", data={"password": GOOD})
    assert done.headers["location"] == "/sign-in?done=password-set"
    assert stranger.post(f"/welcome/{token}", data={"password": "another good one here"}).status_code == 404
    assert stranger.get(f"/welcome/{token}").status_code == 404
    signed = stranger.post("/sign-in", data={"email": clinic.address("nurse"), "password": GOOD})
    assert signed.headers["location"] == "/"


def test_a_password_that_is_refused_leaves_the_link_good(
    stranger: TestClient, house: House, clinic: SmallClinic
) -> None:
    token = link(house, clinic)
    assert stranger.post(f"/welcome/{token}", data={"password": "P@ssw0rd2026!!"}).status_code == 422
    assert stranger.post(f"/welcome/{token}", data={"password": GOOD}).status_code == 303


def test_a_reset_ends_every_sign_in_and_every_older_link(
    stranger: TestClient, coordinator: TestClient, house: House, clinic: SmallClinic
) -> None:
    with house.database.transaction(clinic.id) as session:
        first = make_link(
            session, clinic.address("coordinator"), kind=LinkKind.invitation, now=NOW, actor=SYSTEM
        )
        second = make_link(session, clinic.address("coordinator"), kind=LinkKind.reset, now=NOW, actor=SYSTEM)
    assert stranger.get(f"/welcome/{first}").status_code == 404
    assert coordinator.get("/").status_code == 200
    stranger.post(f"/welcome/{second}", data={"password": GOOD})
    assert coordinator.get("/").status_code == 303


@pytest.mark.parametrize(
    "change", ["UPDATE staff_link SET expires_at = now()", "UPDATE staff SET disabled_at = now()"]
)
def test_a_link_ends_with_its_time_and_with_its_person(
    stranger: TestClient, house: House, clinic: SmallClinic, change: str
) -> None:
    token = link(house, clinic)
    with house.database.transaction(clinic.id) as session:
        session.execute(text(change))
    assert stranger.post(f"/welcome/{token}", data={"password": GOOD}).status_code == 404


def test_the_token_is_kept_nowhere(house: House, clinic: SmallClinic) -> None:
    token = link(house, clinic)
    with house.database.transaction(clinic.id) as session:
        rows = session.execute(text("SELECT row_to_json(staff_link)::text FROM staff_link")).scalars().all()
    assert rows
    assert not any(token in row for row in rows)


def test_nobody_of_another_clinic_can_be_invited(house: House, clinic: SmallClinic) -> None:
    with pytest.raises(NotFound), house.database.transaction(clinic.id) as session:
        make_link(session, "nurse@lakeside.example", kind=LinkKind.invitation, now=NOW, actor=SYSTEM)


@pytest.mark.parametrize(
    "password",
    [
        "password1234", "P@ssw0rd2026!!", "qwertyuiop123", "letmein!!!!!!", "111222333444", "passwordpassword",
        "123456789012", "abcdefghijkl", "Welcome2026!", "riverbend2026!!", "nurse.riverbend1",
    ],
)  # fmt: skip
def test_what_thieves_try_first_is_refused(password: str) -> None:
    assert password_problem(password, about=["riverbend", "nurse riverbend"]) is not None


@pytest.mark.parametrize(
    "password",
    [
        "seven herons by the river",
        "   spaces   count   too   ",
        "🪶🦆🌊🌾🍂🌙⭐🔥🌧🌈🍁🐟",
        "x7" * 3 + "Lq9vBn2mWe4rTy6u" * 4,
        GOOD,
    ],
)
def test_long_and_strange_passwords_are_welcome(password: str) -> None:
    """B125: 64 characters and more, spaces, emoji."""
    assert password_problem(password) is None
    assert hash_password(password).startswith("$argon2id$")


def test_a_password_with_nul_is_refused_with_its_place(
    stranger: TestClient, house: House, clinic: SmallClinic
) -> None:
    """B125."""
    token = link(house, clinic)
    answer = stranger.post(f"/welcome/{token}", data={"password": "seven herons\0 by the river"})
    assert answer.status_code == 422


def test_a_short_password_is_refused() -> None:
    with pytest.raises(InvalidInput):
        hash_password("short")
