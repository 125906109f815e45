"""What the carrier reports is applied forward only, whatever order it comes in, and failures have consequences."""

from __future__ import annotations

from itertools import permutations

import pytest

from followup.messaging.track import Report, track_by_token
from followup.ports import Refusal
from tests.household import Household

SID = "SM" + "a" * 32


@pytest.fixture
def sent(home: Household) -> Household:
    """Ines' welcome has been taken by the carrier."""
    home.lab.fault("callbacks_off")
    home.enroll()
    home.dispatch()
    home.deliver()
    return home


def report(home: Household, status: str, code: str | None = None, refusal: Refusal | None = None) -> bool:
    token = home.rows("SELECT token FROM attempt ORDER BY number DESC")[0][0]
    sid = home.rows("SELECT provider_id FROM attempt ORDER BY number DESC")[0][0] or SID
    with home.house.database.transaction(home.clinic_id) as session:
        return track_by_token(session, token, report=Report(sid, status, code, refusal), now=home.now)


@pytest.mark.parametrize("order", list(permutations(["queued", "sent", "delivered"])))
def test_f51_reports_in_any_order_end_as_delivered(sent: Household, order: tuple[str, ...]) -> None:
    for status in order:
        report(sent, status)
    assert sent.only("SELECT state FROM message") == "delivered"


def test_f50_a_report_told_ten_times_moves_the_message_once(sent: Household) -> None:
    for _ in range(10):
        report(sent, "delivered")
    assert sent.only("SELECT count(*) FROM move WHERE thing = 'message' AND to_state = 'delivered'") == 1


def test_f46_an_unknown_status_changes_nothing(sent: Household) -> None:
    assert report(sent, "teleported")
    assert sent.only("SELECT state FROM message") == "accepted"


def test_f49_a_report_that_is_quicker_than_our_own_record_settles_the_call(home: Household) -> None:
    home.lab.fault("callbacks_off")
    home.lab.fault("reset", accepted=True, times=1)
    home.enroll()
    home.dispatch()
    home.deliver()
    assert home.only("SELECT state FROM attempt") == "in_doubt"

    report(home, "sent")
    assert home.rows("SELECT state, settled_by FROM attempt") == [("accepted", "callback")]
    assert home.rows("SELECT state, provider_id FROM message") == [("sent", SID)]


def test_a_token_of_nobody_is_answered_with_no(sent: Household) -> None:
    with sent.house.database.transaction(sent.clinic_id) as session:
        assert not track_by_token(session, "no-such-token", report=Report(SID, "sent"), now=sent.now)


def test_a_number_that_cannot_be_texted_is_marked_and_a_person_calls(sent: Household) -> None:
    report(sent, "undelivered", "30005", Refusal.bad_number)
    assert sent.only("SELECT state FROM message") == "failed"
    assert sent.only("SELECT state FROM contact_point WHERE channel = 'sms'") == "bad"
    assert sent.only("SELECT kind FROM task") == "bad_number"


def test_a_lost_text_is_sent_again_as_a_new_row_and_the_old_one_stays_failed(sent: Household) -> None:
    report(sent, "undelivered", "30003", Refusal.temporary)
    assert sent.rows("SELECT state, round FROM message ORDER BY round") == [("failed", 1), ("queued", 2)]


def test_a_code_nobody_knows_is_a_persons_matter(sent: Household) -> None:
    report(sent, "failed", "99999", Refusal.unknown)
    assert sent.only("SELECT state FROM message") == "failed"
    assert sent.only("SELECT kind FROM task") == "call_missed_text"
