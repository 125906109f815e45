"""F08, F09, F49-F51: what may happen to the carrier's calls to us."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import text

from followup.lab import Kind
from tests.faults.case import PUBLIC, Case
from tests.faults.processes import free_port, web_process
from tests.faults.proxy import Proxy
from tests.household import INES
from tests.servers_of_the_run import superuser
from tests.waiting import wait_for


def stored(case: Case, kind: str = "inbound_sms") -> int:
    with case.home.house.database.engine() as session:
        query = text("SELECT count(*) FROM provider_event WHERE kind = :kind")
        return int(session.execute(query, {"kind": kind}).scalar_one())


@pytest.mark.slow
def test_f08_a_web_process_killed_between_storing_and_answering_stores_the_text_once(case: Case) -> None:
    port = free_port()
    case.home.enroll()
    case.lab.sender(inbound_url=f"{PUBLIC}/hooks/twilio/sms#rc=5&rp=all")
    with web_process(case, port) as first, Proxy(("127.0.0.1", port)) as proxy:
        case.lab.route(PUBLIC, f"http://127.0.0.1:{proxy.port}")
        proxy.on_answer = lambda: os.kill(first.pid, signal.SIGKILL)
        case.injected()
        assert case.lab.phone(INES).sends("2, sleeping well").status is None
        first.wait(20)
    assert stored(case) == 1  # it was stored, and the carrier does not know
    with web_process(case, port):
        case.lab.route(PUBLIC, f"http://127.0.0.1:{port}")
        case.over()
        again = case.lab.journal.entries(Kind.WEBHOOK)[-1]
        assert case.lab.posts(f"{PUBLIC}/hooks/twilio/sms", again["form"]).status == 200
        case.recovers(lambda: case.home.only("SELECT count(*) FROM reply") == 1)
    assert stored(case) == 1


@pytest.mark.slow
def test_f09_a_text_whose_web_process_died_before_storing_it_is_found_in_the_list(
    case: Case, owner_url: str
) -> None:
    port = free_port()
    case.home.enroll()
    case.lab.sender(inbound_url=f"{PUBLIC}/hooks/twilio/sms#rc=5&rp=all")
    case.lab.route(PUBLIC, f"http://127.0.0.1:{port}")
    with web_process(case, port) as process, superuser(owner_url) as blocker:
        blocker.autocommit = False
        blocker.execute("LOCK TABLE provider_event IN EXCLUSIVE MODE")
        case.injected()
        case.lab.phone(INES).sends("I can not pee", wait=False)
        wait_for(
            lambda: blocker.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone(), what="the insert"
        )
        process.kill()
        process.wait(20)
        # The server has not noticed yet that nobody waits for the insert; it must not do it after all.
        blocker.execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE NOT granted")
        blocker.rollback()
    case.lab.wait_idle()
    assert stored(case) == 0
    case.recovers(lambda: case.home.rows("SELECT 1 FROM escalation") != [])
    assert stored(case) == 1


def test_f49_a_callback_that_comes_before_our_own_commit_settles_the_call(case: Case, web: str) -> None:
    """The answer is lost; the callbacks bring the id, by the token in their address."""
    case.queue_welcome()
    case.lab.fault("reset", accepted=True, times=1)
    case.lab.fault("hide")  # and the list does not show it
    case.injected()
    case.deliver()
    assert case.state() == ("queued", "in_doubt")
    assert web
    case.recovers(lambda: case.state() == ("delivered", "accepted"))
    assert case.home.only("SELECT settled_by FROM attempt") == "callback"
    case.lab.expect_webhooks_answered()


def test_f49_a_callback_after_a_person_was_asked_settles_that_too(case: Case, web: str) -> None:
    case.queue_welcome()
    case.lab.fault("reset", accepted=True, times=1)
    case.lab.fault("hide")
    case.lab.fault("callbacks_late", seconds=3600)
    case.injected()
    case.home.deliver()
    case.machine_time_passes(16)
    case.home.settle()
    assert case.state() == ("failed", "unconfirmed")
    assert web
    assert case.open_tasks() == {"unconfirmed_send"}
    case.lab.advance(4000)
    case.recovers(lambda: case.state() == ("delivered", "accepted"))
    assert case.home.only("SELECT provider_id FROM message") is not None
    assert case.open_tasks() == set()
    assert len(case.texts()) == 1


@pytest.mark.parametrize("together", [False, True], ids=["F50-ten-in-a-row", "F50-twenty-at-once"])
def test_copies_of_a_webhook_are_one_record_one_case_and_one_answer(
    case: Case, web: str, together: bool
) -> None:
    case.queue_welcome()
    copies = 20 if together else 10
    case.lab.fault("callbacks_copied", copies=copies, together=together)
    case.lab.fault("callbacks_copied", on="inbound", copies=copies, together=together)
    case.injected()
    case.deliver()
    case.lab.phone(INES).sends("I can't feel my legs and I can't pee")
    case.recovers(lambda: len(case.texts()) == 2)
    assert web
    assert case.home.only("SELECT count(*) FROM reply") == 1
    assert case.home.only("SELECT count(*) FROM escalation") == 1
    assert case.home.only("SELECT count(*) FROM message WHERE purpose = 'safety'") == 1
    case.tick()
    assert len(case.texts()) == 2


def test_f51_reports_in_reverse_end_as_delivered_and_all_are_kept(case: Case, web: str) -> None:
    case.queue_welcome()
    case.lab.fault("callbacks_reversed")
    case.injected()
    case.deliver()
    case.recovers(lambda: case.state()[0] == "delivered")
    kept = {each["form"]["MessageStatus"] for each in case.lab.webhooks("status")}
    assert web
    assert kept == {"sent", "delivered"}
    assert stored(case, "sms_status") == 2


@pytest.mark.parametrize("order", list(permutations(["sent", "undelivered", "delivered"])), ids="-".join)
def test_f51_delivered_beats_undelivered_and_no_second_copy_goes_out(
    case: Case, web: str, order: tuple[str, ...]
) -> None:
    case.queue_welcome()
    case.lab.fault("callbacks_off")
    case.injected()
    case.deliver()
    token, sid = case.home.rows("SELECT token, provider_id FROM attempt")[0]
    for status in order:
        form = {"MessageSid": sid, "MessageStatus": status, "AccountSid": case.lab.account.sid}
        form |= {"ErrorCode": "30008"} if status == "undelivered" else {}
        assert case.lab.posts(f"{PUBLIC}/hooks/twilio/status/{token}", form).status == 204
        case.tick()
    assert web
    case.home.pass_time(timedelta(minutes=11))
    case.recovers(lambda: case.home.only("SELECT state FROM message WHERE round = 1") == "delivered")
    assert len(case.texts()) == 1
    assert stored(case, "sms_status") == 3
