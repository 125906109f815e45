"""The heart of delivery: one call for one planned text, whatever fails around it."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from followup.messaging import claim as claims
from followup.messaging.calling import start_calling
from followup.messaging.pump import PumpLimits
from tests.household import INES, Household


def state_of_the_text(home: Household) -> tuple[str, str]:
    """The state of Ines' welcome and of its newest attempt."""
    rows = home.rows(
        "SELECT m.state, a.state FROM message m LEFT JOIN attempt a ON a.message_id = m.id ORDER BY a.number DESC"
    )
    return rows[0][0], rows[0][1]


def test_a_welcome_is_sent_once_and_recorded_under_the_carriers_id(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.deliver()
    home.lab.wait_idle()

    assert state_of_the_text(home) == ("accepted", "accepted")
    assert home.only("SELECT provider_id FROM message").startswith("SM")
    assert len(home.lab.phone(INES).inbox) == 1


def test_delivering_again_sends_nothing_more(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.deliver()
    home.dispatch()
    home.deliver()
    home.lab.wait_idle()

    assert len(home.lab.phone(INES).inbox) == 1


def test_f01_a_claim_of_a_dead_pump_is_somebody_elses_after_the_lease(home: Household) -> None:
    home.enroll()
    home.dispatch()
    sender = home.only("SELECT sender_id FROM message")
    with home.house.database.transaction(home.clinic_id) as session:
        claimed = claims.claim(session, sender, pump=uuid.uuid4(), urgent=False, many=10, now=home.now)
    assert len(claimed) == 1
    assert home.deliver().called == 0  # still under the dead pump's lease

    home.change("UPDATE attempt SET lease_until = now() - interval '1 second'")
    assert home.settle().released == 1
    home.deliver()
    home.lab.wait_idle()

    assert state_of_the_text(home) == ("accepted", "accepted")
    assert len(home.lab.phone(INES).inbox) == 1


def test_f02_a_call_whose_answer_was_lost_is_found_in_the_carriers_list(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.lab.fault("reset", accepted=True, times=1)
    home.deliver()
    home.lab.wait_idle()
    assert state_of_the_text(home) == ("queued", "in_doubt")

    assert home.settle().found == 1
    assert state_of_the_text(home) == ("accepted", "accepted")
    home.deliver()
    assert len(home.lab.phone(INES).inbox) == 1


def test_f03_a_doubt_that_nothing_settles_is_a_persons_and_is_not_resent(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.lab.fault("reset", accepted=False, times=1)
    home.deliver()
    assert state_of_the_text(home) == ("queued", "in_doubt")
    assert home.settle().decided == 0  # the carrier's list may still be late

    home.change("UPDATE attempt SET calling_at = now() - interval '16 minutes'")
    assert home.settle().decided == 1
    home.deliver()
    home.lab.wait_idle()

    assert state_of_the_text(home) == ("failed", "unconfirmed")
    assert home.lab.phone(INES).inbox == []
    assert home.only("SELECT kind FROM task WHERE state = 'open'") == "unconfirmed_send"


def test_f05_a_pump_that_slept_through_its_lease_calls_nobody(home: Household) -> None:
    home.enroll()
    home.dispatch()
    sender, sleeper = home.only("SELECT sender_id FROM message"), uuid.uuid4()
    with home.house.database.transaction(home.clinic_id) as session:
        claimed = claims.claim(session, sender, pump=sleeper, urgent=False, many=10, now=home.now)
    home.change("UPDATE attempt SET lease_until = now() - interval '1 second'")
    home.settle()

    with home.house.database.transaction(home.clinic_id) as session:
        calls = start_calling(session, [each.attempt_id for each in claimed], pump=sleeper, now=home.now)
    assert calls == []


def test_f35_a_carrier_that_asks_for_patience_gets_it_and_the_text_goes_once(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.lab.fault("too_many", seconds=1, times=2)
    home.deliver()
    assert state_of_the_text(home)[0] == "queued"
    for _ in range(3):
        home.pass_time(timedelta(seconds=10))
        home.deliver()
    home.lab.wait_idle()

    assert state_of_the_text(home) == ("accepted", "accepted")
    assert len(home.lab.phone(INES).inbox) == 1


@pytest.mark.parametrize("effect", ["server_error", "garbage", "truncated", "empty", "null_sid"])
def test_f36_f40_an_answer_nobody_can_read_is_a_doubt_not_a_failure(home: Household, effect: str) -> None:
    home.enroll()
    home.dispatch()
    home.lab.fault(effect, times=1)
    home.deliver()

    assert state_of_the_text(home) == ("queued", "in_doubt")
    assert home.only("SELECT provider_id FROM message") is None


def test_f39_an_answer_that_drips_is_cut_off_at_the_deadline(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.lab.fault("drip", times=1)
    report = next(iter(home.deliver(limits=PumpLimits(call_seconds=1, run_seconds=10)).reports.values()))

    assert report.doubted == 1
    assert state_of_the_text(home) == ("queued", "in_doubt")


def test_f41_a_wrong_account_pauses_all_sending_and_burns_no_attempt(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.lab.fault("refuse", code=20003, status=401, times=2)
    home.deliver()

    assert home.only("SELECT sending_paused_reason FROM clinic") is not None
    assert home.only("SELECT calls FROM message") == 0
    assert home.only("SELECT kind FROM task") == "sending_paused"
    home.pass_time(timedelta(minutes=5))
    home.deliver()
    assert home.lab.phone(INES).inbox == []

    home.pass_time(timedelta(minutes=5))
    home.deliver()  # mended meanwhile: one message finds out
    home.lab.wait_idle()
    assert len(home.lab.phone(INES).inbox) == 1
    assert home.only("SELECT sending_paused_at FROM clinic") is None
    assert home.only("SELECT state FROM task") == "done"


def test_f42_an_opt_out_found_at_the_carrier_is_recorded_as_one(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.lab.fault("refuse", code=21610, times=1)
    home.deliver()

    assert home.only("SELECT opted_out_at FROM contact_point") is not None
    assert home.rows("SELECT decision, how FROM consent ORDER BY recorded_at DESC")[0] == (
        "revoked",
        "carrier",
    )
    assert home.only("SELECT state FROM message") == "failed"


def test_f66_an_opt_out_between_claim_and_call_stops_the_call(home: Household) -> None:
    home.enroll()
    home.dispatch()
    sender, pump = home.only("SELECT sender_id FROM message"), uuid.uuid4()
    with home.house.database.transaction(home.clinic_id) as session:
        claimed = claims.claim(session, sender, pump=pump, urgent=False, many=10, now=home.now)
    home.change("UPDATE contact_point SET opted_out_at = :now", now=home.now)

    with home.house.database.transaction(home.clinic_id) as session:
        calls = start_calling(session, [each.attempt_id for each in claimed], pump=pump, now=home.now)
    assert calls == []
    assert home.rows("SELECT state, reason FROM message") == [
        ("cancelled", "the patient asked us to stop writing here")
    ]
