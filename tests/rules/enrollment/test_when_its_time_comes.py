"""Decisions at the time of sending: hours, outages (F63-F65), and silence after a question."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from followup.enrollment.planning.facts import ClinicCalendar, DayRule, StepPlan
from followup.enrollment.planning.lateness import DueTouchpoint, Patient, Verdict, decide, settle_overdue
from followup.enrollment.planning.reasons import Reason
from followup.enrollment.planning.silence import Look, next_look
from followup.kit.windows import Window
from followup.pathways.vocabulary import LateRule

CLINIC = ClinicCalendar()
INES = Patient("America/New_York")
STEP = StepPlan(
    key="check", day=3, at=time(10), window=Window.parse("9-20"), late=LateRule.SEND_UNTIL, late_hours=48
)
TEN = datetime(2026, 3, 6, 15, tzinfo=UTC)  # Friday, 10:00 in New York


def due(name: str = "t1", at: datetime = TEN, hours: int = 48, step: StepPlan = STEP) -> DueTouchpoint:
    return DueTouchpoint(name, step, at, at + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("later", "verdict"),
    [
        (timedelta(minutes=-1), Verdict.WAIT),
        (timedelta(0), Verdict.SEND),
        (timedelta(hours=9, minutes=59), Verdict.SEND),
        (timedelta(hours=10), Verdict.WAIT),
        (timedelta(hours=23), Verdict.SEND),
        (timedelta(hours=48), Verdict.SEND),
        (timedelta(hours=48, seconds=1), Verdict.SKIP),
    ],
)
def test_a_text_leaves_inside_its_hours_until_its_last_moment(later: timedelta, verdict: Verdict) -> None:
    assert decide(due(), INES, CLINIC, TEN + later).verdict is verdict


def test_f63_in_quiet_hours_it_waits_for_the_next_window() -> None:
    decision = decide(due(), INES, CLINIC, TEN + timedelta(hours=11))
    assert decision.at == datetime(2026, 3, 7, 14, tzinfo=UTC)
    assert decision.why == "The hours for texts are over. It can go out from Sat, Mar 7, 2026 at 9:00 AM."


def test_f63_in_quiet_hours_past_its_last_moment_it_is_left_out_or_becomes_a_call() -> None:
    night = TEN + timedelta(hours=11)
    assert decide(due(hours=12), INES, CLINIC, night).verdict is Verdict.SKIP
    call = replace(STEP, late=LateRule.CALL_TASK)
    decision = decide(due(hours=12, step=call), INES, CLINIC, night)
    assert decision.verdict is Verdict.CALL_TASK
    assert decision.reason is Reason.TOO_LATE


def test_f61_the_hours_are_those_of_the_zone_the_patient_lives_in_now() -> None:
    at = datetime(2026, 3, 6, 14, 30, tzinfo=UTC)
    assert decide(due(at=at), INES, CLINIC, at).verdict is Verdict.SEND
    assert decide(due(at=at), Patient("America/Los_Angeles"), CLINIC, at).verdict is Verdict.WAIT


def test_the_hours_a_patient_prefers_are_kept_when_sending() -> None:
    evening = Patient("America/New_York", preferred_hours=Window.parse("18-20"))
    assert decide(due(), evening, CLINIC, TEN).at == datetime(2026, 3, 6, 23, tzinfo=UTC)


def test_a_step_for_working_days_waits_over_the_weekend() -> None:
    working = replace(STEP, day_rule=DayRule.WORKING_DAYS)
    decision = decide(due(hours=96, step=working), INES, CLINIC, TEN + timedelta(hours=11))
    assert decision.at == datetime(2026, 3, 9, 13, tzinfo=UTC)


def test_the_doubled_hour_before_opening_is_waited_out() -> None:
    early = ClinicCalendar(text_hours=Window.parse("1:30-20"))
    step = replace(STEP, window=Window.all_day())
    again_at_one = datetime(2026, 11, 1, 6, 10, tzinfo=UTC)
    decision = decide(due(at=again_at_one, step=step), INES, early, again_at_one)
    assert decision.at == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_f64_after_three_days_one_contact_is_made_for_each_patient() -> None:
    overdue = [due(f"d{day}", TEN - timedelta(days=day), hours=96) for day in range(4)]
    decisions = {each.id: each for each in settle_overdue(overdue, INES, CLINIC, TEN + timedelta(hours=2))}
    assert decisions["d0"].verdict is Verdict.SEND
    assert {decisions[f"d{day}"].reason for day in (1, 2, 3)} == {Reason.SUPERSEDED}


def test_f65_what_is_stale_after_a_long_sleep_is_left_out_with_its_reason() -> None:
    overdue = [due("old", TEN - timedelta(days=3), hours=8), due("older", TEN - timedelta(days=4), hours=8)]
    decisions = settle_overdue(overdue, INES, CLINIC, TEN)
    assert [(each.id, each.verdict, each.reason) for each in decisions] == [
        ("older", Verdict.SKIP, Reason.TOO_LATE),
        ("old", Verdict.SKIP, Reason.TOO_LATE),
    ]


def test_f64_missed_check_ins_become_one_call_not_four() -> None:
    call = replace(STEP, late=LateRule.CALL_TASK)
    overdue = [due(f"d{day}", TEN - timedelta(days=day), hours=2, step=call) for day in range(1, 5)]
    verdicts = [each.verdict for each in settle_overdue(overdue, INES, CLINIC, TEN)]
    assert verdicts == [Verdict.SKIP, Verdict.SKIP, Verdict.SKIP, Verdict.CALL_TASK]


def test_f64_a_safety_check_comes_before_a_newer_tip() -> None:
    safety = replace(STEP, priority=2)
    decisions = settle_overdue(
        [due("safety", TEN - timedelta(days=1), step=safety), due("tip")], INES, CLINIC, TEN
    )
    assert [each.verdict for each in decisions] == [Verdict.SEND, Verdict.SKIP]


def test_an_overdue_text_waits_for_a_day_without_another() -> None:
    taken = replace(INES, taken_days=frozenset({date(2026, 3, 6)}))
    [decision] = settle_overdue([due()], taken, CLINIC, TEN)
    assert decision.verdict is Verdict.WAIT
    assert decision.at == datetime(2026, 3, 7, 14, tzinfo=UTC)
    [decision] = settle_overdue([due(hours=8)], taken, CLINIC, TEN)
    assert decision.reason is Reason.DAY_FULL


def test_a_text_that_no_limit_counts_does_not_wait_for_a_free_day() -> None:
    taken = replace(INES, taken_days=frozenset({date(2026, 3, 6)}))
    [decision] = settle_overdue([due(step=replace(STEP, counts=False))], taken, CLINIC, TEN)
    assert decision.verdict is Verdict.SEND


def test_what_is_not_due_yet_is_not_touched_by_settling() -> None:
    later = due("later", TEN + timedelta(days=1))
    decisions = {each.id: each for each in settle_overdue([due(), later], INES, CLINIC, TEN)}
    assert decisions["t1"].verdict is Verdict.SEND
    assert decisions["later"].verdict is Verdict.WAIT


QUESTION = replace(
    STEP, question_kind="pain_score", requires_answer=True, remind_after_hours=4, raise_after_hours=24
)


def look(step: StepPlan, reminders: int = 0, sent_at: datetime = TEN) -> tuple[Look, datetime] | None:
    found = next_look(step, sent_at=sent_at, reminders=reminders, clinic=CLINIC, patient_zone=INES.zone)
    return (found.look, found.at) if found else None


def test_an_unanswered_question_is_asked_once_more_and_then_raised() -> None:
    assert look(QUESTION) == (Look.REMIND, TEN + timedelta(hours=4))
    assert look(QUESTION, reminders=1) == (Look.RAISE, TEN + timedelta(hours=24))


def test_a_reminder_keeps_the_hours_and_the_raising_does_not() -> None:
    evening = TEN + timedelta(hours=8)
    assert look(QUESTION, sent_at=evening) == (Look.REMIND, datetime(2026, 3, 7, 14, tzinfo=UTC))
    soon = replace(QUESTION, raise_after_hours=12)
    assert look(soon, sent_at=evening) == (Look.RAISE, evening + timedelta(hours=12))


def test_a_text_that_asks_nothing_is_not_looked_at_again() -> None:
    assert look(STEP) is None


def test_a_question_that_needs_no_answer_is_closed_after_a_day() -> None:
    casual = replace(STEP, question_kind="trend")
    assert look(casual) == (Look.CLOSE, TEN + timedelta(hours=24))
    assert look(replace(casual, requires_answer=True)) == (Look.RAISE, TEN + timedelta(hours=24))
