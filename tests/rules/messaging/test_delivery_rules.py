"""Delivery's tables: when the carrier may be called, and what follows from how it answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from followup.messaging.carrier_errors import CODES, IN_DOUBT, classify
from followup.messaging.rules import (
    CALL,
    CARRIER_STATUS,
    Facts,
    Follow,
    Verdict,
    after_refusal,
    may_call,
    next_state,
)
from followup.messaging.states import MessageState, Purpose
from followup.ports import Refusal

NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
# What a carrier can tell of; "cancelled" is ours alone.
CARRIERS = [each for each in MessageState if each is not MessageState.cancelled]
FREE = Facts(
    purpose=Purpose.planned, not_after=NOW + timedelta(hours=4), has_contact_point=True, contact_state="stated",
    opted_out=False, consented=True, enrollment_state="active", is_held=False, clinic_paused=False,
    patient_died=False, touchpoint_state="dispatched",
)  # fmt: skip


def test_nothing_in_the_way_means_call() -> None:
    assert may_call(FREE, NOW) == CALL


@pytest.mark.parametrize("purpose", [each for each in Purpose if each is not Purpose.consent])
def test_an_opt_out_stops_everything_but_its_own_confirmation(purpose: Purpose) -> None:
    assert may_call(replace(FREE, purpose=purpose, opted_out=True), NOW).verdict is Verdict.cancel
    assert may_call(replace(FREE, purpose=Purpose.consent, opted_out=True), NOW) == CALL


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"patient_died": True}, Verdict.cancel),
        ({"contact_state": "wrong_person"}, Verdict.cancel),
        ({"contact_state": "bad"}, Verdict.cancel),
        ({"consented": False}, Verdict.cancel),
        ({"enrollment_state": "withdrawn"}, Verdict.cancel),
        ({"enrollment_state": "completed"}, Verdict.cancel),
        ({"touchpoint_state": "cancelled"}, Verdict.cancel),
        ({"clinic_paused": True}, Verdict.release),
        ({"enrollment_state": "paused"}, Verdict.release),
        ({"is_held": True}, Verdict.release),
    ],
)
def test_a_planned_text_is_stopped_for_good_or_given_back_with_its_reason(
    change: dict[str, object], verdict: Verdict
) -> None:
    decision = may_call(replace(FREE, **change), NOW)
    assert decision.verdict is verdict
    assert decision.reason


@pytest.mark.parametrize(
    "change", [{"is_held": True}, {"enrollment_state": "paused"}, {"enrollment_state": "withdrawn"}]
)
def test_a_safety_text_is_not_held_by_what_holds_planned_ones(change: dict[str, object]) -> None:
    assert may_call(replace(FREE, purpose=Purpose.safety, **change), NOW) == CALL


@pytest.mark.parametrize("purpose", list(Purpose))
def test_f34_what_the_lost_hours_may_have_sent_waits_whatever_it_is_for(purpose: Purpose) -> None:
    decision = may_call(replace(FREE, purpose=purpose, clinic_paused=True, may_be_repeated=True), NOW)
    assert decision.verdict is Verdict.release


def test_a_pause_does_not_hold_a_safety_text() -> None:
    assert may_call(replace(FREE, purpose=Purpose.safety, clinic_paused=True), NOW) == CALL


def test_our_own_misconfiguration_burns_no_attempt() -> None:
    consequence = after_refusal(Refusal.configuration, tries=3, now=NOW, not_after=NOW + timedelta(hours=1))
    assert consequence.follow is Follow.stop_all
    assert not consequence.burns_attempt


def test_the_carriers_wish_to_wait_is_honored() -> None:
    wished = after_refusal(
        Refusal.not_processed, tries=1, now=NOW, not_after=NOW + timedelta(hours=1), retry_after=120
    )
    assert wished.after == timedelta(seconds=120)


def test_no_code_has_two_classes() -> None:
    codes = [code for group in CODES.values() for code in group]
    assert len(codes) == len(set(codes))
    assert not IN_DOUBT & set(codes)


def test_a_code_nobody_has_classified_is_for_a_person() -> None:
    assert classify("99999") is Refusal.unknown


@pytest.mark.parametrize(("before", "told"), list(product(CARRIERS, repeat=2)))
def test_reports_never_take_a_message_back(before: MessageState, told: MessageState) -> None:
    after = next_state(before, told)
    assert after in (before, told)
    assert next_state(after, before) == after


def test_every_status_of_the_carrier_is_a_state_of_ours() -> None:
    assert set(CARRIER_STATUS.values()) <= set(MessageState)
    assert CARRIER_STATUS["delivered"] is MessageState.delivered
