"""Dates, times and numbers as people and spreadsheets write them."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest

from followup.kit.dates import (
    DateError,
    DateOrder,
    DateQuestion,
    LocalMoment,
    check_birth_date,
    check_procedure_date,
    parse_date,
    parse_moment,
    parse_time,
)
from followup.kit.numbers import NumberError, parse_number, parse_whole_number
from followup.kit.windows import zone

TODAY = date(2026, 3, 5)
NEW_YORK = zone("America/New_York")


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-25",
        "2026/3/25",
        " 03/25/2026 ",
        "25.03.2026",
        "March 25, 2026",
        "Mar 25 2026",
        "25 de marzo de 2026",
    ],
)
def test_a_date_with_one_reading_is_read(written: str) -> None:
    assert parse_date(written) == date(2026, 3, 25)


def test_equal_day_and_month_need_no_question() -> None:
    assert parse_date("4/4/2026") == date(2026, 4, 4)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        pytest.param("02/30/2026", "no-such-date", id="B44"),
        pytest.param("2026-02-29", "no-such-date", id="B44-no-leap-year"),
        pytest.param("3/4/26", "two-digit-year", id="B45-two-digits"),
        pytest.param("3/4/2026", "ambiguous", id="B45-four-digits"),
        pytest.param("46123", "spreadsheet-serial", id="B46"),
        pytest.param("03/25/26", "two-digit-year", id="B47-two-digits"),
        pytest.param("0206-03-25", "year", id="B47-206"),
        pytest.param("9999-12-31", "year", id="B47-9999"),
        pytest.param("", "empty", id="empty"),
        pytest.param("tomorrow", "unreadable", id="word"),
        pytest.param("25 smarch 2026", "unreadable", id="no-month"),
    ],
)
def test_a_doubtful_date_is_refused_or_asked(written: str, code: str) -> None:
    with pytest.raises(DateError) as refused:
        parse_date(written)
    assert refused.value.code == code


def test_b45_both_readings_are_offered_and_an_order_settles_it() -> None:
    with pytest.raises(DateQuestion) as asked:
        parse_date("3/4/2026")
    assert asked.value.candidates == (date(2026, 3, 4), date(2026, 4, 3))
    assert parse_date("3/4/2026", order=DateOrder.MONTH_FIRST) == date(2026, 3, 4)
    assert parse_date("3/4/2026", order=DateOrder.DAY_FIRST) == date(2026, 4, 3)


def test_b46_the_spreadsheets_date_is_offered() -> None:
    with pytest.raises(DateQuestion) as asked:
        parse_date("46123.0")
    assert asked.value.candidates == (date(2026, 4, 11),)


def test_f62_a_leap_day_is_a_date() -> None:
    assert parse_date("2028-02-29") == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("performed_on", "code"),
    [
        pytest.param(date(2025, 1, 1), "far-past", id="B48-past"),
        pytest.param(date(2027, 1, 1), "far-future", id="B48-future"),
    ],
)
def test_a_far_procedure_date_is_confirmed(performed_on: date, code: str) -> None:
    with pytest.raises(DateQuestion) as asked:
        check_procedure_date(performed_on, today=TODAY)
    assert asked.value.code == code
    assert check_procedure_date(performed_on, today=TODAY, confirmed=True) == performed_on


def test_a_near_procedure_date_needs_no_confirmation() -> None:
    assert check_procedure_date(date(2026, 2, 1), today=TODAY) == date(2026, 2, 1)


@pytest.mark.parametrize(
    ("born_on", "code"),
    [
        pytest.param(date(2026, 3, 2), "born-after", id="B49"),
        pytest.param(date(1903, 1, 1), "too-old", id="older-than-anybody"),
    ],
)
def test_a_birth_date_that_cannot_be_is_refused(born_on: date, code: str) -> None:
    with pytest.raises(DateError) as refused:
        check_birth_date(born_on, performed_on=date(2026, 3, 1), today=TODAY)
    assert refused.value.code == code


def test_a_birth_date_in_the_future_is_refused_for_a_planned_procedure() -> None:
    with pytest.raises(DateError, match="future"):
        check_birth_date(date(2026, 4, 1), performed_on=date(2026, 5, 1), today=TODAY)
    assert check_birth_date(date(1960, 4, 1), performed_on=TODAY, today=TODAY) == date(1960, 4, 1)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("9:00", time(9)),
        ("09:30", time(9, 30)),
        ("9 am", time(9)),
        ("12 am", time(0)),
        ("2:30 p.m.", time(14, 30)),
    ],
)
def test_a_time_is_read(written: str, read: time) -> None:
    assert parse_time(written) == read


@pytest.mark.parametrize("written", ["", "9", "25:00", "13 pm", "9:60", "noon"])
def test_a_time_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(DateError):
        parse_time(written)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("2026-03-04T02:30:00Z", LocalMoment(date(2026, 3, 3), time(21, 30)), id="B52-utc"),
        pytest.param("2026-03-04T10:00:00-08:00", LocalMoment(date(2026, 3, 4), time(13)), id="B52-offset"),
        pytest.param("2026-03-04T10:00", LocalMoment(date(2026, 3, 4), time(10)), id="wall-clock"),
        pytest.param("2026-03-04", LocalMoment(date(2026, 3, 4), None), id="date-only"),
    ],
)
def test_a_timestamp_becomes_wall_clock_time_at_the_place(written: str, read: LocalMoment) -> None:
    assert parse_moment(written, where=NEW_YORK) == read


@pytest.mark.parametrize(("written", "code"), [("T:", "timestamp"), ("0206-03-04T10:00", "year")])
def test_a_broken_timestamp_is_refused(written: str, code: str) -> None:
    with pytest.raises(DateError) as refused:
        parse_moment(written, where=NEW_YORK)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        pytest.param("NaN", "not-finite", id="B53-nan"),
        pytest.param(float("inf"), "not-finite", id="B53-infinity"),
        pytest.param("1e400", "out-of-range", id="B53-1e400"),
        pytest.param("sNaN", "not-finite", id="B53-signaling"),
        pytest.param("", "not-a-number", id="empty"),
        pytest.param("ten", "not-a-number", id="word"),
        pytest.param(True, "not-a-number", id="boolean"),
        pytest.param("1" * 50, "not-a-number", id="endless"),
        pytest.param("11", "out-of-range", id="above"),
        pytest.param("-1", "out-of-range", id="below"),
    ],
)
def test_a_number_out_of_reason_is_refused(written: object, code: str) -> None:
    with pytest.raises(NumberError) as refused:
        parse_number(written, low=0, high=10)
    assert refused.value.code == code


def test_a_number_in_range_is_read_exactly() -> None:
    assert parse_number("7,5", low=0, high=10) == Decimal("7.5")
    assert parse_whole_number("7.0", low=0, high=10) == 7
    with pytest.raises(NumberError) as refused:
        parse_whole_number("7.5", low=0, high=10)
    assert refused.value.code == "not-whole"
