"""Signing in, staying signed in, and being signed out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, text, update

from followup.bootstrap import House
from followup.staff.models import Staff, StaffSession
from tests.doors.conftest import PASSWORD, SmallClinic


def test_a_person_signs_in_sees_today_and_signs_out(coordinator: TestClient) -> None:
    shown = coordinator.get("/")
    assert shown.status_code == 200
    assert "Coordinator of riverbend" in shown.text

    out = coordinator.post("/sign-out")
    assert out.headers["location"] == "/sign-in?done=signed-out"
    assert coordinator.get("/").status_code == 303


def test_the_cookie_is_for_this_host_only_and_not_for_scripts(
    stranger: TestClient, clinic: SmallClinic
) -> None:
    answer = stranger.post("/sign-in", data={"email": clinic.address("nurse"), "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("coordinator@riverbend.example", "not the password at all"),
        ("nobody@riverbend.example", PASSWORD),
        ("", PASSWORD),
        ("x" * 400 + "@example.org", PASSWORD),
    ],
)
def test_whatever_is_wrong_the_answer_is_the_same(
    stranger: TestClient, clinic: SmallClinic, email: str, password: str
) -> None:
    answer = stranger.post("/sign-in", data={"email": email, "password": password})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_disabled_person_is_out_with_the_next_request(
    coordinator: TestClient, house: House, clinic: SmallClinic
) -> None:
    with house.database.transaction(clinic.id) as session:
        session.execute(update(Staff).where(Staff.key == "coordinator").values(disabled_at=func.now()))
    assert coordinator.get("/").headers["location"].startswith("/sign-in")


def test_a_session_left_alone_for_a_quarter_of_an_hour_is_over(
    coordinator: TestClient, house: House, clinic: SmallClinic
) -> None:
    with house.database.transaction(clinic.id) as session:
        session.execute(update(StaffSession).values(last_seen_at=text("now() - interval '16 minutes'")))
    assert coordinator.get("/").headers["location"] == "/sign-in?next=/"


def test_a_page_that_refreshes_itself_does_not_keep_a_session_alive(
    coordinator: TestClient, house: House, clinic: SmallClinic
) -> None:
    def idle_minutes() -> float:
        with house.database.transaction(clinic.id) as session:
            return float(
                session.scalar(text("SELECT extract(epoch FROM now() - last_seen_at)/60 FROM staff_session"))
            )

    with house.database.transaction(clinic.id) as session:
        session.execute(update(StaffSession).values(last_seen_at=text("now() - interval '5 minutes'")))
    coordinator.get("/", headers={"hx-request": "true"})
    assert idle_minutes() > 4
    coordinator.get("/")
    assert idle_minutes() < 1


def test_work_typed_before_the_session_ended_is_kept(
    coordinator: TestClient, house: House, clinic: SmallClinic
) -> None:
    """B113: an old tab after signing out."""
    coordinator.post("/sign-out")
    answer = coordinator.post("/enroll", data={"patient.name": "Ines Ortega", "action": "preview"})
    assert answer.status_code == 403
    assert "Ines+Ortega" in answer.text or "Ines%20Ortega" in answer.text

    again = coordinator.post(
        "/sign-in",
        data={
            "email": clinic.address("coordinator"), "password": PASSWORD, "next": "/enroll",
            "kept": "patient.name=Ines%20Ortega&action=preview",
        },
    )  # fmt: skip
    assert 'name="patient.name" value="Ines Ortega"' in again.text


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_host(
    stranger: TestClient, clinic: SmallClinic, target: str
) -> None:
    """B115."""
    answer = stranger.post(
        "/sign-in", data={"email": clinic.address("nurse"), "password": PASSWORD, "next": target}
    )
    assert answer.headers["location"] == "/"


def test_guessing_is_slowed_down(stranger: TestClient, clinic: SmallClinic) -> None:
    answers = [
        stranger.post("/sign-in", data={"email": clinic.address("nurse"), "password": f"guess number {n}"})
        for n in range(9)
    ]
    assert [answer.status_code for answer in answers] == [403] * 8 + [429]


def test_a_person_ends_another_sign_in_of_their_own_and_nobody_elses(
    clinic: SmallClinic, signed_in: Callable[..., TestClient], house: House
) -> None:
    desk, phone, other = signed_in(clinic), signed_in(clinic), signed_in(clinic, "nurse")
    with house.database.transaction(clinic.id) as session:
        ids = session.scalars(text("SELECT id FROM staff_session ORDER BY recorded_at")).all()
    assert other.post(f"/account/sessions/{ids[1]}/end").status_code == 404
    assert desk.post(f"/account/sessions/{ids[1]}/end").status_code == 303
    assert phone.get("/").status_code == 303
    assert desk.get("/").status_code == 200
