"""When a clinic is open, what "today" may promise, and when a task is due inside open hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from followup.clinics.hours import (
    after_open_minutes,
    closing,
    due_after_open_minutes,
    is_open,
    next_opening,
)
from followup.kit.windows import to_local, zone

HOURS = {
    **{str(day): [["08:00", "12:00"], ["13:00", "17:00"]] for day in range(4)},
    "4": [["08:00", "12:00"]],
}
MONDAY = datetime(2026, 3, 2)  # noqa: DTZ001 - wall time


def at(hour: int, minute: int = 0, *, day: int = 0) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (at(7, 59), False),
        (at(8), True),
        (at(11, 59), True),
        (at(12), False),
        (at(13), True),
        (at(17), False),
        (at(10, day=5), False),
    ],
)
def test_the_closing_minute_is_outside(moment: datetime, expected: bool) -> None:
    assert is_open(HOURS, [], moment) is expected


def test_a_holiday_is_closed() -> None:
    assert not is_open(HOURS, ["2026-03-02"], at(9))
    assert next_opening(HOURS, ["2026-03-02"], at(9)) == at(8, day=1)


def test_the_next_opening_lies_ahead_even_while_it_is_open() -> None:
    assert next_opening(HOURS, [], at(9)) == at(13)
    assert next_opening(HOURS, [], at(15, day=4)) == at(8, day=7)
    assert closing(HOURS, [], at(9)) == at(12)


def test_open_minutes_pass_over_lunch_nights_and_weekends() -> None:
    assert after_open_minutes(HOURS, [], at(9), 60) == at(10)
    assert after_open_minutes(HOURS, [], at(11, 30), 60) == at(13, 30)
    assert after_open_minutes(HOURS, [], at(16, 30), 60) == at(8, 30, day=1)
    assert after_open_minutes(HOURS, [], at(11, 30, day=4), 60) == at(8, 30, day=7)
    assert after_open_minutes(HOURS, [], at(3), 120) == at(10)


def test_a_clinic_without_hours_is_taken_to_work_on_weekdays() -> None:
    assert is_open({}, [], at(10))
    assert not is_open({}, [], at(10, day=5))
    assert next_opening({"0": []}, [], at(20)) == at(9, day=1)


def test_hours_may_end_at_midnight() -> None:
    assert is_open({"0": [["18:00", "24:00"]]}, [], at(23, 59))


def test_hours_that_never_open_still_name_a_time() -> None:
    every_day = [(MONDAY + timedelta(days=day)).date().isoformat() for day in range(90)]
    assert next_opening(HOURS, every_day, at(9)) == at(9, day=1)


def test_a_due_instant_follows_the_zone_and_is_never_in_the_past() -> None:
    denver = zone("America/Denver")
    now = datetime(2026, 3, 7, 23, 30, tzinfo=UTC)  # Saturday afternoon, the night before summer time begins
    due = due_after_open_minutes(HOURS, [], denver, now=now, minutes=30)
    assert to_local(due, denver).isoformat() == "2026-03-09T08:30:00"
    assert due == datetime(2026, 3, 9, 14, 30, tzinfo=UTC)
    repeated = datetime(2026, 11, 1, 8, 10, tzinfo=UTC)  # 01:10 for the second time
    night = {"6": [["00:00", "24:00"]]}
    assert due_after_open_minutes(night, [], denver, now=repeated, minutes=5) >= repeated
