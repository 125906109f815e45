"""Changes of a patient or a plan on pages and in the API: shown first, done with the mark of what was shown."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from followup.web.changes import KINDS
from tests.doors.conftest import Story
from tests.doors.least_enrollment import LEAST

# What each kind is asked, so that it can be done.
ASKED: dict[str, dict[str, Any]] = {
    "phone": {"phone": "+14155550124", "agreed": True, "obtained_by": "Alma Reyes"},
    "email": {"email": "ines@mail.example", "agreed": True, "obtained_by": "Alma Reyes"},
    "channel": {"channel": "email"},
    "time-zone": {"time_zone": "America/New_York"},
    "language": {"language": "en"},
    "second-procedure": {"performed_on": "2026-04-07", "harvest": "fat", "pathway": "stem-cell-back"},
    "death": {},
    "end": {"reason": "patient_asked"},
    "cancelled-procedure": {},
}
EACH = pytest.mark.parametrize("name", ASKED)


def enrolled(story: Story) -> dict[str, Any]:
    body = LEAST | {"patient": {**LEAST["patient"], "email": "ines@post.example"}}
    body["consent"] = {"sms": True, "email": True, "obtained_by": "Alma Reyes"}
    answer = story.machine.post("/api/v1/enrollments", json=body)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def path_of(name: str, told: dict[str, Any]) -> str:
    if KINDS[name].of_enrollment:
        return f"/enrollments/{told['id']}/change/{name}"
    return f"/patients/{told['patient_id']}/change/{name}"


def form_of(name: str) -> dict[str, str]:
    return {key: "yes" if value is True else value for key, value in ASKED[name].items()}


def mark_of(page: str) -> str:
    found = re.search(r'name="mark" value="([0-9a-f]{24})"', page)
    assert found, page
    return found[1]


@EACH
def test_a_page_shows_a_change_and_a_second_button_does_it(
    story: Story, coordinator: TestClient, name: str
) -> None:
    path = path_of(name, enrolled(story))
    assert coordinator.get(path).status_code == 200
    before = story.rows("SELECT count(*) FROM audit_event WHERE action NOT LIKE 'read%'")
    shown = coordinator.post(path, data={**form_of(name), "action": "preview"})
    assert shown.status_code == 200, shown.text
    assert "What changes" in shown.text
    assert story.rows("SELECT count(*) FROM audit_event WHERE action NOT LIKE 'read%'") == before
    done = coordinator.post(path, data={**form_of(name), "action": "apply", "mark": mark_of(shown.text)})
    assert done.status_code == 303, done.text
    assert "Done, as it was shown" in coordinator.get(done.headers["location"]).text
    assert story.rows("SELECT count(*) FROM audit_event WHERE action NOT LIKE 'read%'") > before


@EACH
def test_the_api_shows_a_change_and_does_it_with_its_mark(
    story: Story, machine: TestClient, name: str
) -> None:
    path = f"/api/v1{path_of(name, enrolled(story))}"
    shown = machine.post(path, json=ASKED[name]).json()
    assert shown["applied"] is False
    assert shown["calendars"][0]["changes"]
    assert machine.post(path, json={**ASKED[name], "mark": "0" * 24}).status_code == 409
    done = machine.post(path, json={**ASKED[name], "mark": shown["mark"]})
    assert done.status_code == 200, done.text
    assert done.json()["applied"] is True
    assert done.json()["mark"] == shown["mark"]


@EACH
def test_what_was_shown_and_has_changed_meanwhile_is_shown_again_and_not_done(
    story: Story, coordinator: TestClient, machine: TestClient, name: str
) -> None:
    told = enrolled(story)
    path = path_of(name, told)
    shown = coordinator.post(path, data={**form_of(name), "action": "preview"})
    machine.post(f"/api/v1/enrollments/{told['id']}/pause", json={"reason": "in hospital"})
    late = {**form_of(name), "action": "apply", "mark": mark_of(shown.text)}
    answer = coordinator.post(path, data=late)
    assert answer.status_code == 409
    assert "changed meanwhile" in answer.text
    again = coordinator.post(path, data={**late, "mark": mark_of(answer.text)})
    assert again.status_code == 303


@EACH
def test_nothing_is_done_that_nobody_was_shown(story: Story, coordinator: TestClient, name: str) -> None:
    path = path_of(name, enrolled(story))
    answer = coordinator.post(path, data={**form_of(name), "action": "apply"})
    assert answer.status_code == 422
    assert "preview first" in answer.text


@pytest.mark.parametrize(
    ("name", "fields", "says"),
    [
        ("phone", {"phone": "911"}, "Emergency numbers"), ("phone", {"phone": "+14155550123"}, "number we have"),
        ("phone", {"phone": "+14155550124", "agreed": "yes"}, "who heard"), ("email", {"email": "a@b@c"}, "one @"),
        ("channel", {"channel": "fax"}, "Choose sms or email"), ("time-zone", {"time_zone": "PST"}, "not the name"),
        ("language", {"language": "fr"}, "Choose one of"), ("end", {"reason": "bored"}, "Choose one of"),
        ("second-procedure", {"performed_on": "3/4/26", "harvest": "fat", "pathway": "stem-cell-back"}, "year"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_at_its_field(
    story: Story, coordinator: TestClient, machine: TestClient, name: str, fields: dict[str, str], says: str
) -> None:
    """B45, B51."""
    path = path_of(name, enrolled(story))
    answer = coordinator.post(path, data={**fields, "action": "preview"})
    assert answer.status_code == 422
    assert says in answer.text
    assert 'role="alert"' in answer.text
    body = {key: value == "yes" or value for key, value in fields.items()}
    refused = machine.post(f"/api/v1{path}", json=body)
    assert refused.status_code == 422
    assert says in refused.text


def test_a_second_procedure_on_the_day_of_the_first_leads_back(story: Story, coordinator: TestClient) -> None:
    told = enrolled(story)
    fields = {"performed_on": told["performed_on"], "harvest": "fat", "pathway": "stem-cell-back"}
    answer = coordinator.post(path_of("second-procedure", told), data={**fields, "action": "preview"})
    assert answer.status_code == 409
    assert "already enrolled" in answer.text


def test_a_follow_up_on_the_version_in_force_has_nowhere_to_move(
    story: Story, coordinator: TestClient, machine: TestClient
) -> None:
    """F74."""
    path = path_of("version", enrolled(story))
    answer = coordinator.get(path)
    assert answer.status_code == 409
    assert "already" in answer.text
    assert machine.post(f"/api/v1{path}", json={}).status_code == 409


def test_the_timeline_leads_to_every_change(story: Story, coordinator: TestClient) -> None:
    told = enrolled(story)
    shown = coordinator.get(f"/patients/{told['patient_id']}").text
    for name in KINDS:
        assert path_of(name, told) in shown
