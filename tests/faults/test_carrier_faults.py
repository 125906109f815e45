"""F35-F48: what the carrier's API may do to a call, and what has to come of it."""

from __future__ import annotations

import dataclasses
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from followup.lab import Kind
from followup.messaging.carrier_errors import CODES
from followup.messaging.pump import PumpLimits
from followup.ports import Refusal
from tests.faults.case import Case
from tests.faults.move import move_carrier
from tests.household import INES, TOM

IMPATIENT = PumpLimits(run_seconds=10, call_seconds=1)


def one_text(case: Case, number: str = INES) -> bool:
    return len(case.texts(number)) == 1


# Each trouble of one call: the effect, its fields, whether the carrier has the text all the same.
LOST_ANSWERS: dict[str, tuple[str, dict[str, Any], bool]] = {
    "F36-500-html": ("server_error", {"status": 500}, False),
    "F36-503-taken": ("server_error", {"status": 503, "accepted": True}, True),
    "F37-read-timeout-after-acceptance": ("hang", {"accepted": True}, True),
    "F38-reset-before": ("reset", {"accepted": False}, False),
    "F38-reset-after": ("reset", {"accepted": True}, True),
    "F39-drip": ("drip", {"seconds": 2.0}, True),
    "F40-garbage": ("garbage", {}, True),
    "F40-truncated": ("truncated", {}, True),
    "F40-empty": ("empty", {}, True),
    "F40-null-sid": ("null_sid", {}, True),
}


@pytest.mark.parametrize("name", LOST_ANSWERS)
def test_an_answer_nobody_can_read_is_a_doubt_that_is_settled_without_a_second_text(
    case: Case, name: str
) -> None:
    effect, fields, taken = LOST_ANSWERS[name]
    case.queue_welcome()
    case.lab.fault(effect, times=1, **fields)
    case.injected()
    case.deliver(limits=IMPATIENT)
    assert case.state() == ("queued", "in_doubt")
    assert case.home.only("SELECT provider_id FROM message") is None
    if taken:
        case.recovers(lambda: case.state()[1] == "accepted")
        assert len(case.texts()) == 1
    else:
        case.machine_time_passes(16)
        case.recovers(lambda: case.state() == ("failed", "unconfirmed"))
        assert case.texts() == []
        assert "unconfirmed_send" in case.open_tasks()


def test_f35_five_minutes_of_429_delay_a_text_and_never_double_it(case: Case) -> None:
    case.queue_welcome()
    case.lab.fault("too_many", seconds=2, times=None)
    case.injected()
    for _ in range(10):
        case.deliver()
        case.home.pass_time(timedelta(seconds=30))
    asked = len(case.lab.requests("messages.create"))
    assert (case.texts(), case.home.only("SELECT calls FROM message")) == ([], 0)
    assert 3 <= asked <= 10  # it waits longer each time
    case.lab.clear_faults()
    case.recovers(lambda: one_text(case))


def test_f36_a_carrier_that_only_answers_500_gets_no_storm(case: Case) -> None:
    """After five doubts in a row the sender rests: the rest of the morning is not burnt on a broken carrier."""
    for number in range(12):
        case.home.enroll(name=f"Ann No{chr(97 + number)}", patient__phone=f"+1312555{110 + number + 20:04d}")
    case.home.dispatch()
    case.lab.fault("server_error", times=None)
    case.injected()
    case.deliver(limits=dataclasses.replace(IMPATIENT, concurrency=1))
    case.deliver()
    assert case.home.only("SELECT count(*) FROM attempt WHERE state = 'in_doubt'") == 5
    assert case.home.only("SELECT pause_reason FROM sender WHERE channel = 'sms'") is not None
    case.lab.clear_faults()
    case.recovers(
        lambda: case.home.only("SELECT count(*) FROM message WHERE state = 'queued' AND claimable") == 0
    )
    assert case.home.only("SELECT pause_reason FROM sender WHERE channel = 'sms'") is None
    assert case.home.only("SELECT count(*) FROM message WHERE state <> 'queued'") == 7
    case.machine_time_passes(16)
    case.home.settle()


def test_f40_an_id_that_another_text_has_is_no_answer(case: Case) -> None:
    case.home.enroll()
    case.home.enroll(name="Tom Berg", patient__phone=TOM)
    case.home.dispatch()
    case.lab.fault("same_sid", times=1, skip=1)
    case.injected()
    case.deliver()
    states = [row[0] for row in case.home.rows("SELECT state FROM attempt ORDER BY state")]
    assert states == ["accepted", "in_doubt"]
    case.recovers(lambda: case.home.only("SELECT count(*) FROM attempt WHERE state = 'accepted'") == 2)
    assert (len(case.texts(INES)), len(case.texts(TOM))) == (1, 1)


def test_f41_a_refused_account_pauses_everything_tells_one_person_and_mends_itself(case: Case) -> None:
    case.home.enroll()
    case.home.enroll(name="Tom Berg", patient__phone=TOM)
    case.home.dispatch()
    case.lab.fault("refuse", code=20003, status=401, times=None)
    case.injected()
    for _ in range(5):
        case.deliver()
        case.home.pass_time(timedelta(minutes=1))
    assert case.home.only("SELECT count(*) FROM task WHERE kind = 'sending_paused'") == 1
    assert case.home.only("SELECT max(calls) FROM message") == 0
    assert len(case.lab.requests("messages.create")) <= 7  # one knocks once a minute for all
    case.lab.clear_faults()
    case.recovers(lambda: one_text(case, INES) and one_text(case, TOM))
    assert "sending_paused" not in case.open_tasks()


