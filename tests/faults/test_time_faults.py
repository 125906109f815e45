"""F57-F65: clocks that jump, hours that do not exist, and coming back after days."""

from __future__ import annotations

import dataclasses
import time as machine
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from followup.kit.clock import FixedClock, SystemClock
from followup.kit.windows import to_utc
from followup.lab import Kind
from followup.messaging.care_now import ClockIsWrong, care_now
from followup.messaging.deliver import deliver_due
from followup.messaging.pump import PumpLimits
from tests.faults.case import Case
from tests.household import INES, QUICK

CHICAGO = ZoneInfo("America/Chicago")


class WrongClock(SystemClock):
    """The clock of a machine that is a day ahead."""

    def now(self) -> datetime:
        return super().now() + timedelta(days=1)


def run_until(case: Case, until: datetime) -> None:
    """Go from due time to due time, as the ticks would."""
    home = case.home
    while True:
        soonest = home.only("SELECT min(look_at) FROM touchpoint WHERE state = 'planned'")
        if soonest is None or soonest > until:
            break
        home.go_to(max(soonest, home.now))
        home.dispatch()
        home.deliver()
    home.go_to(until)
    case.lab.wait_idle()


def test_f57_a_machine_a_day_ahead_sends_nothing_and_says_why(case: Case) -> None:
    case.queue_welcome()
    case.injected()
    house = case.home.house
    for ahead in (WrongClock(),):
        with pytest.raises(ClockIsWrong):
            care_now(house.database, ahead)
        with pytest.raises(ClockIsWrong):
            deliver_due(house.database, ahead, house.outside, urgent=False, limits=QUICK)
    assert care_now(house.database, SystemClock()).tzinfo is UTC
    assert case.texts() == []
    case.recovers(lambda: len(case.texts()) == 1)


def test_f58_a_clock_that_jumps_back_and_forth_doubles_nothing_and_leaves_leases_alone(case: Case) -> None:
    case.home.enroll()
    case.injected()
    for hours in (0, -1, 2, -1, 25, -24, 48):
        case.home.pass_time(timedelta(hours=hours))
        case.tick()
    sent = case.lab.journal.entries(Kind.TEXT_ACCEPTED)
    assert len({each["callback"] for each in sent}) == len(sent)
    ages = case.home.rows("SELECT lease_until - claimed_at AS lease FROM attempt")
    assert all(timedelta(0) < row.lease < timedelta(minutes=2) for row in ages)
    case.normal()


# A patient who wants to be texted at night, on the nights when the clocks change (2027, Chicago).
NIGHTS = {
    "F59-gap": (date(2027, 3, 14), "02:00-03:00", date(2027, 3, 11)),
    "F60-overlap": (date(2027, 11, 7), "01:00-02:00", date(2027, 11, 4)),
}


@pytest.mark.parametrize("name", NIGHTS)
def test_an_hour_that_is_missing_or_doubled_gets_one_text(case: Case, name: str) -> None:
    night, hours, procedure = NIGHTS[name]
    home = case.home
    home.go_to(datetime.combine(procedure - timedelta(days=3), time(15, 0), UTC))
    home.change("UPDATE clinic SET text_from = '00:00', text_until = '23:59'")
    home.enroll(procedure__performed_on=procedure.isoformat(), patient__preferred_hours=hours)
    case.injected()
    start = datetime.combine(night, time(0, 0), CHICAGO).astimezone(UTC)
    run_until(case, start)
    before = len(case.texts())
    for minutes in range(0, 300, 10):
        home.go_to(start + timedelta(minutes=minutes))
        case.home.dispatch()
        case.home.deliver()
    day_of = home.rows("SELECT key, state, reason FROM touchpoint WHERE local_date = :night", night=night)
    sent = len(case.texts()) - before
    assert sent == sum(row.state == "dispatched" for row in day_of)
    assert sent <= 1
    assert all(row.state != "planned" or row.reason for row in day_of)
    case.eye.closed_to.clear()
    case.normal()
    home.change("UPDATE clinic SET text_from = '09:00', text_until = '20:00'")
    home.change("UPDATE message SET purpose = 'staff' WHERE purpose IN ('planned', 'welcome')")  # hours of I3


def test_f59_f60_a_wall_time_that_is_missing_or_doubled_is_one_instant() -> None:
    gap = to_utc(date(2027, 3, 14), time(2, 30), CHICAGO)
    overlap = to_utc(date(2027, 11, 7), time(1, 30), CHICAGO)
    assert gap.gap
    assert gap.local.time() == time(3, 0) or gap.local.time() == time(3, 30)
    assert overlap.utc == datetime(2027, 11, 7, 6, 30, tzinfo=UTC)


def test_f61_a_due_time_from_old_zone_rules_still_waits_for_the_hours_of_today(case: Case) -> None:
    """The zone database changed after planning: the stored instant now lies an hour before the window."""
    home = case.home
    home.enroll()
    case.tick()
    home.change(
        "UPDATE touchpoint SET due_at = :early, look_at = :early WHERE key = 'day-before'",
        early=_local(23, 8),
    )
    key = home.rows("SELECT key FROM touchpoint WHERE state = 'planned' ORDER BY due_at LIMIT 1")[0][0]
    early = home.only("SELECT local_date FROM touchpoint WHERE key = :key", key=key)
    instant = datetime.combine(early, time(8, 0), CHICAGO).astimezone(UTC)
    home.change("UPDATE touchpoint SET due_at = :at, look_at = :at WHERE key = :key", at=instant, key=key)
    case.injected()
    home.go_to(instant)
    case.tick()
    assert home.only("SELECT state FROM touchpoint WHERE key = :key", key=key) == "planned"
    assert home.only("SELECT local_time::time FROM touchpoint WHERE key = :key", key=key) >= time(9, 0)
    home.go_to(datetime.combine(early, time(9, 0, 30), CHICAGO).astimezone(UTC))
    case.recovers(lambda: home.only("SELECT state FROM touchpoint WHERE key = :key", key=key) == "dispatched")


