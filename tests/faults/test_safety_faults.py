"""F36-F38 for a safety text: at least once, at most three tries in five minutes, then a person is told at once."""

from __future__ import annotations

from datetime import timedelta

from followup.lab import Kind
from followup.messaging.pump import PumpLimits
from tests.faults.case import Case
from tests.household import INES

IMPATIENT = PumpLimits(run_seconds=10, call_seconds=1)


def red_flag(case: Case) -> None:
    """Ines writes that she can't pee; the safety text is queued."""
    case.queue_welcome()
    case.deliver()
    case.lab.phone(INES).sends("I can't pee and my legs are numb")
    case.tick_without_delivery()
    assert case.home.only("SELECT count(*) FROM message WHERE purpose = 'safety'") == 1


def try_for_five_minutes(case: Case) -> list[timedelta]:
    """Let the urgent pump and the settling go round; return when the carrier was called, in machine time."""
    passed, called = timedelta(0), []
    before = len(case.lab.requests("messages.create"))
    while passed < timedelta(minutes=8):
        case.home.deliver(urgent=True, limits=IMPATIENT)
        now = len(case.lab.requests("messages.create"))
        called += [passed] * (now - before)
        before = now
        case.home.settle()
        case.machine_time_passes(0.5)
        case.home.pass_time(timedelta(seconds=30))
        passed += timedelta(seconds=30)
    return called


def test_f36_a_safety_text_in_doubt_is_tried_three_times_in_five_minutes_and_then_told(
    case: Case, web: str
) -> None:
    red_flag(case)
    case.lab.fault("server_error", body_has="911", times=None)
    case.lab.fault("server_error", times=None)
    case.injected()
    called = try_for_five_minutes(case)
    assert len(called) == 3
    assert web
    assert called[-1] <= timedelta(minutes=5)
    tasks = "SELECT priority, due_at <= :now AS due FROM task WHERE kind = 'unconfirmed_send'"
    task = case.home.rows(tasks, now=case.home.now)
    assert [tuple(each) for each in task] == [("high", True)]
    assert case.home.only("SELECT state FROM message WHERE purpose = 'safety'") == "failed"
    case.normal()


def test_f37_a_safety_text_may_arrive_twice_and_stops_as_soon_as_one_is_known(case: Case, web: str) -> None:
    red_flag(case)
    case.lab.fault("reset", accepted=True, times=1)
    case.lab.fault("hide", times=1)
    case.lab.fault("callbacks_off", times=1)
    case.injected()
    called = try_for_five_minutes(case)
    case.lab.wait_idle()
    assert len(called) == 2
    assert web
    reached = [e for e in case.lab.journal.entries(Kind.TEXT_REACHED_PHONE) if e["to"] == INES]
    assert len(reached) == 3  # the welcome, and the same safety text twice
    assert case.home.only("SELECT state FROM message WHERE purpose = 'safety'") != "failed"
    case.normal()


def test_f35_a_safety_text_does_not_wait_for_a_resting_sender(case: Case, web: str) -> None:
    red_flag(case)
    later = case.home.now + timedelta(hours=1)
    case.home.change("UPDATE sender SET paused_until = :later, pause_reason = 'trouble'", later=later)
    case.injected()
    case.home.deliver(urgent=True)
    case.lab.wait_idle()
    assert web
    assert case.home.only("SELECT count(*) FROM message WHERE purpose = 'safety' AND state <> 'queued'") == 1
    case.home.change("UPDATE sender SET paused_until = NULL")
    case.normal()


def test_f41_a_safety_text_knocks_at_a_refused_account_and_a_stale_one_is_a_persons(
    case: Case, web: str
) -> None:
    red_flag(case)
    case.lab.fault("refuse", code=20003, status=401, times=None)
    case.injected()
    for _ in range(14):
        case.home.deliver(urgent=True)
        case.home.pass_time(timedelta(minutes=5))
    assert web
    assert case.home.only("SELECT state FROM message WHERE purpose = 'safety'") == "cancelled"
    told = case.home.rows("SELECT priority FROM task WHERE kind = 'call_missed_text' AND state = 'open'")
    assert [each.priority for each in told] == ["high"]
    case.normal()
