"""The board, the story of a case, what its patient was told, and which policy is in force."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest
from sqlalchemy import text

from followup.audit.record import Actor
from followup.errors import InvalidInput
from followup.escalation.acknowledge import accept
from followup.escalation.policy import DEFAULT
from followup.escalation.publish import publish_policy
from followup.escalation.queries import (
    DELIVERED,
    NO_TEXT,
    NOT_TOLD,
    ON_ITS_WAY,
    board,
    patient_was_told,
    story,
)
from tests.stages.escalation.ward import PUBLIC_URL

URGENT = "My leg feels weaker since last night"
EMERGENCY = "I can't breathe and my chest hurts"
ADMIN = Actor("clinic file")


def told(ward) -> str:
    with ward.transaction() as session:
        return patient_was_told(session, ward.case().id)


def test_emergencies_lead_the_board_and_then_the_clock_that_runs_out_first(ward) -> None:
    ward.add_patient("Tom", "+14155550102")
    ward.add_patient("Uma", "+14155550103")
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    with ward.transaction() as session:
        accept(
            session, ward.case().id, ward.people["Bea"].id, how="code", public_url=PUBLIC_URL, now=ward.now
        )
    ward.patient_texts("Tom", URGENT)
    ward.patient_texts("Uma", EMERGENCY)
    ward.tick()
    with ward.transaction() as session:
        shown = [(case.tier.value, case.owner) for case in board(session)]
    assert shown == [("emergency", None), ("urgent", None), ("urgent", "Bea")]


def test_the_story_of_a_case_names_each_step_and_no_patient(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    ward.clock.advance(timedelta(minutes=1))
    with ward.transaction() as session:
        accept(
            session, ward.case().id, ward.people["Bea"].id, how="code", public_url=PUBLIC_URL, now=ward.now
        )
    with ward.transaction() as session:
        events = story(session, ward.case().id)
    said = [event.what for event in events]
    order = [
        "reply received",
        "reply assessed (urgent)",
        "escalation paging (reply)",
        "escalation accepted (by code)",
    ]
    assert [each for each in said if each in order] == order
    assert "accept escalation (code)" in said
    assert "Ines" not in " ".join(said)
    assert [event.at for event in events] == sorted(event.at for event in events)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("SELECT 1", ON_ITS_WAY),
        ("UPDATE message SET state = 'delivered'", DELIVERED),
        ("UPDATE message SET state = 'failed'", NOT_TOLD),
        ("UPDATE message SET state = 'cancelled'", NO_TEXT),
    ],
)
def test_a_case_says_whether_its_patient_was_told(ward, change: str, expected: str) -> None:
    ward.patient_texts("Ines", URGENT)
    with ward.transaction() as session:
        session.execute(text(change))
    assert told(ward) == expected
    ward.tick()


def test_a_safety_text_in_doubt_means_call_now(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    with ward.transaction() as session:
        session.execute(
            text(
                "INSERT INTO attempt (id, clinic_id, message_id, number, token, state, claimed_by, claimed_at,"
                " lease_until) SELECT gen_random_uuid(), clinic_id, id, 1, 't', 'in_doubt', gen_random_uuid(),"
                " now(), now() FROM message"
            )
        )
    assert told(ward) == NOT_TOLD
    ward.tick()


def test_a_published_policy_is_frozen_into_the_cases_that_open_under_it(ward) -> None:
    quick = copy.deepcopy(dict(DEFAULT))
    quick["urgent"]["contact_within_seconds"] = 600
    ward.patient_texts("Ines", URGENT)
    with ward.transaction() as session:
        assert publish_policy(session, ward.clinic_id, quick, now=ward.now, actor=ADMIN)
        assert not publish_policy(session, ward.clinic_id, quick, now=ward.now, actor=ADMIN)
    ward.add_patient("Tom", "+14155550102")
    ward.clock.advance(timedelta(seconds=1))
    ward.patient_texts("Tom", URGENT)
    ward.tick()
    first, second = ward.cases()
    assert first.policy["urgent"]["contact_within_seconds"] == 1800
    assert second.policy["urgent"]["contact_within_seconds"] == 600


def test_an_older_policy_can_be_put_into_force_again(ward) -> None:
    quick = copy.deepcopy(dict(DEFAULT))
    quick["urgent"]["repage_seconds"] = 60
    for content in (DEFAULT, quick, DEFAULT):
        ward.clock.advance(timedelta(minutes=1))
        with ward.transaction() as session:
            assert publish_policy(session, ward.clinic_id, content, now=ward.now, actor=ADMIN)


def test_a_policy_without_an_end_is_not_published(ward) -> None:
    with ward.transaction() as session, pytest.raises(InvalidInput):
        publish_policy(session, ward.clinic_id, {"urgent": {}}, now=ward.now, actor=ADMIN)
