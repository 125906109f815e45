"""F46-F48: what the carrier tells late, oddly or never."""

from __future__ import annotations

from datetime import timedelta

from followup.messaging.pump import PumpLimits
from tests.faults.case import Case
from tests.household import INES, TOM

IMPATIENT = PumpLimits(run_seconds=10, call_seconds=1)


def test_f46_unknown_words_of_the_carrier_are_kept_and_change_nothing(case: Case, web: str) -> None:
    case.queue_welcome()
    case.lab.fault("callbacks_changed", fields={"NewParameter": "1", "MessageStatus": "teleported"})
    case.injected()
    case.deliver()
    case.recovers(lambda: case.home.only("SELECT count(*) FROM message WHERE state = 'accepted'") == 1)
    assert web
    case.lab.expect_webhooks_answered()
    case.queue_welcome(name="Tom Berg", patient__phone=TOM)
    case.lab.fault("end_as", status="failed", code=39999)
    case.deliver()
    case.tick()
    assert case.home.only("SELECT error_code FROM message WHERE state = 'failed'") == "39999"
    assert "call_missed_text" in case.open_tasks()


def test_f47_a_text_without_any_report_is_asked_for_and_after_three_days_a_person_is(case: Case) -> None:
    case.queue_welcome()
    case.lab.fault("callbacks_off")
    case.lab.fault("stay_at", status="sent")
    case.injected()
    case.deliver()
    start = case.home.now
    asked = []
    for after in (timedelta(minutes=11), timedelta(minutes=61), timedelta(hours=24.1), timedelta(hours=72.1)):
        case.home.go_to(start + after)
        case.home.settle()
        asked.append(len(case.lab.requests("messages.fetch")))
    assert asked == [1, 2, 3, 4]
    assert "unconfirmed_send" in case.open_tasks()
    assert case.state() == ("sent", "accepted")
    case.at_rest = False  # only the loop that asks was stepped through three days
    case.normal()


def test_f47_a_report_that_never_came_is_found_by_asking(case: Case) -> None:
    case.queue_welcome()
    case.lab.fault("callbacks_off")
    case.injected()
    case.deliver()
    assert case.state()[0] == "accepted"
    case.home.pass_time(timedelta(minutes=11))
    case.recovers(lambda: case.state()[0] == "delivered")


def test_f48_a_text_that_lies_nine_hours_in_the_carriers_queue_is_dropped_not_delivered_at_night(
    case: Case, web: str
) -> None:
    case.home.pass_time(timedelta(hours=4))  # two in the afternoon: six hours are left
    case.queue_welcome()
    case.lab.fault("queue_for", seconds=9 * 3600)
    case.injected()
    case.home.deliver()
    validity = float(next(reversed(case.lab.server.carrier.texts.values())).validity) if web else 0
    assert 5.9 * 3600 < validity <= 6 * 3600
    case.lab.advance(validity + 1)
    case.home.pass_time(timedelta(seconds=validity))
    case.tick()
    assert case.state()[0] == "expired"
    assert case.texts() == []
    assert case.home.only("SELECT state FROM touchpoint WHERE key = 'welcome'") == "planned"
    case.home.pass_time(timedelta(hours=13, minutes=30))
    case.recovers(lambda: len(case.texts(INES)) == 1)
