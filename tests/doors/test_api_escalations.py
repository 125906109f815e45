"""Escalations and replies through the JSON API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from followup.audit.record import SYSTEM
from followup.bootstrap import House
from followup.staff import api_keys
from followup.staff.states import StaffRole
from tests.doors.conftest import NOW, SmallClinic, Story


@pytest.fixture
def pager(app: FastAPI, house: House, clinic: SmallClinic) -> Iterator[TestClient]:
    """A system that may act for nurses."""
    with house.database.transaction(clinic.id) as session:
        key = api_keys.create(session, clinic.id, "pager system", StaffRole.nurse, now=NOW, actor=SYSTEM)
    with TestClient(app, headers={"authorization": f"Bearer {key}"}) as client:
        yield client


@pytest.fixture
def case(story: Story, pager: TestClient) -> dict[str, str]:
    """An open case about a weak leg."""
    story.enroll()
    story.writes("my leg feels weaker since last night")
    [found] = pager.get("/api/v1/escalations?state=open").json()["items"]
    assert found["tier"] == "urgent"
    return found  # type: ignore[no-any-return]


def staff_id(story: Story, role: str) -> str:
    """The id of the person with a role."""
    return str(story.rows(f"SELECT id FROM staff WHERE key = '{role}'")[0][0])


def test_a_case_is_accepted_documented_and_closed_for_a_named_person(
    story: Story, pager: TestClient, case: dict[str, str]
) -> None:
    base, nurse = f"/api/v1/escalations/{case['id']}", staff_id(story, "nurse")
    accepted = pager.post(f"{base}/accept", json={"staff_id": nurse})
    assert accepted.json()["owner_id"] == nurse
    tried = {"staff_id": nurse, "outcome": "reached", "read_back": True}
    assert pager.post(f"{base}/attempts", json=tried).json()["state"] == "contacted"
    done = {"staff_id": nurse, "disposition": "seen_today", "note": "seen at noon"}
    closed = pager.post(f"{base}/disposition", json=done)
    assert closed.json()["state"] == "closed"
    assert closed.json()["note"] == "seen at noon"
    assert pager.get("/api/v1/escalations?state=open").json()["items"] == []


def test_the_second_person_is_told_who_was_first(
    story: Story, pager: TestClient, case: dict[str, str]
) -> None:
    base = f"/api/v1/escalations/{case['id']}"
    pager.post(f"{base}/accept", json={"staff_id": staff_id(story, "nurse")})
    late = pager.post(f"{base}/accept", json={"staff_id": staff_id(story, "physician")})
    assert late.status_code == 409
    assert "Nurse of riverbend" in late.json()["detail"]


def test_nobody_unlicensed_and_nobody_unknown_can_be_acted_for(
    story: Story, pager: TestClient, case: dict[str, str]
) -> None:
    base = f"/api/v1/escalations/{case['id']}"
    for role in ("coordinator", "auditor"):
        assert pager.post(f"{base}/accept", json={"staff_id": staff_id(story, role)}).status_code == 403
    nobody = {"staff_id": "01890000-0000-7000-8000-000000000000"}
    assert pager.post(f"{base}/accept", json=nobody).status_code == 422
    assert (
        pager.post("/api/v1/escalations/01890000-0000-7000-8000-000000000000/accept", json=nobody).status_code
        == 404
    )


def test_a_coordinators_key_sees_cases_and_may_not_take_them(
    story: Story, machine: TestClient, case: dict[str, str]
) -> None:
    assert machine.get(f"/api/v1/escalations/{case['id']}").json()["signals"][0]["kind"] == "reply"
    accepted = machine.post(
        f"/api/v1/escalations/{case['id']}/accept", json={"staff_id": staff_id(story, "nurse")}
    )
    assert accepted.status_code == 403


def test_replies_are_told_with_the_words_a_rule_stood_on(
    story: Story, machine: TestClient, case: dict[str, str]
) -> None:
    [reply] = machine.get(f"/api/v1/replies?patient_id={case['patient_id']}").json()["items"]
    assert reply["tier"] == "urgent"
    assert reply["body"] == "my leg feels weaker since last night"
    found = reply["evidence"][0]
    assert reply["body"][found["start"] : found["end"]] == found["text"]
