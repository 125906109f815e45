"""A coordinator's and a nurse's day on the pages, without a script."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from followup.db.session import Database
from tests.doors.conftest import SmallClinic, Story

FORM = {
    "form": "one-form", "patient.name": "Ines Ortega", "patient.phone": "(415) 555-0123",
    "patient.language": "en", "patient.time_zone": "America/Los_Angeles", "procedure.performed_on": "2026-03-05",
    "procedure.harvest": "fat", "pathway": "stem-cell-back", "channel": "sms", "consent.sms": "yes",
    "consent.obtained_by": "Alma Reyes",
}  # fmt: skip


def test_every_page_says_what_to_do_while_it_is_empty(coordinator: TestClient) -> None:
    for address, words in {
        "/": "No open escalation",
        "/patients": "Enroll the first one",
        "/inbox": "No reply waits for you",
        "/tasks": "Nothing waits for you",
        "/escalations": "No case was closed yet",
    }.items():
        assert words in coordinator.get(address).text


def test_the_calendar_is_shown_before_anything_is_saved(coordinator: TestClient) -> None:
    shown = coordinator.post("/enroll", data=FORM | {"action": "preview"})
    assert shown.status_code == 200
    assert "texts planned" in shown.text
    assert "There are no patients yet" in coordinator.get("/patients").text


def test_enrolling_leads_to_the_timeline_and_a_second_click_changes_nothing(coordinator: TestClient) -> None:
    """B114."""
    places = {
        coordinator.post("/enroll", data=FORM | {"action": "save"}).headers["location"] for _ in range(2)
    }
    assert len(places) == 1
    shown = coordinator.get(places.pop())
    assert "Enrolled." in shown.text
    assert shown.text.index('id="now"') < shown.text.index("Day 1 fat")


def test_the_same_patient_again_is_answered_with_the_first(coordinator: TestClient) -> None:
    coordinator.post("/enroll", data=FORM | {"action": "save"})
    again = coordinator.post("/enroll", data=FORM | {"action": "save", "form": "another-form"})
    assert "Enrolled already" in again.text


def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(coordinator: TestClient) -> None:
    typed = FORM | {"patient.phone": "911", "action": "preview", "procedure.usual_symptoms": "numb toes"}
    shown = coordinator.post("/enroll", data=typed)
    assert shown.status_code == 422
    assert 'id="patient.phone-wrong"' in shown.text
    assert "numb toes" in shown.text
    assert 'value="Ines Ortega"' in shown.text


@pytest.mark.parametrize(
    ("case", "name", "shown"),
    [
        ("B26", "\u202eגילה כהן", "<bdi>גילה כהן</bdi>"),
        ("B34", '<script>"onmouseover=', "&lt;script&gt;&#34;onmouseover="),
        ("B35", "{{ 7*7 }}", "{{ 7*7 }}"),
    ],
)
def test_names_are_shown_as_written_and_never_run(
    coordinator: TestClient, case: str, name: str, shown: str
) -> None:
    place = coordinator.post("/enroll", data=FORM | {"patient.name": name, "action": "save"}).headers[
        "location"
    ]
    assert shown in coordinator.get(place).text
    assert shown in coordinator.get("/patients").text


@pytest.mark.parametrize("typed", ["ort", "Ines", "ORTEGA in", "415-555-0123"])
def test_a_patient_is_found_by_what_people_type(coordinator: TestClient, typed: str) -> None:
    coordinator.post("/enroll", data=FORM | {"action": "save"})
    assert "Ines Ortega" in coordinator.post("/patients/search", data={"q": typed}).text


@pytest.mark.parametrize("typed", ["", "%", "'; SELECT 1", "(((((((((a+)+)+", "x" * 5000])
def test_odd_searches_find_nobody_quickly(coordinator: TestClient, typed: str) -> None:
    """B31, B33, B120."""
    coordinator.post("/enroll", data=FORM | {"action": "save"})
    answer = coordinator.post("/patients/search", data={"q": typed})
    assert answer.status_code in (200, 422)
    assert "/patients/0" not in answer.text


def test_pausing_resuming_moving_and_withdrawing(coordinator: TestClient, story: Story) -> None:
    told = story.enroll(performed_on="2026-03-05")
    base = f"/enrollments/{told['id']}"
    paused = coordinator.post(f"{base}/pause", data={"reason": "in hospital"})
    assert "Paused." in coordinator.get(paused.headers["location"]).text
    coordinator.post(f"{base}/resume")
    assert coordinator.get(f"{base}/move-date").status_code == 200

    asked = {"performed_on": "2026-03-12", "performed_at": "10:00", "action": "preview"}
    preview = coordinator.post(f"{base}/move-date", data=asked)
    assert "What changes" in preview.text
    version = re.search(r'name="version" value="(\d+)"', preview.text)
    mark = re.search(r'name="mark" value="([0-9a-f]+)"', preview.text)
    assert version
    assert mark
    sure = asked | {"action": "apply", "version": version[1], "mark": mark[1]}
    assert coordinator.post(f"{base}/move-date", data=sure | {"mark": ""}).status_code == 409
    assert coordinator.post(f"{base}/move-date", data=sure).status_code == 303
    assert coordinator.post(f"{base}/move-date", data=sure).status_code == 409

    gone = coordinator.post(f"{base}/withdraw", data={"reason": "patient_asked"})
    assert "Withdrawn." in coordinator.get(gone.headers["location"]).text
    assert coordinator.post(f"{base}/withdraw", data={"reason": ""}).status_code == 422


def test_a_reply_nobody_understood_is_read_and_leaves_the_inbox(
    coordinator: TestClient, story: Story
) -> None:
    told = story.enroll()
    story.writes("the blue thing from before is back, hm")
    inbox = coordinator.get("/inbox")
    assert "the blue thing from before is back, hm" in inbox.text
    reply = re.search(r"/inbox/([0-9a-f-]{36})/dispose", inbox.text)
    assert reply
    done = {"disposition": "called", "note": "meant the bruise"}
    assert coordinator.post(f"/inbox/{reply[1]}/dispose", data=done).status_code == 303
    assert coordinator.post(f"/inbox/{reply[1]}/dispose", data=done).status_code == 409
    assert "No reply waits for you" in coordinator.get("/inbox").text
    assert "the blue thing" in coordinator.get(f"/patients/{told['patient_id']}").text


def test_a_coordinator_may_raise_a_reply_and_not_lower_it(
    coordinator: TestClient, story: Story, database: Database, clinic: SmallClinic
) -> None:
    story.enroll()
    story.writes("the blue thing from before is back, hm")
    reply = re.search(r"/inbox/([0-9a-f-]{36})/tier", coordinator.get("/inbox").text)
    assert reply
    lower = {"tier": "routine", "reason": "nothing"}
    assert coordinator.post(f"/inbox/{reply[1]}/tier", data=lower).status_code == 403
    raised = {"tier": "urgent", "reason": "sounds like weakness"}
    assert coordinator.post(f"/inbox/{reply[1]}/tier", data=raised).status_code == 303
    assert "Case " in coordinator.get("/escalations").text
    with database.transaction(clinic.id) as session:
        told = session.scalars(text("SELECT text_key FROM message WHERE purpose = 'safety'")).all()
    assert told == ["safety-urgent"], "what to do belongs to the tier, whoever chose it"


def test_a_task_is_closed_once_with_what_was_done(coordinator: TestClient, story: Story) -> None:
    story.enroll(performed_on="2026-02-24")
    tasks = coordinator.get("/tasks")
    task = re.search(r"/tasks/([0-9a-f-]{36})/close", tasks.text)
    assert task, "a past procedure leaves calls for a person"
    assert coordinator.post(f"/tasks/{task[1]}/close", data={"disposition": ""}).status_code == 422
    done = {"disposition": "reached_fine", "note": "walks well"}
    assert coordinator.post(f"/tasks/{task[1]}/close", data=done).status_code == 303
    assert coordinator.post(f"/tasks/{task[1]}/close", data=done).status_code == 409


def test_a_nurse_takes_a_case_calls_and_closes_it(
    story: Story, signed_in: Callable[..., TestClient], clinic: SmallClinic
) -> None:
    told = story.enroll(usual_symptoms="numb left toes")
    story.writes("my leg feels weaker since last night")
    nurse = signed_in(clinic, "nurse")
    today = nurse.get("/")
    assert "Nobody has accepted it" in today.text
    case = re.search(r"/escalations/([0-9a-f-]{36})", today.text)
    assert case
    base = f"/escalations/{case[1]}"
    shown = nurse.get(base)
    assert 'href="tel:+14155550123"' in shown.text
    assert "<mark" in shown.text
    assert "numb left toes" in shown.text

    assert nurse.post(f"{base}/accept").status_code == 303
    wordless = nurse.post(f"{base}/attempts", data={"outcome": "reached", "how": "phone"})
    assert wordless.status_code == 422
    tried = {"outcome": "reached", "how": "phone", "read_back": "yes", "note": "goes to the emergency room"}
    assert nurse.post(f"{base}/attempts", data=tried).status_code == 303
    assert nurse.post(f"{base}/close", data={"disposition": "", "note": ""}).status_code == 422
    closed = {"disposition": "emergency_services", "note": "on the way with her son"}
    assert nurse.post(f"{base}/close", data=closed).status_code == 303
    assert (
        "Sent to emergency services" in nurse.get(base).text or "emergency services" in nurse.get(base).text
    )
    assert "Case" in nurse.get(f"/patients/{told['patient_id']}").text


def test_a_coordinator_sees_a_case_and_may_not_take_it(coordinator: TestClient, story: Story) -> None:
    story.enroll()
    story.writes("my leg feels weaker since last night")
    case = re.search(r"/escalations/([0-9a-f-]{36})", coordinator.get("/escalations").text)
    assert case
    assert "I take this case" not in coordinator.get(f"/escalations/{case[1]}").text
    assert coordinator.post(f"/escalations/{case[1]}/accept").status_code == 403


def test_opening_the_link_accepts_nothing_and_the_button_does(story: Story, stranger: TestClient) -> None:
    story.enroll()
    story.writes("my leg feels weaker since last night")
    [(link,)] = story.rows(
        "SELECT link_token FROM page WHERE purpose = 'page' AND staff_id IS NOT NULL LIMIT 1"
    )
    opened = stranger.get(f"/c/{link}")
    assert opened.status_code == 200
    for private in ("Ines", "Ortega", "leg", "0123"):
        assert private not in opened.text
    assert story.rows("SELECT state FROM escalation") == [("paging",)]
    assert stranger.head(f"/c/{link}").status_code in (200, 405)

    taken = stranger.post(f"/c/{link}")
    assert "You have this case" in taken.text
    assert story.rows("SELECT state FROM escalation") == [("accepted",)]
    assert stranger.get(f"/c/{link}x").status_code == 404


def test_who_comes_second_reads_who_was_first(
    story: Story, stranger: TestClient, signed_in: Callable[..., TestClient], clinic: SmallClinic
) -> None:
    story.enroll()
    story.writes("my leg feels weaker since last night")
    [(link, case)] = story.rows(
        "SELECT link_token, escalation_id FROM page WHERE staff_id IS NOT NULL LIMIT 1"
    )
    assert signed_in(clinic, "physician").post(f"/escalations/{case}/accept").status_code == 303
    late = stranger.post(f"/c/{link}")
    assert late.status_code == 409
    assert "Physician of riverbend has it" in re.sub(r"</?bdi>", "", late.text)
