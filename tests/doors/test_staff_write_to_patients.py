"""A person writes to a patient from the thread, once; the patient's next answer finds that person."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from followup.kit.clock import ClockFile
from tests.doors.conftest import NOW, SmallClinic, Story

ASKED = "Which pharmacy do you use?"


@pytest.fixture
def address(story: Story) -> str:
    """Where one writes to Ines."""
    return f"/patients/{story.enroll()['patient_id']}/write"


def form(client: TestClient, address: str) -> dict[str, str]:
    found = re.search(r'name="form" value="([^"]+)"', client.get(address).text)
    assert found
    return {"form": found[1], "channel": "sms", "words": ASKED}


def passes(story: Story, **time: int) -> None:
    clock = story.house.clock
    assert isinstance(clock, ClockFile)
    clock.set(clock.now() + timedelta(**time), speed=0)


def is_called(story: Story) -> None:
    """The carrier takes everything that waits."""
    with story.house.database.transaction(story.clinic.id) as session:
        session.execute(
            text(
                "UPDATE message SET state = 'accepted', claimable = false, called_at = :at, accepted_at = :at"
                " WHERE state = 'queued'"
            ),
            {"at": story.house.clock.now()},
        )
    passes(story, minutes=1)


def test_it_is_looked_over_before_it_is_sent_and_a_second_click_sends_nothing(
    coordinator: TestClient, story: Story, address: str
) -> None:
    typed = form(coordinator, address)
    shown = coordinator.post(address, data=typed | {"action": "look"})
    assert "Riverbend: Which pharmacy do you use?" in shown.text
    assert "1 part that the carrier charges for" in shown.text
    assert story.rows("SELECT 1 FROM message WHERE purpose = 'staff'") == []
    for _ in range(2):
        sent = coordinator.post(address, data=typed | {"action": "send"})
        assert sent.status_code == 303
    [message] = story.rows("SELECT written_by, state FROM message WHERE purpose = 'staff'")
    assert message.state == "queued"
    assert "Written by Coordinator of riverbend" in coordinator.get(address.removesuffix("/write")).text
    assert ("write to patient",) in story.rows("SELECT action FROM audit_event")


def test_the_next_answer_finds_who_asked_and_is_not_filed_unread(
    coordinator: TestClient,
    story: Story,
    address: str,
    signed_in: Callable[..., TestClient],
    clinic: SmallClinic,
) -> None:
    coordinator.post(address, data=form(coordinator, address) | {"action": "send"})
    is_called(story)
    story.writes("2")
    [reply] = story.rows("SELECT state, touchpoint_id, asked_by FROM reply")
    assert (reply.state, reply.touchpoint_id) == ("in_review", None)
    assert "answers you" in coordinator.get("/inbox").text
    assert "answers Coordinator of riverbend" in signed_in(clinic, "nurse").get("/inbox").text


def test_only_the_next_answer_is_awaited_and_what_comes_within_minutes_belongs_to_it(
    coordinator: TestClient, story: Story, address: str
) -> None:
    coordinator.post(address, data=form(coordinator, address) | {"action": "send"})
    is_called(story)
    for words, later in (("the one", 2), ("on Main Street", 60), ("thanks", 1)):
        story.writes(words)
        passes(story, minutes=later)
    found = story.rows("SELECT asked_by IS NOT NULL AS awaited FROM reply ORDER BY received_at")
    assert [each.awaited for each in found] == [True, True, False]


def test_a_red_flag_in_the_answer_still_opens_a_case(
    coordinator: TestClient, story: Story, address: str
) -> None:
    coordinator.post(address, data=form(coordinator, address) | {"action": "send"})
    is_called(story)
    story.writes("the one on Main Street. I can't feel my legs")
    assert [each.tier for each in story.rows("SELECT tier FROM escalation")] == ["emergency"]


def test_who_asked_for_no_more_messages_is_called_instead(
    coordinator: TestClient, story: Story, address: str
) -> None:
    story.writes("STOP")
    refused = coordinator.post(address, data=form(coordinator, address) | {"action": "send"})
    assert refused.status_code == 422
    assert "This patient asked for no more messages. Call instead." in refused.text
    assert ASKED in refused.text
    assert story.rows("SELECT 1 FROM message WHERE purpose = 'staff'") == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"channel": "pigeon"}, "Choose text or email."),
        ({"channel": "email"}, "There is no email address that works"),
        ({"words": ""}, "Write something first."),
        ({"form": "x"}, "This form was not whole."),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    coordinator: TestClient, address: str, changes: dict[str, str], words: str
) -> None:
    refused = coordinator.post(address, data=form(coordinator, address) | changes | {"action": "send"})
    assert refused.status_code == 422
    assert words in refused.text


def test_nobody_writes_to_another_clinics_patient(
    address: str, make_clinic: Callable[[str, str], SmallClinic], signed_in: Callable[..., TestClient]
) -> None:
    stranger = signed_in(make_clinic("elsewhere", "+14155550177"))
    assert stranger.get(address).status_code == 404
    sent = stranger.post(address, data={"words": ASKED, "channel": "sms", "form": str(NOW), "action": "send"})
    assert sent.status_code == 404
