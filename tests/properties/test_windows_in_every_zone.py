"""Laws of wall-clock time, in every zone of the database.

``FOLLOWUP_EXAMPLES`` sets how many random cases each law gets; the fault run asks for more.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from followup.kit.windows import Window, ZoneError, bounds, intersect, to_local, to_utc, zone

EXAMPLES = int(os.environ.get("FOLLOWUP_EXAMPLES", "300"))
thoroughly = settings(max_examples=EXAMPLES, deadline=None)


@cache
def places() -> tuple[str, ...]:
    def is_place(name: str) -> bool:
        try:
            zone(name)
        except ZoneError:
            return False
        return True

    return tuple(sorted(name for name in available_timezones() if is_place(name)))


zones = st.deferred(lambda: st.sampled_from(places())).map(zone)
days = st.dates(date(2015, 1, 1), date(2037, 12, 31))
minutes = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    start, until = sorted(draw(st.lists(minutes, min_size=2, max_size=2, unique=True)))
    return Window(start, until)


def test_hundreds_of_places_are_known() -> None:
    assert len(places()) > 400


@thoroughly
@given(zones, days, minutes)
def test_a_wall_clock_time_comes_back_unless_it_was_skipped(where: ZoneInfo, day: date, at: time) -> None:
    instant = to_utc(day, at, where)
    assert to_local(instant.utc, where) == instant.local
    assert (instant.local == datetime.combine(day, at)) is not instant.gap
    assert not (instant.gap and instant.fold)


@thoroughly
@given(zones, days, st.lists(minutes, min_size=2, max_size=6, unique=True))
def test_later_on_the_clock_is_never_earlier_in_time(where: ZoneInfo, day: date, times: list[time]) -> None:
    instants = [to_utc(day, at, where).utc for at in sorted(times)]
    assert instants == sorted(instants)


@thoroughly
@given(zones, days, windows(), minutes)
def test_what_is_inside_a_window_is_inside_its_bounds(
    where: ZoneInfo, day: date, window: Window, at: time
) -> None:
    opens, closes = bounds(window, day, where)
    instant = to_utc(day, at, where)
    assert opens <= closes
    if at in window and not instant.gap:
        assert opens <= instant.utc < closes


@thoroughly
@given(windows(), windows(), minutes)
def test_an_intersection_holds_what_both_hold(first: Window, second: Window, at: time) -> None:
    shared = intersect(first, second)
    assert (at in first and at in second) is (shared is not None and at in shared)


@cache
def changes(year: int) -> tuple[tuple[str, date], ...]:
    """Every place and day of a year on which the offset changes."""
    found = []
    for name in places():
        where = zone(name)
        noons = [datetime(year, 1, 1, 12, tzinfo=UTC) + timedelta(days=n) for n in range(367)]
        offsets = [noon.astimezone(where).utcoffset() for noon in noons]
        for n in range(366):
            if offsets[n] != offsets[n + 1]:
                found += [(name, (noons[n] + timedelta(days=ahead)).date()) for ahead in (0, 1)]
    return tuple(found)


@pytest.mark.parametrize("year", [2026, 2027])
def test_f59_f60_on_every_change_of_the_clock_each_quarter_hour_has_one_instant(year: int) -> None:
    skipped = doubled = 0
    for name, day in changes(year):
        where = zone(name)
        previous = None
        for quarter in range(96):
            at = time(quarter // 4, quarter % 4 * 15)
            instant = to_utc(day, at, where)
            assert previous is None or previous <= instant.utc, (name, day, at)
            assert instant.local >= datetime.combine(day, at), (name, day, at)
            if instant.gap:
                just_before = instant.utc - timedelta(seconds=1)
                assert to_local(just_before, where) < datetime.combine(day, at) <= instant.local, (
                    name,
                    day,
                    at,
                )
            if instant.fold:
                again = instant.utc + timedelta(hours=2)
                assert to_local(again, where) < instant.local + timedelta(hours=2), (name, day, at)
            skipped, doubled = skipped + instant.gap, doubled + instant.fold
            previous = instant.utc
    assert skipped > 100
    assert doubled > 100
