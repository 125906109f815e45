"""An administrator lets people come and go and hands keys to systems; nobody else does, and it holds at once."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from followup.audit.record import SYSTEM
from followup.bootstrap import House
from followup.errors import InvalidInput
from followup.staff import api_keys
from followup.staff.rules import Permission
from followup.staff.states import StaffRole
from tests.doors.conftest import NOW, PASSWORD, SmallClinic, Story, browser_of

SENTENCE = "a heron stands in the reeds"
SignedIn = Callable[..., TestClient]


@pytest.fixture
def admin(clinic: SmallClinic, signed_in: SignedIn) -> TestClient:
    return signed_in(clinic, "clinic_admin")


def id_of(story: Story, key: str) -> str:
    return str(story.rows(f"SELECT id FROM staff WHERE key = '{key}'")[0][0])


@pytest.mark.parametrize("role", ["coordinator", "nurse", "physician", "manager", "auditor"])
def test_only_administrators_see_it(clinic: SmallClinic, signed_in: SignedIn, role: str) -> None:
    browser = signed_in(clinic, role)
    assert browser.get("/staff").status_code == 403
    assert (
        browser.post("/staff", data={"name": "Eve", "email": "e@x.example", "role": role}).status_code == 403
    )


def test_a_new_person_comes_by_a_link_that_is_shown_once(
    admin: TestClient, app: FastAPI, story: Story
) -> None:
    made = admin.post("/staff", data={"name": "Noa Levi", "email": "noa@riverbend.example", "role": "nurse"})
    assert made.status_code == 200
    found = re.search(r"/welcome/([\w-]+)", made.text)
    assert found
    assert found.group(0) not in admin.get("/staff").text
    with browser_of(app) as browser:
        done = browser.post(found.group(0), data={"password": SENTENCE})
        assert done.status_code == 303, done.text
        came = browser.post("/sign-in", data={"email": "noa@riverbend.example", "password": SENTENCE})
        assert came.status_code == 303


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": "", "email": "a@b.example", "role": "nurse"}, "name"),
        ({"name": "Eve", "email": "no address", "role": "nurse"}, "email"),
        ({"name": "Eve", "email": "nurse@riverbend.example", "role": "nurse"}, "email"),
        ({"name": "Eve", "email": "a@b.example", "role": "god"}, "role"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(admin: TestClient, fields: dict[str, str], wrong: str) -> None:
    answer = admin.post("/staff", data=fields)
    assert answer.status_code == 422
    assert f'id="{wrong}-wrong"' in answer.text


def test_f76_who_loses_access_is_out_with_the_next_request(
    admin: TestClient, clinic: SmallClinic, signed_in: SignedIn, story: Story
) -> None:
    nurse = signed_in(clinic, "nurse")
    assert nurse.get("/tasks").status_code == 200
    assert admin.post(f"/staff/{id_of(story, 'nurse')}/access/disable").status_code == 303
    assert nurse.get("/tasks").status_code == 303
    with browser_of(nurse.app) as again:  # type: ignore[arg-type]
        assert (
            again.post("/sign-in", data={"email": clinic.address("nurse"), "password": PASSWORD}).status_code
            == 403
        )


def test_another_role_counts_at_once_and_its_sign_ins_end(
    admin: TestClient, clinic: SmallClinic, signed_in: SignedIn, story: Story
) -> None:
    nurse = signed_in(clinic, "nurse")
    admin.post(f"/staff/{id_of(story, 'nurse')}/role", data={"role": "auditor"})
    assert nurse.get("/tasks").status_code == 303
    assert signed_in(clinic, "nurse").get("/enroll").status_code == 403


def test_nobody_changes_themselves_and_the_last_administrator_stays(
    admin: TestClient, clinic: SmallClinic, signed_in: SignedIn, story: Story
) -> None:
    own = id_of(story, "clinic_admin")
    assert admin.post(f"/staff/{own}/access/disable").status_code == 409
    assert admin.post(f"/staff/{own}/role", data={"role": "nurse"}).status_code == 409
    system = signed_in(clinic, "system_admin")
    assert system.post(f"/staff/{own}/access/disable").status_code == 303
    assert system.post(f"/staff/{id_of(story, 'system_admin')}/access/disable").status_code == 409


def test_a_screen_that_was_left_open_changes_nothing(
    admin: TestClient, house: House, clinic: SmallClinic, story: Story
) -> None:
    with house.database.transaction(clinic.id) as session:
        session.execute(text("UPDATE staff_session SET proved_at = now() - interval '11 minutes'"))
    answer = admin.post(f"/staff/{id_of(story, 'nurse')}/access/disable")
    assert answer.headers["location"].startswith("/account/prove")
    assert story.rows("SELECT count(*) FROM staff WHERE disabled_at IS NOT NULL") == [(0,)]


def test_a_system_admin_manages_people_and_sees_no_patient(clinic: SmallClinic, signed_in: SignedIn) -> None:
    system = signed_in(clinic, "system_admin")
    assert system.get("/", follow_redirects=True).status_code == 200
    assert system.get("/staff").status_code == 200
    assert system.get("/audit").status_code == 200
    for path in ("/patients", "/inbox", "/enroll", "/escalations", "/pathways"):
        assert system.get(path).status_code == 403, path


def test_a_key_does_what_it_was_made_for_and_no_more(admin: TestClient, app: FastAPI, story: Story) -> None:
    made = admin.post(
        "/staff/keys",
        data={
            "key_name": "front desk",
            "key_role": "coordinator",
            "scope": ["see_escalations"],
            "days": "30",
        },
    )
    found = re.search(r"fu_[\w-]+", made.text)
    assert found
    with TestClient(
        app, base_url="http://127.0.0.1:8000", headers={"authorization": f"Bearer {found.group(0)}"}
    ) as key:
        assert key.get("/api/v1/tasks").status_code == 403
        assert key.get("/api/v1/escalations").status_code == 200
        page = admin.get("/staff").text
        assert "last used" in page
        assert found.group(0) not in page
        key_id = story.rows("SELECT id FROM api_key WHERE name = 'front desk'")[0][0]
        assert admin.post(f"/staff/keys/{key_id}/revoke").status_code == 303
        assert key.get("/api/v1/escalations").status_code == 401


@pytest.mark.parametrize("scopes", [[], [Permission.manage_staff], [Permission.accept_escalations]])
def test_a_key_gets_nothing_that_its_role_or_no_key_may_do(
    house: House, clinic: SmallClinic, scopes: list[Permission]
) -> None:
    with pytest.raises(InvalidInput), house.database.transaction(clinic.id) as session:
        api_keys.create(session, clinic.id, "x", StaffRole.coordinator, now=NOW, actor=SYSTEM, scopes=scopes)
