"""A step whose text is stopped or refused ends in a named state with a reason, or goes another agreed way (I2)."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from followup.audit.record import Actor
from followup.messaging.carrier_errors import classify
from followup.messaging.track import Report, track_by_token
from followup.patients.consent import record_opt_out
from followup.replies.obey import cancel_queued
from tests.household import INES, Household

PATIENT = Actor("patient")
MAIL = "ines@mail.example"
STOPPED = "the patient asked us to stop writing here"
# Day 1 after the procedure, at ten in the morning in Chicago: a check-in that matters.
DAY_1 = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)


def at_day_1(home: Household, **fields: object) -> None:
    """Ines' check-in of day 1 waits in the outbox; what came before is not part of this."""
    home.enroll(**fields)
    home.change(
        "UPDATE touchpoint SET state = 'skipped', reason = 'before this' WHERE due_at < :now", now=DAY_1
    )
    home.change("UPDATE touchpoint SET state = 'planned', reason = NULL WHERE key LIKE 'day-1%'")
    home.go_to(DAY_1)
    home.dispatch()
    assert home.only("SELECT state FROM message") == "queued"


def says_stop(home: Household, channel: str = "sms") -> None:
    with home.house.database.transaction(home.clinic_id) as session:
        point: uuid.UUID = home.only("SELECT id FROM contact_point WHERE channel = :channel", channel=channel)
        record_opt_out(session, point, wording="STOP", how="text", now=home.now, actor=PATIENT)
        cancel_queued(session, [point], reason=STOPPED, now=home.now)


def day_1(home: Household) -> tuple[str, str]:
    rows = home.rows("SELECT state, reason_code FROM touchpoint WHERE key LIKE 'day-1%'")
    assert len(rows) == 1
    return rows[0][0], rows[0][1]


def ticks(home: Household) -> None:
    home.dispatch()
    home.deliver()
    home.lab.wait_idle()


def test_a_check_in_that_matters_becomes_a_call_when_stop_cancels_its_text(home: Household) -> None:
    at_day_1(home)
    says_stop(home)
    ticks(home)

    assert home.rows("SELECT state, reason FROM message") == [("cancelled", STOPPED)]
    assert day_1(home) == ("call_task", "opted_out")
    assert home.only("SELECT kind FROM task WHERE state = 'open'") == "call_missed_text"
    assert home.lab.phone(INES).inbox == []


def test_a_step_that_may_be_left_out_is_left_out_with_its_reason_when_stop_cancels_its_text(
    home: Household,
) -> None:
    home.enroll()
    home.dispatch()
    says_stop(home)
    ticks(home)

    assert home.rows("SELECT state, reason_code FROM touchpoint WHERE key = 'welcome'") == [
        ("skipped", "opted_out")
    ]
    assert home.rows("SELECT 1 FROM task") == []


def test_a_stop_that_comes_between_claim_and_call_ends_the_step_the_same_way(home: Household) -> None:
    at_day_1(home)
    home.change("UPDATE contact_point SET opted_out_at = :now", now=home.now)
    ticks(home)
    assert home.rows("SELECT state, reason FROM message") == [("cancelled", STOPPED)]
    ticks(home)

    assert day_1(home) == ("call_task", "opted_out")


def test_a_stop_to_texts_lets_the_check_in_go_by_the_email_that_was_agreed_to(home: Household) -> None:
    at_day_1(home, patient__email=MAIL)
    says_stop(home)
    ticks(home)

    assert day_1(home)[0] == "dispatched"
    assert home.rows("SELECT channel, state FROM message ORDER BY id") == [
        ("sms", "cancelled"),
        ("email", "accepted"),
    ]


@pytest.mark.parametrize("code", [21211, 21614, 30006])
def test_a_number_that_cannot_be_texted_is_written_to_by_email_and_a_person_asks_for_the_right_one(
    home: Household, code: int
) -> None:
    at_day_1(home, patient__email=MAIL)
    home.lab.fault("refuse", code=code, times=1)
    ticks(home)
    ticks(home)

    assert home.rows("SELECT channel, state FROM message ORDER BY id") == [
        ("sms", "failed"),
        ("email", "accepted"),
    ]
    assert home.only("SELECT state FROM contact_point WHERE channel = 'sms'") == "bad"
    assert "another address" in home.only("SELECT reason FROM task WHERE kind = 'bad_number'")