def test_f41_what_went_stale_in_a_pause_is_planned_anew_and_not_sent_at_night(case: Case) -> None:
    case.queue_welcome()
    case.lab.fault("refuse", code=20003, status=401, times=1)
    case.injected()
    case.deliver()
    case.home.pass_time(timedelta(hours=11))  # nine in the evening
    case.tick()
    case.over()
    assert case.texts() == []
    assert case.home.only("SELECT state FROM touchpoint WHERE key = 'welcome'") == "planned"
    case.home.pass_time(timedelta(hours=12, minutes=30))
    case.tick()
    case.home.pass_time(timedelta(minutes=2))
    case.tick()
    assert len(case.texts()) == 1
    case.marks.pop("over")
    case.normal()


def test_f42_an_opt_out_at_the_carrier_is_recorded_and_stops_the_later_steps(case: Case) -> None:
    case.queue_welcome()
    case.lab.fault("refuse", code=21610, times=1)
    case.injected()
    case.deliver()
    assert case.home.only("SELECT how FROM consent WHERE decision = 'revoked'") == "carrier"
    assert "call_missed_text" in case.open_tasks()
    case.home.go_to(case.home.now + timedelta(days=5))
    case.tick()
    assert case.texts() == []
    assert case.home.rows("SELECT 1 FROM touchpoint WHERE state = 'dispatched'") == []
    case.normal()


@pytest.mark.parametrize("code", ["30034", "30007"])
def test_f43_a_wave_of_refusals_stops_its_cause_and_names_it(case: Case, code: str) -> None:
    """30034: our registration, so everything waits. 30007: this wording, so this text waits and no other."""
    for number in range(8):
        case.home.enroll(name=f"Ann No{chr(97 + number)}", patient__phone=f"+1312555{120 + number:04d}")
    case.home.dispatch()
    case.lab.fault("refuse", code=int(code), status=400, times=None)
    case.injected()
    case.deliver(limits=dataclasses.replace(IMPATIENT, concurrency=1))
    asked = len(case.lab.requests("messages.create"))
    assert asked == (1 if code == "30034" else 3)
    kind = "sending_paused" if code == "30034" else "content"
    told = case.home.only("SELECT reason FROM task WHERE kind = :kind AND state = 'open'", kind=kind)
    assert code in told
    case.lab.clear_faults()
    if code == "30034":
        case.recovers(lambda: case.home.only("SELECT count(*) FROM message WHERE state = 'accepted'") == 8)
        return
    case.home.change("UPDATE task SET state = 'done' WHERE kind = 'content'")  # its author has mended it
    case.recovers(lambda: case.home.only("SELECT count(*) FROM message WHERE state = 'accepted'") == 5)


@contextmanager
def plain_server(answer: bytes) -> Iterator[int]:
    """A server that is not the carrier: says ``answer`` to whoever comes, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        is_over = threading.Event()

        def serve() -> None:
            while not is_over.is_set():
                try:
                    line, _ = listening.accept()
                except TimeoutError:
                    continue
                with line:
                    line.recv(1000)
                    line.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            is_over.set()
            thread.join()


@pytest.mark.parametrize("trouble", ["no-such-name", "refused", "not-tls"])
def test_f44_a_carrier_that_can_not_be_connected_delays_and_is_tried_again(case: Case, trouble: str) -> None:
    case.queue_welcome()
    case.injected()
    with plain_server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        urls = {
            "no-such-name": "https://carrier.invalid",
            "refused": "https://127.0.0.1:9",
            "not-tls": f"https://127.0.0.1:{port}",
        }
        move_carrier(case, urls[trouble])
        for _ in range(3):
            case.deliver()
            case.home.pass_time(timedelta(seconds=20))
    assert {row[0] for row in case.home.rows("SELECT state FROM attempt")} == {"refused"}
    assert case.home.only("SELECT calls FROM message") == 0
    move_carrier(case, case.lab.url)
    case.recovers(lambda: one_text(case))


def test_f45_a_redirect_is_not_followed_with_credentials(case: Case) -> None:
    case.queue_welcome()
    case.lab.fault("redirect", location=f"{case.lab.url}/lab/elsewhere", times=1)
    case.injected()
    case.deliver()
    assert case.state() == ("queued", "refused")
    assert [each["operation"] for each in case.lab.requests()] == ["messages.create"]
    assert "sending_paused" in case.open_tasks()
    case.home.pass_time(timedelta(minutes=1))
    case.recovers(lambda: one_text(case))


def test_every_class_of_refusal_has_a_consequence(case: Case) -> None:
    """F46: an unknown code is a person's, a known one leads where its class leads."""
    case.injected()
    known = {code for codes in CODES.values() for code in codes}
    assert set(CODES) | {Refusal.unknown} == set(Refusal)
    assert all(re.fullmatch(r"\d{3,5}", code) for code in known)
    assert json.dumps(sorted(known))
    assert case.lab.journal.entries(Kind.ALARM) == []
    case.normal()
