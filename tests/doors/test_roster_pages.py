"""The roster page and the question who would be paged, as people meet them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from followup.audit.record import SYSTEM
from followup.bootstrap import House, open_house
from followup.cli import run
from followup.clinics.states import Channel
from followup.db.sealed import blind
from followup.kit.windows import zone
from followup.staff.models import Staff, StaffContactPoint
from followup.staff.on_call import who
from followup.staff.plan_shifts import plan_shifts
from followup.staff.roster import Hours, Plan, Rule
from followup.staff.schedules import publish_schedule
from tests.doors.conftest import NOW, SmallClinic
from tests.servers_of_the_run import as_role

LOS_ANGELES = zone("America/Los_Angeles")


@pytest.fixture
def people(house: House, clinic: SmallClinic) -> dict[str, str]:
    """Everybody by key, with a published roster: nurse, physician and manager day and night."""
    with house.database.transaction(clinic.id) as session:
        found = {row.key: row.id for row in session.execute(select(Staff.key, Staff.id))}
        for number, duty in enumerate(("nurse", "physician", "manager")):
            plan = Plan(LOS_ANGELES, (Rule(found[duty], Hours()),))
            publish_schedule(session, clinic.id, duty, plan, now=NOW, actor=SYSTEM)
            phone = f"+1415555015{number}"
            session.add(
                StaffContactPoint(
                    clinic_id=clinic.id, staff_id=found[duty], channel=Channel.sms, address=phone,
                    address_blind=blind("phone", phone), verified_at=NOW,
                )
            )  # fmt: skip
        plan_shifts(session, clinic.id, now=NOW)
    return {key: str(staff_id) for key, staff_id in found.items()}


@pytest.fixture
def admin(clinic: SmallClinic, signed_in: Callable[..., TestClient]) -> TestClient:
    return signed_in(clinic, "clinic_admin")


@pytest.fixture
def as_operator(monkeypatch: pytest.MonkeyPatch, owner_url: str, tmp_path: Path) -> Iterator[None]:
    """The environment in which an operator of the test's own service runs commands."""
    for name in [each for each in os.environ if each.startswith("FOLLOWUP_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "ENVIRONMENT": "test", "DATABASE_URL": owner_url, "SECRET_KEYS": "0" * 40, "ENCRYPTION_KEYS": "ab" * 32,
        "DATA_FOLDER": str(tmp_path / "data"),
        **{f"DATABASE_{role.upper()}_URL": as_role(owner_url, role) for role in ("app", "engine", "intake")},
    }.items():  # fmt: skip
        monkeypatch.setenv(f"FOLLOWUP_{name}", value)
    open_house.cache_clear()
    yield
    open_house().database.dispose()
    open_house.cache_clear()


def form(people: dict[str, str], **changes: str) -> dict[str, str]:
    return {
        "kind": "replace", "duty": "nurse", "staff": people["physician"], "instead_of": people["nurse"],
        "starts_at": "2026-03-04T07:00", "ends_at": "2026-03-05T07:00", "reason": "a day at a course",
    } | changes  # fmt: skip


def nurse_on_call(house: House, clinic: SmallClinic, hours: int) -> list[str]:
    with house.database.transaction(clinic.id) as session:
        return [each.key for each in who(session, "nurse", NOW + timedelta(hours=hours))]


def test_the_page_says_who_is_on_call_why_and_how_ready_they_are(
    coordinator: TestClient, people: dict[str, str]
) -> None:
    answer = coordinator.get("/roster")
    assert answer.status_code == 200
    for words in (
        "Nurse of riverbend",
        "every day",
        "Paged by text, then call",
        "70 of 100",
        "Tue, Mar 3, 2026",
    ):
        assert words.lower() in answer.text.lower()
    assert "at every minute" in answer.text
    assert "Change who is on call" not in answer.text


def test_an_override_is_checked_saved_and_taken_back(
    house: House, clinic: SmallClinic, admin: TestClient, people: dict[str, str]
) -> None:
    tried = admin.post("/roster/overrides/preview", data=form(people))
    assert tried.status_code == 200
    assert "Nothing is saved yet" in tried.text
    assert nurse_on_call(house, clinic, 30) == ["nurse"]
    saved = admin.post("/roster/overrides", data=form(people))
    assert (saved.status_code, saved.headers["location"]) == (303, "/roster?done=roster-changed")
    assert nurse_on_call(house, clinic, 30) == ["physician"]
    shown = admin.get("/roster")
    assert "a day at a course" in shown.text
    (place,) = re.findall(r'action="(/roster/overrides/[^"]+/withdraw)"', shown.text)
    assert admin.post(place).status_code == 303
    assert nurse_on_call(house, clinic, 30) == ["nurse"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kind": "remove", "staff": "nurse"}, "nobody is on call as nurse from Wed, Mar 4, 7:00 AM"),
        ({"starts_at": "2026-03-01T07:00"}, "The past can&#39;t be changed"),
        ({"ends_at": "2026-03-04T06:00"}, "after the beginning"),
        ({"starts_at": "tomorrow"}, "Give a day and a time"),
        ({"staff": "nobody"}, "Choose a person"),
        ({"staff": "01900000-0000-7000-8000-000000000000"}, "Choose somebody who works here"),
        ({"duty": "cook"}, "Choose a duty"),
        ({"kind": "swap"}, "Choose what to change"),
        ({"instead_of": "physician"}, "somebody else"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_changed(
    house: House,
    clinic: SmallClinic,
    admin: TestClient,
    people: dict[str, str],
    changes: dict[str, str],
    says: str,
) -> None:
    sent = form(people) | {key: people.get(value, value) for key, value in changes.items()}
    answer = admin.post("/roster/overrides", data=sent)
    assert answer.status_code == 422
    assert says in answer.text
    assert nurse_on_call(house, clinic, 30) == ["nurse"]


def test_only_who_manages_staff_changes_the_roster(coordinator: TestClient, people: dict[str, str]) -> None:
    assert coordinator.post("/roster/overrides", data=form(people)).status_code == 403


def test_the_command_says_who_would_be_paged_step_by_step(
    clinic: SmallClinic, people: dict[str, str], as_operator: None, capsys: pytest.CaptureFixture[str]
) -> None:
    # 2:30 is skipped by the clock on that day: the first instant after it is meant.
    assert run(["on-call", "--at", "2026-03-08T02:30"]) == 0
    told = capsys.readouterr().out
    assert "Sun, Mar 8, 2026, 3:00 AM (America/Los_Angeles)" in told
    assert "1. nurse: Nurse of riverbend (text, call)" in told
    assert "nurse: Nurse of riverbend, every day, until Mon, Mar 9, 12:00 AM" in told
    assert run(["on-call", "--at", "tonight"]) == 2
    assert "write it like 2026-07-04T02:30" in capsys.readouterr().err
