"""What is due goes out in its hours, or keeps a reason; silence ends with a person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.household import INES, MORNING, Household

CHICAGO = ZoneInfo("America/Chicago")


def texts(home: Household, number: str = INES) -> list[Any]:
    home.lab.wait_idle()
    return list(home.lab.phone(number).inbox)


def run_until(home: Household, until: datetime) -> None:
    """Go from due time to due time, as the ticks would."""
    while True:
        soonest = home.only(
            "SELECT least((SELECT min(look_at) FROM touchpoint WHERE state = 'planned'),"
            " (SELECT min(remind_at) FROM touchpoint WHERE state = 'dispatched'))"
        )
        if soonest is None or soonest > until:
            break
        home.go_to(max(soonest, home.now))
        home.dispatch()
        home.deliver()
    home.go_to(until)


def test_a_whole_recovery_stays_inside_texting_hours_and_one_text_a_day(home: Household) -> None:
    home.enroll()
    run_until(home, MORNING + timedelta(days=100))

    sent = home.rows("SELECT queued_at, purpose FROM message WHERE purpose IN ('planned', 'reminder')")
    days = [row[0].astimezone(CHICAGO).date() for row in sent]
    assert len(sent) > 18
    assert len(days) == len(set(days))
    assert all(9 <= row[0].astimezone(CHICAGO).hour < 20 for row in sent)
    assert home.rows("SELECT key FROM touchpoint WHERE state = 'planned'") == []
    assert len(texts(home)) == home.only("SELECT count(*) FROM message")


def test_f64_after_an_outage_the_newest_contact_goes_and_the_others_say_why(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.deliver()
    home.go_to(datetime(2026, 11, 28, 16, 30, tzinfo=ZoneInfo("UTC")))  # day 4; nothing ran for eight days
    home.dispatch()
    home.deliver()

    assert len(texts(home)) == 2  # the welcome, and day 4
    assert home.only("SELECT key FROM touchpoint WHERE state = 'dispatched' AND key <> 'welcome'") == "day-4"
    for key, state, reason in home.rows(
        "SELECT key, state, reason FROM touchpoint WHERE due_at < :now AND key NOT IN ('welcome', 'day-4')",
        now=home.now,
    ):
        assert state in ("skipped", "call_task"), key
        assert reason


def test_f63_a_text_that_comes_due_outside_the_hours_waits_for_them(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.deliver()
    home.change("UPDATE clinic SET text_from = '12:00', text_until = '20:00'")
    home.go_to(datetime(2026, 11, 21, 16, 0, tzinfo=ZoneInfo("UTC")))  # ten in the morning
    home.dispatch()
    assert home.only("SELECT state FROM touchpoint WHERE key = 'before-3'") == "planned"

    home.go_to(home.only("SELECT look_at FROM touchpoint WHERE key = 'before-3'"))
    assert home.now.astimezone(CHICAGO).hour == 12
    home.dispatch()
    assert home.only("SELECT state FROM touchpoint WHERE key = 'before-3'") == "dispatched"


def test_f73_a_text_that_cannot_be_written_is_not_sent_half(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.deliver()
    home.change("UPDATE clinic SET short_name = ''")
    home.go_to(datetime(2026, 11, 21, 16, 0, tzinfo=ZoneInfo("UTC")))
    home.dispatch()
    home.deliver()

    assert len(texts(home)) == 1
    assert home.only("SELECT state FROM touchpoint WHERE key = 'before-3'") == "call_task"
    assert home.only("SELECT priority FROM task WHERE kind = 'content'") == "high"


def test_a_patient_who_opted_out_gets_nothing_and_a_safety_contact_becomes_a_call(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.deliver()
    home.change("UPDATE contact_point SET opted_out_at = :now", now=home.now)
    run_until(home, datetime(2026, 11, 25, 2, 0, tzinfo=ZoneInfo("UTC")))

    assert len(texts(home)) == 1
    states = dict(home.rows("SELECT key, state FROM touchpoint WHERE due_at < :now", now=home.now))
    assert states["before-3"] == "skipped"
    assert states["day-0"] == "call_task"
    assert home.only("SELECT kind FROM task WHERE state = 'open'") == "call_missed_text"


def test_a_bad_number_falls_back_to_the_address_the_patient_agreed_to(home: Household) -> None:
    home.enroll(patient__email="ines@patients.example")
    home.change("UPDATE contact_point SET state = 'bad' WHERE channel = 'sms'")
    home.dispatch()
    home.deliver()

    assert home.only("SELECT channel FROM message") == "email"
    assert home.only("SELECT state FROM message") == "accepted"


def test_an_open_case_holds_planned_texts_and_its_end_lets_them_go(home: Household) -> None:
    home.enroll()
    home.change("UPDATE enrollment SET held_since = :now", now=home.now)
    home.dispatch()
    assert home.only("SELECT count(*) FROM message") == 0

    home.change("UPDATE enrollment SET held_since = NULL")
    home.pass_time(timedelta(minutes=6))
    home.dispatch()
    assert home.only("SELECT count(*) FROM message") == 1


@pytest.mark.parametrize("workers", [2, 5])
def test_f15_two_or_five_dispatchers_queue_each_text_once(home: Household, workers: int) -> None:
    from concurrent.futures import ThreadPoolExecutor

    for number in range(10):
        home.enroll(f"Person {number} Test", patient__phone=f"+131255501{number + 40}")
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(home.dispatch) for _ in range(workers)]:
            done.result()
    assert home.only("SELECT count(*) FROM message") == 10


def test_an_unanswered_question_gets_one_reminder_and_then_a_person(home: Household) -> None:
    home.enroll()
    run_until(home, datetime(2026, 12, 11, 16, 0, tzinfo=ZoneInfo("UTC")))  # week 2 was asked on December 8

    reminders = home.rows("SELECT text_key FROM message WHERE purpose = 'reminder'")
    assert reminders == [("reminder-this-week",)]
    assert home.only("SELECT state FROM touchpoint WHERE key = 'week-2'") == "unanswered"
    assert home.only("SELECT count(*) FROM task WHERE kind = 'call_silent' AND state = 'open'") == 1
    assert home.only("SELECT priority FROM task WHERE kind = 'call_silent'") == "high"
