"""Everybody sees and proves their own phones, and confirms a shift with a button."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text

from followup.bootstrap import House
from followup.clinics.states import Channel
from followup.db.sealed import blind
from followup.escalation.models import Page
from followup.escalation.remind_shifts import remind_shifts
from followup.staff.duties.models import ShiftReminder
from followup.staff.models import Shift, Staff, StaffContactPoint
from tests.doors.conftest import NOW, SmallClinic


@pytest.fixture
def nurse(house: House, clinic: SmallClinic, signed_in: Callable[..., TestClient]) -> TestClient:
    """The nurse, signed in, with a phone that nobody has verified."""
    with house.database.transaction(clinic.id) as session:
        nurse_id = session.scalars(select(Staff.id).where(Staff.key == "nurse")).one()
        session.add(
            StaffContactPoint(
                clinic_id=clinic.id, staff_id=nurse_id, channel=Channel.sms, address="+14155550150",
                address_blind=blind("phone", "+14155550150"),
            )
        )  # fmt: skip
    return signed_in(clinic, "nurse")


def bodies(house: House, clinic: SmallClinic) -> list[str]:
    with house.database.transaction(clinic.id) as session:
        return list(session.scalars(select(Page.body).order_by(Page.id)))


def place(client: TestClient, what: str) -> str:
    """The address of a form of the page."""
    (found,) = re.findall(rf'action="(/account/phones/[^"]+/{what})"', client.get("/account/phones").text)
    return str(found)


def test_a_phone_is_verified_on_the_page(house: House, clinic: SmallClinic, nurse: TestClient) -> None:
    assert "No verified phone" in nurse.get("/account/phones").text
    assert nurse.post(place(nurse, "code")).headers["location"] == "/account/phones?done=code-sent"
    again = nurse.post(place(nurse, "code"))
    assert again.status_code == 422
    assert "wait a minute" in again.text
    (code,) = re.findall(r"\d{6}", bodies(house, clinic)[0])
    wrong = nurse.post(place(nurse, "confirm"), data={"code": "12"})
    assert wrong.status_code == 422
    assert "not the code" in wrong.text
    right = nurse.post(place(nurse, "confirm"), data={"code": code})
    assert right.headers["location"] == "/account/phones?done=point-verified"
    assert nurse.post(place(nurse, "test")).headers["location"] == "/account/phones?done=test-sent"
    assert "This is a test" in bodies(house, clinic)[-1]


def test_wrong_tries_are_kept_though_the_page_refuses_them(
    house: House, clinic: SmallClinic, nurse: TestClient
) -> None:
    nurse.post(place(nurse, "code"))
    for _ in range(5):
        nurse.post(place(nurse, "confirm"), data={"code": "abc"})
    (code,) = re.findall(r"\d{6}", bodies(house, clinic)[0])
    assert nurse.post(place(nurse, "confirm"), data={"code": code}).status_code == 422


def test_nobody_touches_somebody_elses_phone(
    clinic: SmallClinic, nurse: TestClient, signed_in: Callable[..., TestClient]
) -> None:
    other = signed_in(clinic, "physician")
    for what in ("code", "confirm"):
        assert other.post(place(nurse, what), data={"code": "000000"}).status_code == 404


def test_the_link_of_a_reminder_shows_a_button_and_only_the_button_confirms(
    house: House, clinic: SmallClinic, nurse: TestClient, stranger: TestClient
) -> None:
    with house.database.transaction(clinic.id) as session:
        session.execute(text("UPDATE staff_contact_point SET verified_at = now()"))
        nurse_id = session.scalars(select(Staff.id).where(Staff.key == "nurse")).one()
        session.add(
            Shift(
                clinic_id=clinic.id, duty="nurse", staff_id=nurse_id, starts_at=NOW + timedelta(minutes=50),
                ends_at=NOW + timedelta(hours=9),
            )
        )  # fmt: skip
    assert remind_shifts(house.database, house.clock, public_url="http://127.0.0.1:8000") == 1
    path = "/s/" + bodies(house, clinic)[-1].rpartition("/")[2]

    def confirmed() -> list[object]:
        with house.database.transaction(clinic.id) as session:
            return list(session.scalars(select(ShiftReminder.confirmed_at)))

    assert "I will be there" in stranger.get(path).text
    assert confirmed() == [None]
    assert "Thank you" in stranger.post(path).text
    assert confirmed() == [NOW]
    assert stranger.get("/s/no-such-link").status_code == 404
