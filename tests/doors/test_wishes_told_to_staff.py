"""A patient tells a person "no more texts": written down, in force at once, and on record."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.doors.conftest import SmallClinic, Story

SAID = "Please stop these texts, it is too much."


@pytest.fixture
def patient(story: Story) -> str:
    """Ines, enrolled by text, with a mail address she agreed to."""
    told = story.enroll()
    return str(told["patient_id"])


def post(coordinator: TestClient, patient: str, what: str = "stop", **changes: str) -> Any:
    fields = {"channel": "sms", "how": "phone", "words": SAID, **changes}
    return coordinator.post(f"/patients/{patient}/{what}", data=fields)


def test_a_stop_on_the_phone_counts_at_once_and_keeps_who_heard_it(
    story: Story, coordinator: TestClient, patient: str
) -> None:
    assert "Wants no more messages" in coordinator.get(f"/patients/{patient}").text
    answer = post(coordinator, patient)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/patients/{patient}?done=stopped")
    [(decision, how, wording, by)] = story.rows(
        "SELECT decision, how, wording, obtained_by FROM consent WHERE decision = 'revoked'"
    )
    assert (decision, how, wording) == ("revoked", "phone", SAID)
    assert by.startswith("staff:")
    assert story.rows("SELECT 1 FROM contact_point WHERE opted_out_at IS NULL AND channel = 'sms'") == []
    assert story.rows("SELECT 1 FROM message WHERE purpose = 'consent'") == []
    assert "asked for no more messages" in coordinator.get(f"/patients/{patient}").text


def test_another_system_of_the_clinic_can_record_it_too(story: Story, patient: str) -> None:
    told = {"channel": "everything", "how": "paper", "words": "form of March 3"}
    answer = story.machine.post(f"/api/v1/patients/{patient}/opt-outs", json=told)
    assert answer.status_code == 200, answer.text
    assert all(each["opted_out_at"] for each in answer.json()["contact_points"])
    assert story.machine.post(f"/api/v1/patients/{patient}/opt-outs", json=told).status_code == 409
    wrong = story.machine.post(f"/api/v1/patients/{patient}/opt-outs", json=told | {"channel": "fax"})
    assert wrong.status_code == 422


def test_a_stop_that_is_known_changes_nothing(story: Story, coordinator: TestClient, patient: str) -> None:
    post(coordinator, patient)
    assert post(coordinator, patient, channel="everything").status_code == 409
    assert story.rows("SELECT count(*) FROM consent WHERE decision = 'revoked'")[0][0] == 1


def test_who_agrees_again_is_written_to_again(story: Story, coordinator: TestClient, patient: str) -> None:
    assert post(coordinator, patient, "agree").status_code == 409  # nothing had been stopped
    post(coordinator, patient)
    assert post(coordinator, patient, "agree", words=" ").status_code == 422
    assert post(coordinator, patient, "agree", words="Texts about my recovery are fine").status_code == 303
    assert story.rows("SELECT 1 FROM contact_point WHERE opted_out_at IS NOT NULL") == []


@pytest.mark.parametrize("wrong", [{"channel": ""}, {"channel": "fax"}, {"how": ""}, {"how": "telepathy"}])
def test_what_is_not_said_whole_is_refused_at_its_field(
    story: Story, coordinator: TestClient, patient: str, wrong: dict[str, str]
) -> None:
    assert post(coordinator, patient, **wrong).status_code == 422
    assert story.rows("SELECT 1 FROM consent WHERE decision = 'revoked'") == []


def test_an_auditor_may_not_and_another_clinic_finds_nobody(
    story: Story, clinic: SmallClinic, make_clinic: Any, signed_in: Any, patient: str
) -> None:
    assert post(signed_in(clinic, "auditor"), patient).status_code == 403
    other = make_clinic("lakeside", "+14155550101")
    assert post(signed_in(other), patient).status_code == 404
    assert story.rows("SELECT 1 FROM contact_point WHERE opted_out_at IS NOT NULL") == []
