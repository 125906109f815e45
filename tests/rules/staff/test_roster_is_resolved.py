"""Who is on call, said by hand for the cases that people argue about."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta

import pytest

from followup.kit.windows import zone
from followup.staff.roster import (
    Change,
    ChangeKind,
    FixedShift,
    HolidayRule,
    Hours,
    Member,
    Plan,
    Rotation,
    Rule,
    Schedule,
    Temporary,
    Unit,
    Version,
    explain,
    intervals,
    who,
)
from followup.staff.roster.content import from_content, to_content

BEA, NOOR, OSEI = (uuid.UUID(int=number) for number in (1, 2, 3))
CHICAGO = zone("America/Chicago")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NIGHTS = Hours(begins=time(19), ends=time(7))
DAYS = Hours(begins=time(7), ends=time(19))
DAY_AND_NIGHT = (Rule(NOOR, DAYS), Rule(BEA, NIGHTS))


def at(text: str) -> datetime:
    """A Chicago wall time as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=CHICAGO).astimezone(UTC)


def schedule(
    *rules: Rule,
    rotations: tuple[Rotation, ...] = (),
    temporaries: tuple[Temporary, ...] = (),
    changes: tuple[Change, ...] = (),
    holidays: tuple[date, ...] = (),
) -> Schedule:
    plan = Plan(CHICAGO, rules, rotations, temporaries, frozenset(holidays))
    return Schedule("nurse", (Version(plan, LONG_AGO),), changes)


def turns(
    unit: Unit, *, every: int = 1, starts_on: str = "2026-06-01", people: tuple[Member, ...] = ()
) -> Schedule:
    members = people or (Member(BEA), Member(NOOR), Member(OSEI))
    rotation = Rotation("nights", unit, every, date.fromisoformat(starts_on), time(7), members)
    return schedule(rotations=(rotation,))


def test_one_who_leaves_at_seven_is_off_at_seven_and_one_who_comes_is_on() -> None:
    plan = schedule(*DAY_AND_NIGHT)
    assert who(plan, at("2026-06-02 06:59:59.999999")) == (BEA,)
    assert who(plan, at("2026-06-02 07:00")) == (NOOR,)


def test_the_repeated_hour_is_covered_by_both_and_the_skipped_one_by_nobody_too_few() -> None:
    half_past_one = (
        Rule(BEA, Hours(begins=time(13, 30), ends=time(1, 30))),
        Rule(NOOR, Hours(begins=time(1, 30), ends=time(13, 30))),
    )
    plan = schedule(*half_past_one)
    first = at("2026-11-01 01:30")  # fold=0: the first of the two
    assert set(who(plan, first + timedelta(minutes=30))) == {BEA, NOOR}
    assert who(plan, first + timedelta(minutes=60)) == (NOOR,)
    spring = schedule(
        Rule(BEA, Hours(begins=time(14, 30), ends=time(2, 30))),
        Rule(NOOR, Hours(begins=time(2, 30), ends=time(14, 30))),
    )
    gap_ends = datetime(2026, 3, 8, 8, tzinfo=UTC)  # 3:00 in Chicago, just after 1:59:59
    assert who(spring, gap_ends - timedelta(seconds=1)) == (BEA,)
    assert who(spring, gap_ends) == (NOOR,)


@pytest.mark.parametrize(
    ("unit", "every", "second_turn", "third_turn"),
    [
        (Unit.hourly, 12, "2026-06-01 19:00", "2026-06-02 07:00"),
        (Unit.daily, 1, "2026-06-02 07:00", "2026-06-03 07:00"),
        (Unit.weekly, 2, "2026-06-15 07:00", "2026-06-29 07:00"),
        (Unit.monthly, 1, "2026-07-01 07:00", "2026-08-01 07:00"),
    ],
)
def test_a_rotation_hands_over_at_its_wall_time(
    unit: Unit, every: int, second_turn: str, third_turn: str
) -> None:
    plan = turns(unit, every=every)
    just = timedelta(seconds=1)
    assert who(plan, at("2026-06-01 07:00") - just) == ()
    assert who(plan, at("2026-06-01 07:00")) == (BEA,)
    assert who(plan, at(second_turn) - just) == (BEA,)
    assert who(plan, at(second_turn)) == (NOOR,)
    assert who(plan, at(third_turn) - just) == (NOOR,)
    assert who(plan, at(third_turn)) == (OSEI,)


def test_a_monthly_rotation_from_the_31st_hands_over_on_the_last_day_of_a_short_month() -> None:
    plan = turns(Unit.monthly, starts_on="2026-01-31")
    assert who(plan, at("2026-02-28 06:59")) == (BEA,)
    assert who(plan, at("2026-02-28 07:00")) == (NOOR,)
    assert who(plan, at("2026-03-31 07:00")) == (OSEI,)


def test_somebody_who_joins_later_changes_nobody_elses_turn_before() -> None:
    people = (Member(BEA), Member(NOOR, first=date(2026, 6, 10)), Member(OSEI))
    plan = turns(Unit.daily, people=people)
    assert [who(plan, at(f"2026-06-0{day} 12:00"))[0] for day in (1, 2, 3, 4)] == [BEA, OSEI, OSEI, BEA]
    assert who(plan, at("2026-06-11 12:00")) == (NOOR,)


