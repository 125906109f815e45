"""A policy is read completely or refused with everything that is wrong in it; the default holds its own rules."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from followup.errors import InvalidInput
from followup.escalation.policy import DEFAULT, Target, read_policy
from followup.escalation.states import CaseTier


def changed(path: str, value: Any) -> dict[str, Any]:
    content: Any = copy.deepcopy(dict(DEFAULT))
    *folders, last = path.split(".")
    place = content
    for part in folders:
        place = place[int(part)] if isinstance(place, list) else place[part]
    place[last] = value
    return content


def test_the_default_is_a_proposal_and_ends_at_the_line_for_both_tiers() -> None:
    policy = read_policy(DEFAULT)
    assert policy.is_proposal
    for tier in CaseTier:
        assert policy.of(tier).steps[-1].targets == (Target.catch_all,)
        assert policy.of(tier).steps[0].after == 0


def test_an_emergency_pages_nurse_and_physician_at_once_and_calls_them() -> None:
    first = read_policy(DEFAULT).emergency.steps[0]
    assert (first.targets, first.voice_after) == ((Target.nurse, Target.physician), 0)


def test_the_patient_is_told_at_the_end_of_the_first_round() -> None:
    assert read_policy(DEFAULT).urgent.not_reached == 20 * 60
    assert read_policy(DEFAULT).emergency.not_reached == 8 * 60


def test_the_owner_is_reminded_after_two_thirds_of_the_contact_time() -> None:
    assert read_policy(DEFAULT).urgent.contact_warning == 20 * 60


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("urgent.repage_seconds", 10, "urgent.repage_seconds"),
        ("urgent.contact_within_seconds", 90_000, "urgent.contact_within_seconds"),
        ("emergency.steps", [], "emergency.steps"),
        ("emergency.steps", "nurse", "emergency.steps"),
        ("urgent.steps.0.targets", ["nobody"], "urgent.steps.0.targets"),
        ("urgent.steps.0.targets", [], "urgent.steps.0.targets"),
        ("urgent.steps.0.after_seconds", 60, "urgent.steps.0.after_seconds"),
        ("urgent.steps.1.after_seconds", 0, "urgent.steps"),
        ("urgent.steps.1.after_seconds", True, "urgent.steps.1.after_seconds"),
        ("urgent.steps.3.targets", ["manager"], "urgent.steps"),
        ("unclear.high_minutes", 45, "unclear.high_minutes"),
        ("same_day", None, "same_day.contact_within_open_minutes"),
        ("emergency", None, "emergency.steps"),
    ],
)
def test_what_is_wrong_is_named_at_its_field(path: str, value: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_policy(changed(path, value))
    assert field in {problem.field for problem in refused.value.problems}


def test_everything_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        read_policy({})
    assert len(refused.value.problems) >= 10
