"""Every scripted trouble, as the real SDK meets it, and what the phone saw meanwhile."""

from __future__ import annotations

import contextlib
import json
import os

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from followup.lab import AUTH_TOKEN, SENDER, Fault, Kind, Lab

PATIENT = "+14155550101"


def send(sdk, body="Hi", **fields):
    return sdk.messages.create(to=PATIENT, from_=SENDER, body=body, **fields)


def test_too_many_requests_tells_how_long_to_wait(lab, sdk):
    lab.fault("too_many", seconds=7, times=2)
    for _ in range(2):
        with pytest.raises(TwilioRestException) as refused:
            send(sdk)
        assert (refused.value.status, refused.value.code) == (429, 20429)
    assert lab.requests("messages.create")[0]["status"] == 429
    answer = requests.post(
        f"{lab.url}/2010-04-01/Accounts/{lab.account.sid}/Messages.json",
        auth=(lab.account.sid, AUTH_TOKEN),
        data={"To": PATIENT, "From": SENDER, "Body": "third"},
        timeout=5,
    )
    assert answer.status_code == 201, "the fault was for two requests"
    lab.wait_idle()
    assert [text.body for text in lab.phone(PATIENT).inbox] == ["third"]


def test_retry_after_is_a_header(lab):
    lab.fault("too_many", seconds=7, on="messages.list")
    answer = requests.get(
        f"{lab.url}/2010-04-01/Accounts/{lab.account.sid}/Messages.json",
        auth=(lab.account.sid, AUTH_TOKEN),
        timeout=5,
    )
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize("code", [21610, 30034, 30007, 20003, 99999])
def test_any_code_can_be_the_answer(lab, sdk, code):
    lab.fault("refuse", code=code, to=PATIENT)
    with pytest.raises(TwilioRestException) as refused:
        send(sdk)
    assert refused.value.code == code
    assert lab.journal.entries(Kind.TEXT_ACCEPTED) == []


@pytest.mark.parametrize(("accepted", "reached"), [(False, 0), (True, 1)])
def test_a_server_error_before_or_after_acceptance(lab, sdk, accepted, reached):
    lab.fault("server_error", status=503, accepted=accepted)
    with pytest.raises(TwilioRestException) as wrong:
        send(sdk)
    assert wrong.value.status == 503
    lab.wait_idle()
    assert len(lab.phone(PATIENT).inbox) == reached


@pytest.mark.parametrize(("accepted", "reached"), [(False, 0), (True, 1)])
def test_a_reset_before_or_after_acceptance(lab, sdk, accepted, reached):
    lab.fault("reset", accepted=accepted)
    with pytest.raises(requests.exceptions.ConnectionError, match="reset"):
        send(sdk)
    lab.wait_idle()
    assert len(lab.phone(PATIENT).inbox) == reached


def test_no_answer_after_acceptance(lab, sdk):
    lab.fault("hang", accepted=True)
    sdk.http_client.timeout = 0.2
    with pytest.raises(requests.exceptions.ReadTimeout):
        send(sdk)
    lab.wait_idle()
    assert len(lab.phone(PATIENT).inbox) == 1


def test_a_dripping_answer_outlives_a_timeout_per_read(lab, sdk):
    lab.fault("drip", seconds=0.0003)
    sdk.http_client.timeout = 0.2
    assert send(sdk).sid


@pytest.mark.parametrize("effect", ["garbage", "truncated", "empty"])
def test_an_unreadable_201_has_sent_the_text(lab, sdk, effect):
    lab.fault(effect)
    # What the SDK makes of an unreadable body is not the carrier's business.
    with contextlib.suppress(ValueError, requests.exceptions.RequestException):
        assert send(sdk).sid is None
    lab.wait_idle()
    assert len(lab.phone(PATIENT).inbox) == 1


def test_a_201_without_a_sid(lab, sdk):
    lab.fault("null_sid")
    assert send(sdk).sid is None
    lab.wait_idle()
    assert len(lab.phone(PATIENT).inbox) == 1


def test_the_same_sid_for_two_texts(lab, sdk):
    lab.fault("same_sid", skip=1)
    assert send(sdk, "one").sid == send(sdk, "two").sid
    lab.wait_idle()
    assert len({text.sid for text in lab.phone(PATIENT).inbox}) == 2


def test_a_redirect_is_answered_with_its_target(lab):
    lab.fault("redirect", location="https://elsewhere.example/")
    answer = requests.post(
        f"{lab.url}/2010-04-01/Accounts/{lab.account.sid}/Messages.json",
        auth=(lab.account.sid, AUTH_TOKEN),
        data={"To": PATIENT, "From": SENDER, "Body": "Hi"},
        allow_redirects=False,
        timeout=5,
    )
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://elsewhere.example/")