def test_a_number_that_cannot_be_texted_is_called_where_there_is_no_email(home: Household) -> None:
    at_day_1(home)
    home.lab.fault("refuse", code=30006, times=1)
    ticks(home)
    ticks(home)

    assert day_1(home)[0] == "call_task"
    assert home.only("SELECT kind FROM task") == "bad_number"


def test_an_opt_out_found_at_the_carrier_is_told_to_staff_once_and_is_no_failure_of_the_number(
    home: Household,
) -> None:
    at_day_1(home)
    home.lab.fault("refuse", code=21610, times=1)
    ticks(home)
    ticks(home)

    assert day_1(home) == ("call_task", "opted_out")
    assert home.only("SELECT state FROM contact_point") == "stated"
    told = [row[0] for row in home.rows("SELECT reason FROM task WHERE reason LIKE '%opted out%'")]
    assert len(told) == 1
    assert "START" in told[0]


def test_a_confirmation_that_the_carrier_refuses_after_stop_bothers_nobody(home: Household) -> None:
    home.enroll()
    ticks(home)
    home.lab.fault("refuse", code=21610, times=1)
    home.change("UPDATE contact_point SET opted_out_at = :now", now=home.now)
    home.change(
        "UPDATE message SET state = 'queued', claimable = true, purpose = 'consent', touchpoint_id = NULL"
    )
    ticks(home)

    assert home.rows("SELECT state, error_code FROM message") == [("failed", "21610")]
    assert home.rows("SELECT 1 FROM task") == []


def test_a_mail_that_cannot_be_written_is_a_refusal_and_not_a_doubt(home: Household) -> None:
    at_day_1(home, channel="email", patient__email=MAIL, consent__sms=False)
    home.change("UPDATE clinic SET short_name = E'Riverbend\\nBcc: thief@mail.example'")
    ticks(home)

    assert home.rows("SELECT state, refusal FROM attempt") == [("refused", "bad_text")]
    assert home.only("SELECT state FROM message") == "failed"
    assert home.rows("SELECT 1 FROM task WHERE kind = 'unconfirmed_send'") == []
    assert day_1(home)[0] == "call_task"
    assert home.lab.mails == []


def test_a_pause_after_a_restore_holds_planned_texts_and_lets_call_911_through(home: Household) -> None:
    at_day_1(home)
    home.change(
        "UPDATE clinic SET sending_paused_at = :now, sending_paused_reason = 'restored'", now=home.now
    )
    ticks(home)
    assert home.lab.phone(INES).inbox == []

    home.change("UPDATE message SET purpose = 'safety', is_urgent = true, not_before = :now", now=home.now)
    home.deliver(urgent=True)
    home.lab.wait_idle()
    assert len(home.lab.phone(INES).inbox) == 1


def test_hours_later_a_stopped_step_has_not_come_back(home: Household) -> None:
    at_day_1(home)
    says_stop(home)
    for _ in range(3):
        ticks(home)
        home.pass_time(timedelta(hours=1))

    assert day_1(home)[0] == "call_task"
    assert home.only("SELECT count(*) FROM message") == 1


@pytest.mark.parametrize("code", ["30003", "30004", "30008"])
def test_no_time_for_another_try_means_a_call_even_where_the_step_may_be_left_out(
    home: Household, code: str
) -> None:
    home.enroll()
    ticks(home)
    last = home.now + timedelta(minutes=5)
    home.change("UPDATE touchpoint SET not_after = :last WHERE key = 'welcome'", last=last)
    home.change("UPDATE message SET not_after = :last", last=last)
    token, sid = home.rows("SELECT token, provider_id FROM attempt")[0]
    with home.house.database.transaction(home.clinic_id) as session:
        report = Report(sid, "undelivered", code, classify(code))
        track_by_token(session, token, report=report, now=home.now)

    assert home.only("SELECT state FROM touchpoint WHERE key = 'welcome'") == "call_task"
    assert home.only("SELECT kind FROM task") == "call_missed_text"


def test_a_carrier_that_blocks_us_is_tried_once_more_on_another_day_and_then_a_person_calls(
    home: Household,
) -> None:
    home.enroll()
    home.lab.fault("refuse", code=30004, times=None)
    for _ in range(3):
        ticks(home)
        home.pass_time(timedelta(hours=24))

    assert home.only("SELECT state FROM touchpoint WHERE key = 'welcome'") == "call_task"
    assert home.rows("SELECT state FROM message WHERE text_key = 'welcome'") == [("failed",), ("failed",)]
    assert "call_missed_text" in {row[0] for row in home.rows("SELECT kind FROM task")}
