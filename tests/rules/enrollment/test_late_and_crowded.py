"""What is already late when a patient is enrolled, and who gives way when a day or week is full."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from followup.clinics.states import Channel
from followup.enrollment.planning.facts import (
    Caps,
    ClinicCalendar,
    EnrollmentFacts,
    PathwayPlan,
    Plan,
    StepPlan,
    TakenSlot,
)
from followup.enrollment.planning.plan import plan
from followup.enrollment.planning.reasons import Reason
from followup.enrollment.states import TouchpointState
from followup.kit.windows import Window
from followup.pathways.vocabulary import LateRule

HOURS = Window.parse("9-20")
DAY_ZERO = date(2026, 3, 3)
FACTS = EnrollmentFacts(
    performed_on=DAY_ZERO,
    performed_at=time(9),
    zone="America/New_York",
    channels=(Channel.sms,),
    enrolled_at=datetime(2026, 2, 20, 15, tzinfo=UTC),
)


def step(day: int, late: LateRule = LateRule.SEND_UNTIL, hours: int = 24, priority: int = 1) -> StepPlan:
    return StepPlan(
        key=f"day{day}", day=day, at=time(10), window=HOURS, late=late, late_hours=hours, priority=priority
    )


def seen_on(day: int, at: time, *steps: StepPlan, facts: EnrollmentFacts = FACTS) -> Plan:
    """The plan made at a New York winter time some days after the procedure."""
    now = datetime.combine(DAY_ZERO + timedelta(days=day), at, tzinfo=UTC) + timedelta(hours=5)
    return plan(facts, PathwayPlan("p", "1", steps), ClinicCalendar(), now)


def test_b48_an_old_procedure_blasts_nobody() -> None:
    result = seen_on(200, time(12), *(step(day) for day in range(1, 60)))
    assert result.planned == ()
    assert {each.state for each in result.touchpoints} == {TouchpointState.skipped}
    assert {each.reason for each in result.touchpoints} == {Reason.TOO_LATE}
    assert result.notes[0] == "59 steps lie in the past and will not be sent."


def test_b71_of_several_late_texts_the_newest_goes_out() -> None:
    late = (step(1, hours=168), step(2, hours=168), step(3, hours=168))
    result = seen_on(4, time(8), *late, step(5))
    assert [each.key for each in result.planned] == ["day3", "day5"]
    assert result.touchpoint("day3").due_at == datetime(2026, 3, 7, 14, tzinfo=UTC)
    assert "It is late: its own time was 10:00 AM on Fri, Mar 6, 2026" in result.touchpoint("day3").why
    assert {result.touchpoint(key).reason for key in ("day1", "day2")} == {Reason.SUPERSEDED}


def test_a_late_safety_check_comes_before_a_newer_tip() -> None:
    result = seen_on(3, time(18), step(2, hours=48, priority=2), step(3, hours=48))
    assert [each.key for each in result.planned] == ["day2"]


@pytest.mark.parametrize(
    ("rule", "hours", "at", "state"),
    [
        (LateRule.SKIP, 0, time(10, 30), TouchpointState.planned),
        (LateRule.SKIP, 0, time(11, 30), TouchpointState.skipped),
        (LateRule.SEND_UNTIL, 4, time(13, 59), TouchpointState.planned),
        (LateRule.SEND_UNTIL, 4, time(14, 1), TouchpointState.skipped),
        (LateRule.SEND_UNTIL, 0, time(19, 30), TouchpointState.planned),
        (LateRule.SEND_UNTIL, 0, time(20, 30), TouchpointState.skipped),
        (LateRule.CALL_TASK, 4, time(13, 59), TouchpointState.planned),
        (LateRule.CALL_TASK, 4, time(14, 1), TouchpointState.call_task),
    ],
)
def test_each_step_has_its_own_rule_for_being_late(
    rule: LateRule, hours: int, at: time, state: TouchpointState
) -> None:
    assert seen_on(3, at, step(3, rule, hours)).touchpoint("day3").state is state


def test_a_text_that_is_never_late_ends_with_the_hours_of_its_day() -> None:
    [tip] = seen_on(0, time(8), replace(step(3, LateRule.SKIP, 0), at=time(19, 30))).planned
    assert tip.not_after == tip.closes_at == tip.due_at + timedelta(minutes=30)


def test_a_missed_check_in_is_one_call_and_an_old_one_is_none() -> None:
    checks = [step(day, LateRule.CALL_TASK, 2) for day in (1, 2, 3)]
    result = seen_on(4, time(8), *checks)
    assert [each.key for each in result.touchpoints if each.state is TouchpointState.call_task] == ["day3"]
    assert result.touchpoint("day3").why.startswith("A person calls instead, day 3 after the procedure")
    assert all(each.reason is Reason.TOO_LATE for each in seen_on(30, time(8), *checks).touchpoints)
    assert not any(
        each.state is TouchpointState.call_task for each in seen_on(30, time(8), *checks).touchpoints
    )


def test_f63_a_late_step_in_quiet_hours_waits_for_the_morning_if_it_may() -> None:
    evening = time(21)
    assert seen_on(3, evening, step(3, hours=24)).planned[0].local_date == date(2026, 3, 7)
    assert seen_on(3, evening, step(3, hours=11)).planned == ()


def test_a_preparing_step_is_never_sent_after_the_procedure_began() -> None:
    result = seen_on(0, time(9, 30), step(-1, hours=168))
    assert result.planned == ()


def test_a_late_preparing_step_may_leave_until_the_procedure_begins_and_no_longer() -> None:
    afternoon = replace(FACTS, performed_at=time(15))
    [ride] = seen_on(0, time(14, 30), step(-1, hours=168), facts=afternoon).planned
    assert ride.not_after == datetime(2026, 3, 3, 20, tzinfo=UTC)


def test_f60_a_late_text_waits_out_the_doubled_hour_before_opening() -> None:
    clinic = ClinicCalendar(text_hours=Window.parse("1:30-20"))
    autumn = replace(FACTS, performed_on=date(2026, 10, 29))
    early = replace(step(3, hours=24), at=time(1, 30), window=Window.all_day())
    again_at_one = datetime(2026, 11, 1, 6, 10, tzinfo=UTC)
    [check] = plan(autumn, PathwayPlan("p", "1", (early,)), clinic, again_at_one).planned
    assert (check.local_time, check.due_at) == (time(1, 30), datetime(2026, 11, 1, 6, 30, tzinfo=UTC))


def test_the_step_of_lower_priority_gives_way_and_says_to_whom() -> None:
    tip, check = replace(step(3), key="tip"), replace(step(3, priority=2), key="check")
    result = seen_on(0, time(8), tip, check)
    assert result.touchpoint("check").local_date == date(2026, 3, 6)
    assert result.touchpoint("tip").local_date == date(2026, 3, 7)
    assert "that day belongs to check, which comes first" in result.touchpoint("tip").why


def test_a_step_that_may_not_be_late_is_left_out_of_a_full_day() -> None:
    tip, check = replace(step(3, LateRule.SKIP, 0), key="tip"), replace(step(3, priority=2), key="check")
    result = seen_on(0, time(8), tip, check)
    assert result.touchpoint("tip").reason is Reason.DAY_FULL
    assert "belongs to check" in result.touchpoint("tip").why


def test_a_check_in_that_needs_an_answer_becomes_a_call_when_there_is_no_room() -> None:
    late = replace(step(3, LateRule.SKIP, 0), key="needed", requires_answer=True)
    result = seen_on(0, time(8), late, replace(step(3, priority=2), key="check"))
    assert result.touchpoint("needed").state is TouchpointState.call_task


def test_a_preparing_step_makes_room_by_going_out_earlier() -> None:
    ride, fasting = replace(step(-1), key="ride"), replace(step(-1, priority=2), key="fasting")
    result = seen_on(-6, time(8), ride, fasting)
    assert result.touchpoint("fasting").local_date == date(2026, 3, 2)
    assert result.touchpoint("ride").local_date == date(2026, 3, 1)


def test_week_one_may_have_one_a_day_and_later_weeks_three() -> None:
    result = seen_on(-1, time(8), *(step(day, LateRule.SKIP, 0) for day in range(1, 22)))
    days = [each.day for each in result.planned]
    assert days[:7] == [1, 2, 3, 4, 5, 6, 7]
    assert days[7:] == [8, 9, 10, 15, 16, 17]
    assert result.touchpoint("day11").reason is Reason.WEEK_FULL


def test_another_enrollment_of_the_same_phone_counts() -> None:
    taken = replace(FACTS, taken=(TakenSlot(Channel.sms, date(2026, 3, 6)),))
    assert seen_on(0, time(8), step(3), facts=taken).planned[0].local_date == date(2026, 3, 7)
    other_channel = replace(FACTS, taken=(TakenSlot(Channel.email, date(2026, 3, 6)),))
    assert seen_on(0, time(8), step(3), facts=other_channel).planned[0].local_date == date(2026, 3, 6)


def test_a_clinic_may_allow_two_a_day_in_two_slots() -> None:
    clinic = ClinicCalendar(caps=Caps(per_day=2))
    steps = (replace(step(3), key="one"), replace(step(3), key="two"))
    result = plan(FACTS, PathwayPlan("p", "1", steps), clinic, FACTS.enrolled_at)
    assert [(each.local_date, each.slot) for each in result.planned] == [
        (date(2026, 3, 6), 1),
        (date(2026, 3, 6), 2),
    ]


def test_a_late_text_does_not_push_away_what_is_due_today() -> None:
    result = seen_on(4, time(8), step(3, hours=24), step(4))
    assert [each.key for each in result.planned] == ["day4"]
    assert result.touchpoint("day3").reason is Reason.DAY_FULL
