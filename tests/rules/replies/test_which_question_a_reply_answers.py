"""A reply answers the question that was in the patient's hands, and old numbers are not read as today's."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from followup.pathways.schema import FollowUp
from followup.pathways.vocabulary import Tier
from followup.replies.match import Candidate, Found, choose
from followup.replies.questions import completes_step
from followup.replies.rules import Asked, Timing, bind
from followup.triage.rules import masked, state_after, with_media

NOW = datetime(2026, 6, 10, 18, 0, tzinfo=UTC)


def asked(hours_ago: float, *, replied: float | None = None, is_open: bool = True) -> Asked:
    return Asked(
        touchpoint_id=uuid.uuid4(), enrollment_id=uuid.uuid4(), asked_at=NOW - timedelta(hours=hours_ago),
        last_reply_at=None if replied is None else NOW - timedelta(hours=replied), is_open=is_open,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("questions", "place", "timing"),
    [
        ([], None, None),
        ([asked(1)], 0, Timing.first),
        ([asked(1, replied=0.5)], 0, Timing.again),
        ([asked(1, replied=20)], 0, Timing.first),
        ([asked(1), asked(25)], 0, Timing.first),
        ([asked(71)], 0, Timing.first),
        ([asked(73)], 0, Timing.late),
        ([asked(24 * 7 + 1)], None, None),
        ([asked(-1)], None, None),
        ([asked(0.001), asked(5)], 1, Timing.first),
        ([asked(0.001), asked(5, is_open=False)], 0, Timing.first),
        ([asked(0.001)], 0, Timing.first),
    ],
)
def test_b84_the_newest_question_in_the_patients_hands_is_answered(questions, place, timing):
    binding = bind(questions, received_at=NOW)
    if place is None:
        assert binding is None
    else:
        assert binding is not None
        assert (binding.touchpoint_id, binding.timing) == (questions[place].touchpoint_id, timing)


def test_b84_a_mail_answers_the_mail_it_names_although_a_newer_question_is_open():
    newest, last_week = asked(2), asked(50)
    binding = bind([newest, last_week], received_at=NOW, threaded=last_week.touchpoint_id)
    assert binding is not None
    assert (binding.touchpoint_id, binding.timing) == (last_week.touchpoint_id, Timing.late)


@dataclass
class Step:
    """The part of a step that decides whether it is complete."""

    follow_ups: tuple[FollowUp, ...] = field(default=())


REQUIRED = FollowUp(ask="warning-signs", required=True)
OPTIONAL = FollowUp(ask="exercises")


@pytest.mark.parametrize(
    ("follow_ups", "answered", "tier", "complete"),
    [
        ((), "pain", "routine", True),
        ((REQUIRED,), "pain", "routine", False),
        ((REQUIRED,), "pain", "urgent", True),
        ((REQUIRED,), "pain", "unclear", True),
        ((REQUIRED,), "warning-signs", "routine", True),
        ((OPTIONAL,), "pain", "routine", True),
        ((OPTIONAL, REQUIRED), "pain", "routine", False),
        ((OPTIONAL, REQUIRED), "exercises", "same_day", False),
        ((REQUIRED, OPTIONAL), "warning-signs", "routine", True),
    ],
)
def test_a_step_is_complete_when_nothing_required_can_still_be_asked(follow_ups, answered, tier, complete):
    assert completes_step(Step(follow_ups), answered, tier) is complete


def candidate(patient: int = 1, **facts: bool) -> Candidate:
    usual = {"is_current": True, "is_wrong_person": False, "is_opted_out": False, "has_died": False}
    return Candidate(
        contact_point_id=uuid.uuid4(), patient_id=uuid.UUID(int=patient), language="en", **(usual | facts)
    )


@pytest.mark.parametrize(
    ("candidates", "found"),
    [
        ([], Found.stranger),
        ([candidate()], Found.patient),
        ([candidate(), candidate()], Found.patient),
        ([candidate(1), candidate(2)], Found.shared),
        ([candidate(1), candidate(2, is_current=False)], Found.patient),
        ([candidate(1, is_current=False), candidate(2, is_current=False)], Found.shared),
        ([candidate(1), candidate(2, has_died=True)], Found.patient),
        ([candidate(is_wrong_person=True)], Found.not_the_patient),
        ([candidate(1, is_wrong_person=True), candidate(2)], Found.patient),
    ],
)
def test_who_wrote_is_known_or_is_a_question(candidates, found):
    match = choose(candidates)
    assert match.found is found
    assert (match.chosen is not None) == (found is Found.patient)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("my card 4111 1111 1111 1111 ok", "my card [number hidden] ok"),
        ("ssn 078-05-1120", "ssn [number hidden]"),
        ("call 415-555-0101", "call 415-555-0101"),
        ("temp 101.3, pain 8/10", "temp 101.3, pain 8/10"),
    ],
)
def test_b90_lists_hide_numbers_of_cards(words, shown):
    assert masked(words) == shown


@pytest.mark.parametrize("tier", list(Tier))
def test_only_a_routine_reply_is_filed_by_a_machine(tier):
    assert (state_after(tier.value) == "filed") is (tier is Tier.ROUTINE)
    assert with_media(tier.value, "low", 1)[0] != "routine"
