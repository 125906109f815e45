"""Where one step lands: days, hours, weekdays, holidays, the change of the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from followup.clinics.states import Channel
from followup.enrollment.planning.facts import (
    Anchor,
    ClinicCalendar,
    DayRule,
    EnrollmentFacts,
    PathwayPlan,
    Plan,
    StepPlan,
)
from followup.enrollment.planning.plan import plan
from followup.enrollment.planning.reasons import Reason
from followup.enrollment.states import TouchpointState
from followup.kit.windows import Window, ZoneError
from followup.pathways.vocabulary import LateRule

CLINIC = ClinicCalendar()
CHECK = StepPlan(
    key="check", day=3, at=time(10), window=Window.parse("9-20"), late=LateRule.SEND_UNTIL, late_hours=24
)
INES = EnrollmentFacts(
    performed_on=date(2026, 3, 3),  # a Tuesday
    performed_at=time(9),
    zone="America/New_York",
    channels=(Channel.sms, Channel.email),
    enrolled_at=datetime(2026, 2, 20, 15, tzinfo=UTC),
    harvest="bone_marrow",
)


def made(*steps: StepPlan, facts: EnrollmentFacts = INES, clinic: ClinicCalendar = CLINIC) -> Plan:
    return plan(facts, PathwayPlan("stem-cell-back", "1", steps), clinic, facts.enrolled_at)


def test_a_day_is_a_calendar_day_from_the_procedure_at_wall_clock_time() -> None:
    [check] = made(CHECK).planned
    assert (check.local_date, check.local_time) == (date(2026, 3, 6), time(10))
    assert check.due_at == datetime(2026, 3, 6, 15, tzinfo=UTC)
    assert check.not_after == check.due_at + timedelta(hours=24)
    assert check.slot == 1
    assert (
        check.why == "Planned for Fri, Mar 6, 2026 at 10:00 AM (America/New_York), day 3 after the procedure."
    )


def test_wall_clock_time_stays_across_the_change_of_the_clock() -> None:
    steps = [replace(CHECK, key=f"day-{day}", day=day) for day in (4, 5)]
    before, after = made(*steps).planned
    assert (before.local_time, after.local_time) == (time(10), time(10))
    assert after.due_at - before.due_at == timedelta(hours=23)


def test_days_before_the_procedure_are_negative() -> None:
    [reminder] = made(replace(CHECK, day=-1, at=time(17))).planned
    assert reminder.local_date == date(2026, 3, 2)
    assert reminder.not_after <= datetime(2026, 3, 3, 14, tzinfo=UTC)
    assert "the day before the procedure" in reminder.why


def test_f62_days_are_counted_over_a_leap_day_and_the_end_of_a_year() -> None:
    leap = replace(INES, performed_on=date(2028, 2, 28), enrolled_at=datetime(2028, 2, 20, tzinfo=UTC))
    new_year = replace(INES, performed_on=date(2026, 12, 31), enrolled_at=datetime(2026, 12, 20, tzinfo=UTC))
    assert made(replace(CHECK, day=1), facts=leap).planned[0].local_date == date(2028, 2, 29)
    assert made(replace(CHECK, day=1), facts=new_year).planned[0].local_date == date(2027, 1, 1)


def test_a_step_is_planned_where_the_patient_lives() -> None:
    [check] = made(CHECK, facts=replace(INES, zone="America/Los_Angeles")).planned
    assert check.local_time == time(10)
    assert check.due_at == datetime(2026, 3, 6, 18, tzinfo=UTC)


def test_b51_a_zone_that_is_no_place_is_refused() -> None:
    with pytest.raises(ZoneError):
        made(CHECK, facts=replace(INES, zone="EST5EDT"))


@pytest.mark.parametrize(
    ("preferred", "planned_at"),
    [("9-20", time(10)), ("14-18", time(14)), ("8-9:45", time(9, 15)), ("9-9:20", time(9))],
)
def test_the_minute_is_the_nearest_inside_everybodys_hours(preferred: str, planned_at: time) -> None:
    [check] = made(CHECK, facts=replace(INES, preferred_hours=Window.parse(preferred))).planned
    assert check.local_time == planned_at
    if planned_at != time(10):
        assert "Its own time is 10:00 AM" in check.why


def test_b123_hours_that_share_no_time_make_a_call_for_a_check_in_and_leave_out_the_rest() -> None:
    night = replace(INES, preferred_hours=Window.parse("5-8"))
    needed, other = replace(CHECK, requires_answer=True), replace(CHECK, key="tip", day=4)
    result = made(needed, other, facts=night)
    assert result.touchpoint("check").state is TouchpointState.call_task
    assert result.touchpoint("tip").state is TouchpointState.skipped
    assert result.touchpoint("tip").reason is Reason.NO_COMMON_HOURS
    assert any("share no time" in note for note in result.notes)


def test_f59_a_minute_that_does_not_exist_is_the_first_one_after_the_gap() -> None:
    clinic = ClinicCalendar(text_hours=Window.all_day())
    step = replace(CHECK, day=5, at=time(2, 30), window=Window.all_day())
    [check] = made(step, clinic=clinic).planned
    assert check.local_time == time(3)
    assert "2:30 AM does not exist that day" in check.why


def test_f59_a_window_swallowed_by_the_gap_waits_for_the_next_day() -> None:
    clinic = ClinicCalendar(text_hours=Window.all_day())
    step = replace(CHECK, day=5, at=time(2, 30), window=Window.parse("2-3"))
    [check] = made(step, clinic=clinic).planned
    assert (check.local_date, check.local_time) == (date(2026, 3, 9), time(2, 30))


def test_f60_a_minute_that_comes_twice_is_used_once_at_its_first_time() -> None:
    autumn = replace(INES, performed_on=date(2026, 10, 29), enrolled_at=datetime(2026, 10, 20, tzinfo=UTC))
    clinic = ClinicCalendar(text_hours=Window.all_day())
    step = replace(CHECK, at=time(1, 30), window=Window.all_day())
    [check] = made(step, facts=autumn, clinic=clinic).planned
    assert check.due_at == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "day", "lands_on"),
    [
        (DayRule.ANY, 5, date(2026, 3, 8)),
        (DayRule.WORKING_DAYS, 4, date(2026, 3, 9)),  # Saturday: Monday
        (DayRule.WORKING_DAYS, 3, date(2026, 3, 6)),
        (DayRule.WORKING_DAYS, 11, date(2026, 3, 16)),  # Saturday: Monday
        (DayRule.WORKING_DAYS, 13, date(2026, 3, 17)),  # a holiday: the day after
        (DayRule.WORKING_DAYS, -2, date(2026, 2, 27)),  # Sunday before the procedure: the Friday before
    ],
)
def test_a_day_that_does_not_suit_moves(rule: DayRule, day: int, lands_on: date) -> None:
    clinic = ClinicCalendar(holidays=frozenset({date(2026, 3, 16)}))
    expected = date(2026, 3, 17) if lands_on == date(2026, 3, 16) else lands_on
    [check] = made(replace(CHECK, day=day, day_rule=rule), clinic=clinic).planned
    assert check.local_date == expected
    if check.local_date != INES.performed_on + timedelta(days=day):
        assert "Moved from" in check.why
        assert "a day when the clinic works" in check.why


def test_a_sunday_morning_is_left_in_peace() -> None:
    [check] = made(replace(CHECK, day=5, day_rule=DayRule.NOT_SUNDAY_MORNING)).planned
    assert (check.local_date, check.local_time) == (date(2026, 3, 8), time(12))
    morning = replace(CHECK, day=5, day_rule=DayRule.NOT_SUNDAY_MORNING, window=Window.parse("9-11:30"))
    [check] = made(morning).planned
    assert (check.local_date, check.local_time) == (date(2026, 3, 9), time(10))


def test_a_clinic_may_have_hours_of_its_own_for_a_weekday() -> None:
    clinic = ClinicCalendar(hours_by_weekday={6: Window.parse("12-18"), 4: None})
    friday, sunday = replace(CHECK, key="fri"), replace(CHECK, key="sun", day=5)
    result = made(friday, sunday, clinic=clinic)
    assert result.touchpoint("fri").local_date == date(2026, 3, 7)
    assert result.touchpoint("sun").local_time == time(12)


def test_a_step_can_be_fixed_to_a_weekday() -> None:
    wednesday = replace(CHECK, day=14, day_rule=DayRule.FIXED_WEEKDAY, weekday=2)
    assert made(wednesday).planned[0].local_date == date(2026, 3, 18)
    closed = ClinicCalendar(holidays=frozenset({date(2026, 3, 18)}))
    assert made(wednesday, clinic=closed).planned[0].local_date == date(2026, 3, 19)


def test_on_day_zero_nothing_goes_out_before_the_procedure() -> None:
    home = replace(CHECK, day=0, at=time(17))
    late = replace(INES, performed_at=time(18, 10))
    assert made(home).planned[0].local_time == time(17)
    assert made(home, facts=late).planned[0].local_time == time(18, 10)
    evening = replace(INES, performed_at=time(20, 30))
    assert made(home, facts=evening).planned[0].local_date == date(2026, 3, 4)


def test_a_step_for_another_harvest_method_is_not_planned() -> None:
    result = made(replace(CHECK, harvest="fat"), replace(CHECK, key="other", harvest="bone_marrow"))
    assert [each.key for each in result.touchpoints] == ["other"]


def test_the_patients_preferred_channel_is_used_if_the_step_has_it() -> None:
    by_mail = replace(INES, channels=(Channel.email, Channel.sms))
    assert made(CHECK, facts=by_mail).planned[0].channel is Channel.email
    assert made(replace(CHECK, channels=(Channel.sms,)), facts=by_mail).planned[0].channel is Channel.sms


def test_a_check_in_without_a_usable_channel_is_a_persons_call() -> None:
    unreachable = replace(INES, channels=())
    result = made(replace(CHECK, requires_answer=True), replace(CHECK, key="tip", day=4), facts=unreachable)
    assert result.touchpoint("check").state is TouchpointState.call_task
    assert result.touchpoint("check").reason is Reason.NO_CHANNEL
    assert result.touchpoint("tip").state is TouchpointState.skipped


def test_what_was_sent_is_not_planned_again() -> None:
    assert made(CHECK, facts=replace(INES, sent=frozenset({"check"}))).touchpoints == ()


WELCOME = StepPlan(
    key="welcome", day=0, at=time(0), window=Window.all_day(), late=LateRule.SEND_UNTIL, late_hours=72,
    anchor=Anchor.ENROLLMENT, counts=False,
)  # fmt: skip


def test_the_welcome_goes_out_at_once_inside_the_hours() -> None:
    [welcome] = made(WELCOME).planned
    assert welcome.due_at == INES.enrolled_at
    assert welcome.slot == 0


def test_the_welcome_of_an_evening_waits_for_the_morning_and_everything_else_for_the_welcome() -> None:
    evening = replace(INES, enrolled_at=datetime(2026, 3, 7, 2, tzinfo=UTC))  # Friday, 9 PM
    late_check = replace(CHECK, late_hours=48)
    welcome, check = made(WELCOME, late_check, facts=evening).planned
    assert (welcome.local_date, welcome.local_time) == (date(2026, 3, 7), time(9))
    assert check.key == "check"
    assert "the hours of that day were over" in welcome.why
    assert check.due_at == welcome.due_at + timedelta(minutes=15)


def test_every_sentence_names_the_time_and_never_the_diagnosis() -> None:
    for each in made(CHECK, WELCOME).touchpoints:
        assert "America/New_York" in each.why
        assert "stem" not in each.why.lower()
