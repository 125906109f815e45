"""Windows of the day, zone names, and the two odd hours of the year."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from followup.kit.windows import (
    END_OF_DAY,
    Window,
    WindowError,
    ZoneError,
    bounds,
    intersect,
    shared_bounds,
    to_local,
    to_utc,
    zone,
)

NEW_YORK = zone("America/New_York")
LOS_ANGELES = zone("America/Los_Angeles")
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("20:00-9:00", "wraps", id="B123-wraps"),
        pytest.param("9:00-9:00", "equal", id="B123-equal"),
        pytest.param("nine to five", "unreadable", id="words"),
        pytest.param("9:00-25:00", "no-such-time", id="no-such-hour"),
        pytest.param("9:75-10:00", "no-such-time", id="no-such-minute"),
    ],
)
def test_hours_without_a_meaning_are_refused(text: str, code: str) -> None:
    with pytest.raises(WindowError) as refused:
        Window.parse(text)
    assert refused.value.code == code


def test_b123_windows_that_share_no_time_have_no_intersection() -> None:
    assert intersect(Window.parse("9-12"), Window.parse("12-20")) is None
    assert intersect(Window.parse("9-20"), Window.parse("8-18"), Window.parse("10-24:00")) == Window.parse(
        "10-18"
    )


def test_a_window_holds_its_start_and_not_its_end() -> None:
    window = Window.parse("09:00-20:00")
    assert time(9) in window
    assert time(20) not in window
    assert time(8, 59, 59) not in window
    assert str(window) == "09:00-20:00"


def test_the_whole_day_holds_its_last_moment() -> None:
    assert END_OF_DAY in Window.all_day()
    assert str(Window.all_day()) == "00:00-24:00"


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        pytest.param("", "such as America/New_York", id="B51-missing"),
        pytest.param("EST5EDT", "Did you mean America/New_York?", id="B51-EST5EDT"),
        pytest.param("PST", "Did you mean America/Los_Angeles?", id="B51-PST"),
        pytest.param("America/New York", "Did you mean America/New_York?", id="B51-blank"),
        pytest.param("america/chicago", "Did you mean America/Chicago?", id="B51-case"),
        pytest.param("Mars/Olympus", "such as America/New_York", id="B51-nowhere"),
        pytest.param("Etc/GMT+5", "place", id="fixed-offset"),
        pytest.param("../../etc/passwd", "place", id="path"),
        pytest.param("posix/America/New_York", "place", id="posix"),
        pytest.param("localtime", "place", id="localtime"),
    ],
)
def test_a_zone_is_the_name_of_a_place(name: str, advice: str) -> None:
    with pytest.raises(ZoneError, match=r"name of a place|as a place") as refused:
        zone(name)
    assert advice in refused.value.message


def test_f59_and_b50_a_skipped_time_is_the_first_instant_after_the_gap() -> None:
    instant = to_utc(SPRING, time(2, 30), NEW_YORK)
    assert instant.gap
    assert instant.utc == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)
    assert instant.local == datetime(2026, 3, 8, 3, 0)  # noqa: DTZ001 - wall-clock time


def test_f60_a_doubled_time_is_its_first_occurrence() -> None:
    instant = to_utc(AUTUMN, time(1, 30), NEW_YORK)
    assert instant.fold
    assert instant.utc == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_wall_clock_time_stays_while_the_offset_changes() -> None:
    before = to_utc(date(2026, 3, 7), time(10), NEW_YORK)
    after = to_utc(date(2026, 3, 8), time(10), NEW_YORK)
    assert (after.utc - before.utc).total_seconds() == 23 * 3600
    assert not after.gap
    assert not after.fold


def test_f62_a_skipped_day_becomes_the_start_of_the_next() -> None:
    samoa = to_utc(date(2011, 12, 30), time(10), zone("Pacific/Apia"))
    assert samoa.gap
    assert samoa.local == datetime(2011, 12, 31)  # noqa: DTZ001 - wall-clock time


def test_a_window_in_the_gap_is_empty_on_that_day() -> None:
    opens, closes = bounds(Window.parse("2-3"), SPRING, NEW_YORK)
    assert opens == closes


def test_the_whole_day_of_a_clock_change_has_23_or_25_hours() -> None:
    for day, hours in ((SPRING, 23), (AUTUMN, 25)):
        opens, closes = bounds(Window.all_day(), day, NEW_YORK)
        assert (closes - opens).total_seconds() == hours * 3600


def test_a_person_in_one_of_two_zones_is_texted_when_it_is_day_in_both() -> None:
    day = date(2026, 6, 1)
    opens, closes = shared_bounds(Window.parse("9-20"), day, [NEW_YORK, LOS_ANGELES]) or (None, None)
    assert opens == datetime(2026, 6, 1, 16, tzinfo=UTC)
    assert closes == datetime(2026, 6, 2, 0, tzinfo=UTC)
    assert shared_bounds(Window.parse("9-11"), day, [NEW_YORK, LOS_ANGELES]) is None
    assert shared_bounds(Window.parse("9-11"), day, []) is None


def test_an_instant_is_read_back_as_wall_clock_time() -> None:
    assert to_local(datetime(2026, 7, 1, 14, tzinfo=UTC), NEW_YORK).hour == 10