def test_a_text_can_end_badly_stay_on_its_way_or_be_in_no_list(lab, sdk, clinic):
    lab.fault("end_as", status="failed", code=30007, body_has="filtered")
    lab.fault("stay_at", status="sent", body_has="lost")
    lab.fault("hide", body_has="hidden")
    lab.fault("callbacks_off", body_has="hidden")
    ends = {}
    for body in ("filtered", "lost", "hidden"):
        ends[body] = send(sdk, body, status_callback=f"{clinic.url}/status/{body}").sid
    lab.wait_idle()
    assert [(one.body, one.status) for one in sdk.messages.list(to=PATIENT)] == [
        ("lost", "sent"),
        ("filtered", "failed"),
    ]
    assert [text.body for text in lab.phone(PATIENT).inbox] == ["lost", "hidden"]
    assert clinic.forms("/status/hidden") == []
    assert clinic.forms("/status/filtered")[0]["ErrorCode"] == "30007"


def test_callbacks_can_be_reversed_copied_dropped_and_changed(lab, sdk, clinic):
    lab.fault("callbacks_reversed", body_has="reversed")
    lab.fault("callbacks_copied", copies=3, together=True, body_has="copied")
    lab.fault("callbacks_dropped", status="delivered", body_has="dropped")
    lab.fault(
        "callbacks_changed", fields={"MessageStatus": "teleported", "NewField": "1"}, body_has="changed"
    )
    for body in ("reversed", "copied", "dropped", "changed"):
        send(sdk, body, status_callback=f"{clinic.url}/status/{body}")
    lab.wait_idle()
    assert clinic.statuses("/status/reversed") == ["delivered", "sent"]
    assert sorted(clinic.statuses("/status/copied")) == ["delivered"] * 3 + ["sent"] * 3
    assert clinic.statuses("/status/dropped") == ["sent"]
    assert {form["NewField"] for form in clinic.forms("/status/changed")} == {"1"}
    assert all(hook.is_signed_with(AUTH_TOKEN) for hook in clinic.hooks)


def test_callbacks_can_be_late(clinic, sdk_for):
    with Lab.started(stepped=True) as lab:
        lab.fault("callbacks_late", seconds=3600)
        send(sdk_for(lab), status_callback=f"{clinic.url}/status")
        lab.advance(60)
        assert (len(lab.phone(PATIENT).inbox), clinic.statuses()) == (1, [])
        lab.advance(3600)
        assert clinic.statuses() == ["sent", "delivered"]


def test_a_fault_can_let_some_requests_pass_and_last_until_it_is_lifted(lab, sdk):
    number = lab.fault("refuse", code=30034, skip=1, times=None)
    send(sdk, "first")
    for _ in range(3):
        with pytest.raises(TwilioRestException):
            send(sdk)
    lab.clear_faults(number)
    send(sdk, "last")
    lab.wait_idle()
    assert [text.body for text in lab.phone(PATIENT).inbox] == ["first", "last"]


def test_two_faults_for_one_request_deform_it_once(lab, sdk):
    lab.fault("refuse", code=30034)
    lab.fault("refuse", code=30007)
    codes = []
    for _ in range(2):
        with pytest.raises(TwilioRestException) as refused:
            send(sdk)
        codes.append(refused.value.code)
    assert codes == [30034, 30007]


def test_faults_come_and_go_over_http(lab, sdk):
    doors = f"{lab.url}/lab/faults"
    made = requests.post(doors, json={"do": "refuse", "code": 30034, "times": None}, timeout=5)
    assert made.status_code == 201
    with pytest.raises(TwilioRestException):
        send(sdk)
    listed = requests.get(doors, timeout=5).json()["faults"]
    assert [(fault["do"], fault["used"]) for fault in listed] == [("refuse", 1)]
    requests.delete(doors, timeout=5)
    send(sdk)


def test_signals_are_refused_over_http_unless_the_lab_allows_them(lab):
    answer = requests.post(f"{lab.url}/lab/faults", json={"do": "kill", "pids": [os.getpid()]}, timeout=5)
    assert answer.status_code == 403
    assert "signals" in answer.json()["error"]


@pytest.mark.parametrize("told", [{"do": "explode"}, {"no": "effect"}, {"do": "refuse", "colour": "red"}])
def test_a_fault_that_nobody_knows_is_refused(lab, told):
    assert requests.post(f"{lab.url}/lab/faults", json=told, timeout=5).status_code == 400
    assert requests.get(f"{lab.url}/lab/faults", timeout=5).json() == {"faults": []}


def test_a_fault_is_matched_by_receiver_sender_and_words():
    fault = Fault("refuse", to=PATIENT, sender=SENDER, body_has="pain")
    facts = {"To": PATIENT, "From": SENDER, "Body": "your pain"}
    assert fault.matches("messages.create", facts)
    assert not fault.matches("messages.list", facts)
    for name in facts:
        assert not fault.matches("messages.create", facts | {name: "other"})


def test_latency_is_added_to_every_answer(sdk_for):
    with Lab.started(latency=0.08) as lab:
        assert json.loads(requests.get(f"{lab.url}/lab/health", timeout=5).text)["is_idle"]
        sdk = sdk_for(lab)
        send(sdk)
        assert sdk.http_client.session is not None
        sent = sdk.http_client.session.get(
            f"{lab.url}/2010-04-01/Accounts/{lab.account.sid}/Messages.json",
            auth=(lab.account.sid, AUTH_TOKEN),
        )
        assert sent.elapsed.total_seconds() >= 0.08