def _local(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=CHICAGO).astimezone(UTC)


@pytest.mark.parametrize("performed", ["2028-02-28", "2027-12-30", "2027-01-31", "2028-02-29"])
def test_f62_days_are_counted_on_the_calendar_over_leap_days_and_year_ends(
    case: Case, performed: str
) -> None:
    on = date.fromisoformat(performed)
    case.home.go_to(datetime.combine(on - timedelta(days=7), time(16, 0), UTC))
    case.home.enroll(procedure__performed_on=performed)
    case.injected()
    rows = case.home.rows("SELECT key, day, local_date, reason_code FROM touchpoint WHERE key <> 'welcome'")
    assert len(rows) > 10
    moved = [row.key for row in rows if abs((row.local_date - on).days - row.day) > 6]
    assert moved == []
    assert sum((row.local_date - on).days == row.day for row in rows) >= len(rows) * 2 // 3
    case.normal()


def test_f63_what_is_due_at_night_goes_in_the_next_hours_or_keeps_its_reason(case: Case) -> None:
    home = case.home
    home.go_to(_local(20, 22))
    case.injected()
    home.enroll()
    case.tick()
    assert case.texts() == []
    home.go_to(_local(21, 9) + timedelta(minutes=1))
    case.recovers(lambda: len(case.texts()) == 1)
    home.go_to(_local(22, 3))
    step = home.rows("SELECT id FROM touchpoint WHERE state = 'planned' ORDER BY due_at LIMIT 1")[0][0]
    late = "UPDATE touchpoint SET due_at = :n, look_at = :n, not_after = :n WHERE id = :step"
    home.change(late, n=home.now, step=step)
    case.tick()
    assert home.only("SELECT state FROM touchpoint WHERE id = :step", step=step) in ("skipped", "call_task")
    assert home.only("SELECT reason FROM touchpoint WHERE id = :step", step=step)


@pytest.mark.parametrize(
    ("name", "away"),
    [("F64-three-days-down", timedelta(days=3)), ("F65-host-asleep", timedelta(hours=8))],
    ids=["F64-three-days-down", "F65-host-asleep-for-eight-hours"],
)
def test_after_an_outage_one_text_a_patient_and_listening_comes_first(
    case: Case, name: str, away: timedelta
) -> None:
    home = case.home
    numbers = [f"+1312555{120 + each:04d}" for each in range(12)]
    for each, number in enumerate(numbers):
        home.enroll(name=f"Ann No{chr(97 + each)}", patient__phone=number)
    case.tick()
    run_until(case, _local(26, 9))
    case.tick()
    before = {number: len(case.texts(number)) for number in numbers}
    case.injected()
    home.change("UPDATE sender SET inbound_listed_at = now() - interval '1 day' WHERE channel = 'sms'")
    case.lab.phone(numbers[0]).sends("STOP please", wait=False)  # nobody hears it
    home.pass_time(away)
    case.over()
    # The senders start first, as they may: nothing leaves before the list was compared.
    home.dispatch()
    home.deliver(limits=dataclasses.replace(QUICK, run_seconds=5))
    assert {number: len(case.texts(number)) for number in numbers} == before
    if home.now.astimezone(CHICAGO).hour >= 19:
        home.go_to(_local(27, 9) + timedelta(minutes=30) if away < timedelta(days=1) else _local(30, 9))
    case.marks.pop("over")
    overdue = "SELECT 1 FROM touchpoint WHERE state = 'planned' AND look_at <= :now"
    case.recovers(
        lambda: (
            home.rows(overdue, now=home.now) == []
            and home.rows("SELECT 1 FROM message WHERE state = 'queued'") == []
        )
    )
    news = {number: len(case.texts(number)) - before[number] for number in numbers}
    assert all(each <= 1 for number, each in news.items() if number != numbers[0])
    texts = [each.body for each in case.texts(numbers[0])[before[numbers[0]] :]]
    assert all("stop" in each.lower() or "no more" in each.lower() for each in texts)
    late = home.rows("SELECT state, reason FROM touchpoint WHERE state = 'skipped'")
    assert all(row.reason for row in late)


def test_f64_a_backlog_is_paced_below_the_senders_rate(case: Case) -> None:
    home = case.home
    home.change("UPDATE sender SET rate_per_second = 5 WHERE channel = 'sms'")
    for each in range(16):
        home.enroll(name=f"Ann No{chr(97 + each)}", patient__phone=f"+1312555{120 + each:04d}")
    home.pass_time(timedelta(hours=2))
    case.injected()
    home.dispatch()
    began = machine.time()
    # Two pumps: the second one goes on with what the first has left of the budget.
    home.deliver(limits=PumpLimits(run_seconds=1, call_seconds=3))
    home.deliver(limits=PumpLimits(run_seconds=20, call_seconds=3))
    case.lab.wait_idle()
    at = sorted(each.at for each in case.lab.journal.entries(Kind.TEXT_ACCEPTED))
    segments = home.only("SELECT sum(segments) FROM message")
    assert len(at) == 16
    # At most two seconds of the rate are saved up; the rest has to be waited for.
    assert at[-1] - began >= (segments - 5 * 2) / 5
    assert FixedClock(home.now).now() == home.now
    case.normal()
    assert INES