def test_a_rotation_within_hours_is_off_outside_them() -> None:
    rotation = Rotation("nights", Unit.weekly, 1, date(2026, 6, 1), time(7), (Member(BEA),), (NIGHTS,))
    plan = schedule(rotations=(rotation,))
    assert who(plan, at("2026-06-02 12:00")) == ()
    assert who(plan, at("2026-06-02 23:00")) == (BEA,)


def test_a_holiday_has_its_own_line() -> None:
    usual = Rule(BEA, Hours(holidays=HolidayRule.never))
    special = Rule(OSEI, Hours(holidays=HolidayRule.only))
    plan = schedule(usual, special, holidays=(date(2026, 7, 4),))
    assert who(plan, at("2026-07-03 12:00")) == (BEA,)
    assert who(plan, at("2026-07-04 12:00")) == (OSEI,)
    assert who(plan, at("2026-07-05 12:00")) == (BEA,)


def test_a_replacement_holds_only_while_the_replaced_person_would_be_on_call() -> None:
    swap = Change(ChangeKind.instead, OSEI, at("2026-06-02 00:00"), at("2026-06-03 00:00"), BEA)
    plan = schedule(*DAY_AND_NIGHT, changes=(swap,))
    assert who(plan, at("2026-06-02 03:00")) == (OSEI,)
    assert who(plan, at("2026-06-02 12:00")) == (NOOR,)
    assert who(plan, at("2026-06-03 03:00")) == (BEA,)
    told = explain(plan, at("2026-06-02 03:00"))
    assert told.people[0].instead_of == BEA
    assert [each.why for each in told.gone] == ["override: replaced"]


def test_overrides_act_in_the_order_in_which_they_were_made() -> None:
    day = (at("2026-06-02 00:00"), at("2026-06-03 00:00"))
    swaps = (Change(ChangeKind.instead, NOOR, *day, BEA), Change(ChangeKind.instead, OSEI, *day, NOOR))
    assert who(schedule(Rule(BEA, Hours()), changes=swaps), day[0]) == (OSEI,)


def test_a_temporary_schedule_beats_an_override_and_its_fallback_fills_every_hole() -> None:
    special = Temporary(
        "holidays", at("2026-12-24 00:00"), at("2026-12-27 00:00"), OSEI,
        (FixedShift(NOOR, at("2026-12-25 07:00"), at("2026-12-25 19:00")),),
    )  # fmt: skip
    added = Change(ChangeKind.add, BEA, at("2026-12-25 00:00"), at("2026-12-26 00:00"))
    plan = schedule(*DAY_AND_NIGHT, temporaries=(special,), changes=(added,))
    assert who(plan, at("2026-12-25 12:00")) == (NOOR,)
    assert who(plan, at("2026-12-25 20:00")) == (OSEI,)
    assert who(plan, at("2026-12-27 00:00")) == (BEA,)


def test_a_new_version_lets_a_shift_run_on_for_a_day_and_no_longer() -> None:
    first = Plan(
        CHICAGO, rotations=(Rotation("r", Unit.monthly, 1, date(2026, 6, 1), time(7), (Member(BEA),)),)
    )
    second = Plan(CHICAGO, (Rule(NOOR, Hours()),))
    published = at("2026-06-10 12:00")
    plan = Schedule("nurse", (Version(first, LONG_AGO), Version(second, published)))
    assert who(plan, published - timedelta(seconds=1)) == (BEA,)
    assert set(who(plan, published + timedelta(hours=23))) == {BEA, NOOR}
    assert who(plan, published + timedelta(hours=24)) == (NOOR,)


def test_a_change_of_the_plan_does_not_page_the_same_person_twice() -> None:
    versions = (
        Version(Plan(CHICAGO, (Rule(BEA, Hours()),)), LONG_AGO),
        Version(Plan(CHICAGO, (Rule(BEA, Hours()), Rule(OSEI, NIGHTS))), at("2026-06-10 12:00")),
    )
    plan = Schedule("nurse", versions)
    noon = at("2026-06-10 13:00")
    assert [each.staff for each in explain(plan, noon).people] == [BEA]


def test_two_days_of_one_person_are_two_shifts_with_a_beginning_each() -> None:
    found = intervals(schedule(Rule(BEA, Hours())), at("2026-06-01 00:00"), at("2026-06-04 00:00"))
    assert [each.ends_at - each.starts_at for each in found] == [timedelta(days=1)] * 3


def test_a_plan_comes_back_from_its_content() -> None:
    plan = Plan(
        CHICAGO, (Rule(BEA, Hours(frozenset({0, 6}), time(7), time(19), HolidayRule.never)),),
        (Rotation("r", Unit.weekly, 2, date(2026, 6, 1), time(7, 30), (Member(NOOR, date(2026, 7, 1)),),
            (NIGHTS,)),),
        (Temporary("t", at("2026-12-24 00:00"), at("2026-12-27 00:00"), OSEI),), frozenset({date(2026, 7, 4)}),
    )  # fmt: skip
    assert from_content(to_content(plan)) == plan
