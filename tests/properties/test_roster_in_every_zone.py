"""Laws of the roster, in every zone of the database: nobody is ever left uncovered by a change of the clock.

Each zone is tried around its own changes of the clock. ``FOLLOWUP_EXAMPLES`` sets how many random cases each law
gets, and with it how many years of changes; the fault run asks for more.
"""

from __future__ import annotations

import itertools
import os
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from followup.kit.windows import ZoneError, to_local, zone
from followup.staff.roster import (
    Change,
    ChangeKind,
    FixedShift,
    Hours,
    Member,
    OnDuty,
    Plan,
    Rotation,
    Rule,
    Schedule,
    Temporary,
    Unit,
    Version,
    intervals,
    who,
)

EXAMPLES = int(os.environ.get("FOLLOWUP_EXAMPLES", "60"))
thoroughly = settings(max_examples=EXAMPLES, deadline=None)
YEARS = range(2026 - min(EXAMPLES // 300, 20), 2027 + min(EXAMPLES // 300, 10))
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PEOPLE = [uuid.UUID(int=number) for number in range(1, 5)]


def places() -> dict[str, list[ZoneInfo]]:
    """Every zone of the database by its part of the world."""
    found: dict[str, list[ZoneInfo]] = {}
    for name in sorted(available_timezones()):
        try:
            where = zone(name)
        except ZoneError:
            continue
        found.setdefault(name.split("/", maxsplit=1)[0], []).append(where)
    return found


def changes_of(where: ZoneInfo) -> list[datetime]:
    """Days of the zone's changes of the clock, or any day for a zone without one."""
    begin = datetime(YEARS[0], 1, 1, tzinfo=UTC)
    days = [begin + number * DAY for number in range(366 * len(YEARS))]
    offsets = [each.astimezone(where).utcoffset() for each in days]
    changes = [day for day, before, after in zip(days, offsets, offsets[1:], strict=False) if before != after]
    return changes or [datetime(2026, 3, 8, tzinfo=UTC)]


PLACES = places()


def changes_in(region: str) -> Iterator[tuple[ZoneInfo, datetime, random.Random]]:
    for where in PLACES[region]:
        for day in changes_of(where):
            yield where, day, random.Random(f"{where.key} {day}")


def test_hundreds_of_zones_are_tried() -> None:
    assert sum(map(len, PLACES.values())) > 400


def jump(where: ZoneInfo, begin: datetime, end: datetime) -> timedelta:
    """How far the clock moves between two instants."""
    before, after = begin.astimezone(where).utcoffset(), end.astimezone(where).utcoffset()
    assert before is not None
    assert after is not None
    return after - before


def schedule_of(plan: Plan, *changes: Change) -> Schedule:
    return Schedule("nurse", (Version(plan, LONG_AGO),), changes)


def uncovered(found: tuple[OnDuty, ...], begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    gaps, reached = [], begin
    for each in sorted(found, key=lambda one: one.starts_at):
        if each.starts_at > reached:
            gaps.append((reached, each.starts_at))
        reached = max(reached, each.ends_at)
    return gaps if reached >= end else [*gaps, (reached, end)]


@pytest.mark.parametrize("region", sorted(PLACES))
def test_rules_that_fill_the_day_leave_no_second_uncovered(region: str) -> None:
    """Scenario 17."""
    for where, day, chance in changes_in(region):
        cuts = sorted(chance.sample(range(24 * 60), chance.randint(1, 5)))
        # The odd hours of most zones are where it can go wrong.
        cuts = sorted({*cuts, chance.choice((60, 90, 120, 150, 180))})
        times = [time(cut // 60, cut % 60) for cut in cuts]
        rules = tuple(
            Rule(PEOPLE[place % 4], Hours(begins=begins, ends=times[(place + 1) % len(times)]))
            for place, begins in enumerate(times)
        )
        begin, end = day - 2 * DAY, day + 4 * DAY
        schedule = schedule_of(Plan(where, rules))
        found = intervals(schedule, begin, end)
        assert uncovered(found, begin, end) == []
        for edge in {each.starts_at for each in found} | {
            each.ends_at - timedelta(seconds=1) for each in found
        }:
            assert who(schedule, edge)


@pytest.mark.parametrize("region", sorted(PLACES))
def test_a_daily_shift_lasts_as_long_as_the_clocks_of_its_day(region: str) -> None:
    for where, day, chance in changes_in(region):
        minute = chance.choice((0, 60, 90, 120, 150, 420, 1140))
        at = time(minute // 60, minute % 60)
        hours = Hours(begins=at, ends=at)
        found = intervals(schedule_of(Plan(where, (Rule(PEOPLE[0], hours),))), day - 5 * DAY, day + 5 * DAY)
        for each in found[1:-1]:
            moved = abs(jump(where, each.starts_at - HOUR, each.ends_at + HOUR))
            assert abs(each.ends_at - each.starts_at - DAY) <= moved
            if moved <= HOUR:
                assert timedelta(hours=23) <= each.ends_at - each.starts_at <= timedelta(hours=25)


@pytest.mark.parametrize("region", sorted(PLACES))
def test_a_rotation_hands_over_exactly_once_and_leaves_nobody_alone(region: str) -> None:
    """Scenario 17."""
    for where, day, chance in changes_in(region):
        minute = chance.choice((0, 60, 90, 120, 150, 420))
        at = time(minute // 60, minute % 60)
        members = tuple(Member(each) for each in PEOPLE[: chance.randint(2, 4)])
        rotation = Rotation("night", Unit.daily, 1, (day - 9 * DAY).date(), at, members)
        begin, end = day - 4 * DAY, day + 4 * DAY
        found = intervals(schedule_of(Plan(where, rotations=(rotation,))), begin, end)
        assert uncovered(found, begin, end) == []
        for one, other in itertools.pairwise(found):
            assert one.ends_at == other.starts_at
            assert one.staff != other.staff
        # One hand-over a day, at the wall time, or at the first instant after it where it was skipped.
        walls = [to_local(each.starts_at, where) for each in found[1:]]
        dates = [each.date() for each in walls]
        skipped = [each for each in walls if each.time() != at]
        assert all(dates.count(each) == 1 for each in dates) or skipped
        assert len(skipped) <= 1


people = st.sampled_from(PEOPLE)
times = st.integers(0, 24 * 4 - 1).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
START = datetime(2026, 10, 20, tzinfo=UTC)
near = st.integers(-40 * 96, 40 * 96).map(lambda quarter: START + quarter * timedelta(minutes=15))
lengths = st.integers(1, 6 * 96).map(lambda quarter: quarter * timedelta(minutes=15))
weekly = st.builds(Hours, st.frozensets(st.integers(0, 6), min_size=1), times, times)
rules = st.builds(Rule, people, weekly)


@st.composite
def rotations(draw: st.DrawFn) -> Rotation:
    return Rotation(
        "turns",
        draw(st.sampled_from(list(Unit))),
        draw(st.integers(1, 15)),
        draw(st.dates(date(2026, 1, 1), date(2026, 11, 1))),
        draw(times),
        tuple(Member(each) for each in draw(st.lists(people, min_size=1, max_size=4))),
        tuple(draw(st.lists(weekly, max_size=1))),
    )


@st.composite
def changes(draw: st.DrawFn) -> Change:
    kind, begin = draw(st.sampled_from(list(ChangeKind))), draw(near)
    other = draw(people) if kind is ChangeKind.instead else None
    return Change(kind, draw(people), begin, begin + draw(lengths), other)


@st.composite
def temporaries(draw: st.DrawFn) -> Temporary:
    begin = draw(near)
    shifts = [
        FixedShift(draw(people), start, start + draw(lengths)) for start in draw(st.lists(near, max_size=3))
    ]
    return Temporary("special", begin, begin + draw(lengths), draw(people), tuple(shifts))


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    where = draw(st.sampled_from([zone("America/New_York"), zone("Australia/Lord_Howe"), zone("UTC")]))
    versions = [
        Version(
            Plan(
                where,
                tuple(draw(st.lists(rules, max_size=3))),
                tuple(draw(st.lists(rotations(), max_size=2))),
                tuple(draw(st.lists(temporaries(), max_size=1))),
            ),
            published_at,
        )
        for published_at in [LONG_AGO, *sorted(draw(st.lists(near, max_size=1)))]
    ]
    return Schedule("nurse", tuple(versions), tuple(draw(st.lists(changes(), max_size=4))))


@thoroughly
@given(schedules(), near)
def test_intervals_hold_the_same_people_as_the_resolver_at_every_edge(
    schedule: Schedule, begin: datetime
) -> None:
    end = begin + 8 * DAY
    found = intervals(schedule, begin, end)
    edges = {begin, end - timedelta(microseconds=1)}
    for each in found:
        edges |= {each.starts_at, each.ends_at - timedelta(microseconds=1)}
        edges |= {each.ends_at} if each.ends_at < end else set()
    for edge in edges:
        in_rows = {each.staff for each in found if each.starts_at <= edge < each.ends_at}
        assert in_rows == set(who(schedule, edge))


@thoroughly
@given(schedules(), near, lengths)
def test_a_longer_look_finds_the_same_intervals(
    schedule: Schedule, begin: datetime, length: timedelta
) -> None:
    end = begin + length
    inside = {
        (max(each.starts_at, begin), min(each.ends_at, end), each.staff, each.source, each.instead_of)
        for each in intervals(schedule, begin - 3 * DAY, end + 3 * DAY)
        if each.starts_at < end and each.ends_at > begin
    }
    seen = {
        (each.starts_at, each.ends_at, each.staff, each.source, each.instead_of)
        for each in intervals(schedule, begin, end)
    }
    assert seen == inside


@thoroughly
@given(schedules(), near)
def test_a_replacement_is_on_call_only_while_the_other_one_would_be(
    schedule: Schedule, instant: datetime
) -> None:
    stranger = uuid.UUID(int=99)
    swap = Change(ChangeKind.instead, stranger, instant - DAY, instant + DAY, PEOPLE[0])
    before = who(schedule, instant)
    after = who(Schedule("nurse", schedule.versions, (*schedule.changes, swap)), instant)
    is_special = any(
        each.starts_at <= instant < each.ends_at
        for each in [one for one in schedule.versions if one.published_at <= instant][-1].plan.temporaries
    )
    assert (stranger in after) == (PEOPLE[0] in before and not is_special)
    if stranger in after:
        assert PEOPLE[0] not in after


@thoroughly
@given(schedules(), temporaries())
def test_a_temporary_schedule_wins_and_always_has_somebody(schedule: Schedule, special: Temporary) -> None:
    plan = Plan(schedule.versions[-1].plan.zone, schedule.versions[-1].plan.rules, temporaries=(special,))
    ruled = Schedule("nurse", (Version(plan, LONG_AGO),), schedule.changes)
    found = intervals(ruled, special.starts_at, special.ends_at)
    assert uncovered(found, special.starts_at, special.ends_at) == []
    assert {each.staff for each in found} <= {special.fallback, *(each.staff for each in special.shifts)}
