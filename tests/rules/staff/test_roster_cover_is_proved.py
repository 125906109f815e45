"""A gap is found to the minute, and only where somebody is needed."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from followup.staff.coverage import DEFAULT_NEEDS, Cover, gaps, lonely

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=1)
BEA, OSEI = uuid.UUID(int=1), uuid.UUID(int=2)
MINUTE = timedelta(minutes=1)


def cover(duty: str, staff: uuid.UUID, begins: int, ends: int) -> Cover:
    return Cover(duty, staff, BEGIN + begins * MINUTE, BEGIN + ends * MINUTE)


def test_a_full_day_has_no_gap() -> None:
    assert gaps(DEFAULT_NEEDS, [cover("nurse", BEA, 0, 1440)], BEGIN, END) == ()


def test_an_hour_without_a_nurse_is_a_gap_for_the_tier_that_pages_her_first() -> None:
    found = gaps(
        DEFAULT_NEEDS,
        [cover("nurse", BEA, 0, 120), cover("nurse", BEA, 180, 1440), cover("physician", OSEI, 0, 1440)],
        BEGIN,
        END,
    )
    assert [(each.tier, each.duties, each.starts_at, each.ends_at) for each in found] == [
        ("urgent", ("nurse",), BEGIN + 120 * MINUTE, BEGIN + 180 * MINUTE)
    ]


def test_a_manager_does_not_stand_in_for_the_first_step() -> None:
    found = gaps(DEFAULT_NEEDS, [cover("manager", BEA, 0, 1440)], BEGIN, END)
    assert {each.tier for each in found} == {"emergency", "urgent"}


def test_one_person_as_the_whole_ladder_is_told() -> None:
    everything = [cover(duty, BEA, 0, 1440) for duty in ("nurse", "physician", "manager")]
    assert {each.tier for each in lonely(DEFAULT_NEEDS, everything, BEGIN, END)} == {"emergency", "urgent"}
    relieved = lonely(DEFAULT_NEEDS, [*everything, cover("physician", OSEI, 0, 720)], BEGIN, END)
    assert {each.starts_at for each in relieved} == {BEGIN + 720 * MINUTE}


spans = st.tuples(st.integers(-60, 1500), st.integers(1, 700))
some = st.lists(st.tuples(st.sampled_from(["nurse", "physician", "manager"]), spans), max_size=8)


@settings(max_examples=40, deadline=None)
@given(some)
def test_the_gaps_are_those_that_a_walk_over_every_minute_finds(
    given_cover: list[tuple[str, tuple[int, int]]],
) -> None:
    people = [cover(duty, BEA, begins, begins + length) for duty, (begins, length) in given_cover]
    found = gaps(DEFAULT_NEEDS, people, BEGIN, END)
    for tier, steps in DEFAULT_NEEDS.items():
        for number in range(1440):
            minute = BEGIN + number * MINUTE
            is_there = any(
                each.duty in steps[0] and each.starts_at <= minute < each.ends_at for each in people
            )
            in_gap = any(each.tier == tier and each.starts_at <= minute < each.ends_at for each in found)
            assert is_there != in_gap
