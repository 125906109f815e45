"""Which channel first and next, what a failure leads to, and what a patient may be promised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from followup.clinics.states import Channel
from followup.escalation.page_rules import first_wave, is_about_the_number, next_channel, retry_after
from followup.escalation.policy import DEFAULT, read_policy
from followup.escalation.promise_rules import TODAY, WHEN_WE_OPEN, Hours, review_due, same_day_promise
from followup.escalation.staff_codes import is_bare, is_stop
from followup.kit.windows import zone
from followup.ports import Refusal

NOW = datetime(2026, 3, 3, 18, 0, tzinfo=UTC)  # ten in the morning in Los Angeles
HOURS = Hours(
    {str(day): [["08:00", "12:00"], ["13:00", "17:00"]] for day in range(5)}, (), zone("America/Los_Angeles")
)
POLICY = read_policy(DEFAULT)


def test_a_text_first_and_a_call_after_it() -> None:
    wave = first_wave([Channel.email, Channel.voice, Channel.sms], voice_after=120, now=NOW)
    assert wave == {Channel.sms: NOW, Channel.voice: NOW + timedelta(seconds=120)}


def test_without_a_phone_that_takes_texts_the_call_comes_at_once() -> None:
    assert first_wave([Channel.voice], voice_after=120, now=NOW) == {Channel.voice: NOW}
    assert first_wave([Channel.voice], voice_after=None, now=NOW) == {Channel.voice: NOW}


def test_mail_is_for_those_who_have_nothing_else() -> None:
    assert first_wave([Channel.email], voice_after=0, now=NOW) == {Channel.email: NOW}
    assert first_wave([], voice_after=0, now=NOW) == {}


def test_the_next_channel_is_one_that_was_not_used() -> None:
    everything = [Channel.sms, Channel.voice, Channel.email]
    assert next_channel(everything, [Channel.sms]) is Channel.voice
    assert next_channel(everything, [Channel.sms, Channel.voice]) is Channel.email
    assert next_channel([Channel.sms], [Channel.sms]) is None


@pytest.mark.parametrize(
    ("refusal", "tries", "expected"),
    [
        (Refusal.not_processed, 1, 2),
        (Refusal.temporary, 2, 5),
        (Refusal.temporary, 3, None),
        (Refusal.bad_number, 1, None),
        (Refusal.opted_out, 1, None),
        (Refusal.configuration, 1, None),
        (Refusal.unknown, 1, None),
    ],
)
def test_only_what_may_work_soon_is_tried_again(refusal: Refusal, tries: int, expected: int | None) -> None:
    assert retry_after(refusal, tries) == expected


def test_a_wrong_account_is_not_the_nurses_fault() -> None:
    assert not is_about_the_number(Refusal.configuration)
    assert is_about_the_number(Refusal.opted_out)


@pytest.mark.parametrize(
    ("local_hour", "key", "due_local_hour"),
    [
        (9, TODAY, 14),
        (15, TODAY, 17),
        (16.75, WHEN_WE_OPEN, 24 + 9),
        (3, WHEN_WE_OPEN, 9),
        (12.5, WHEN_WE_OPEN, 14),
    ],
)
def test_today_is_said_only_while_it_can_be_kept(local_hour: float, key: str, due_local_hour: int) -> None:
    midnight = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
    promise = same_day_promise(HOURS, POLICY, midnight + timedelta(hours=local_hour))
    assert promise.text_key == key
    assert promise.due_at == midnight + timedelta(hours=due_local_hour)


def test_high_is_read_within_half_an_hour_at_any_hour_and_low_within_open_hours() -> None:
    night = datetime(2026, 3, 3, 11, 0, tzinfo=UTC)
    assert review_due(HOURS, POLICY, "high", night) == night + timedelta(minutes=30)
    assert review_due(HOURS, POLICY, "low", night) == datetime(2026, 3, 3, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize("word", ["STOP", "stop ", "Unsubscribe!", "QUIT"])
def test_stop_is_understood(word: str) -> None:
    assert is_stop(word)


@pytest.mark.parametrize("word", ["ok", "Ack", "YES!", "got it", "4"])
def test_a_bare_yes_is_no_code(word: str) -> None:
    assert is_bare(word)


def test_a_sentence_is_neither() -> None:
    assert not is_bare("ok but the patient is bleeding")
    assert not is_stop("please stop the bleeding")
