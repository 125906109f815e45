"""Calls through the real SDK: ringing, answering, speaking, keys, and what the callbacks tell."""

from __future__ import annotations

import pytest
from twilio.base.exceptions import TwilioRestException

from followup.lab import AUTH_TOKEN, INSTANT, SENDER, Kind, Lab, Pace

NURSE = "+14155550131"
PATIENT = "+14155550101"
ASK = """<Response><Gather numDigits="1" action="/voice/keys" timeout="5"><Say>A patient needs you. Press 1 to
accept.</Say></Gather><Say>No key was pressed.</Say></Response>"""
THANKS = "<Response><Say>Thank you.</Say><Hangup/></Response>"


@pytest.fixture
def page(sdk, clinic):
    clinic.documents |= {"/voice/page": ASK, "/voice/keys": THANKS}

    def call(**fields):
        return sdk.calls.create(
            to=NURSE,
            from_=SENDER,
            url=f"{clinic.url}/voice/page",
            status_callback=f"{clinic.url}/calls",
            status_callback_event=["initiated", "ringing", "answered", "completed"],
            **fields,
        )

    return call


def told(clinic):
    return [form["CallStatus"] for form in clinic.forms("/calls")]


def test_a_nurse_accepts_by_pressing_a_key(lab, sdk, clinic, page):
    nurse = lab.phone(NURSE)
    nurse.answers_calls(digits="1")
    placed = page()
    assert placed.status == "queued"
    lab.wait_idle()
    call = nurse.expects_call("needs you", "thank you")
    assert (call.sid, call.pressed) == (placed.sid, ["1"])
    keys = clinic.forms("/voice/keys")[0]
    assert (keys["Digits"], keys["CallSid"], keys["CallStatus"]) == ("1", placed.sid, "in-progress")
    assert all(hook.is_signed_with(AUTH_TOKEN) for hook in clinic.hooks)
    assert told(clinic) == ["queued", "ringing", "in-progress", "completed"]
    assert sdk.calls(placed.sid).fetch().status == "completed"
    lab.expect_nothing_else()
    lab.expect_webhooks_answered()


@pytest.mark.parametrize(
    ("behavior", "status"),
    [("is_busy", "busy"), ("does_not_answer", "no-answer"), ("lets_voicemail_answer", "completed")],
)
def test_a_call_that_nobody_accepts_presses_nothing(lab, clinic, page, behavior, status):
    nurse = lab.phone(NURSE)
    getattr(nurse, behavior)()
    page(machine_detection="Enable")
    lab.wait_idle()
    assert told(clinic)[-1] == status
    assert clinic.forms("/voice/keys") == []
    assert nurse.expects_call().pressed == []


def test_a_machine_is_told_from_a_person_when_asked(lab, sdk, page):
    lab.phone(NURSE).lets_voicemail_answer()
    placed = page(machine_detection="Enable")
    lab.wait_idle()
    fetched = sdk.calls(placed.sid).fetch()
    assert (fetched.answered_by, fetched.status) == ("machine_start", "completed")


def test_a_phone_rings_until_somebody_picks_up(lab, clinic, page):
    nurse = lab.phone(NURSE)
    page()
    call = nurse.expects_call()
    lab.wait_idle()
    assert call.status == "ringing"
    nurse.picks_up(call)
    asked = [entry["heard"] for entry in lab.journal.entries(Kind.CALL) if entry["heard"]]
    assert "Press 1" in asked[0][0]
    assert (call.status, call.wants_digits, call.heard[0].split()[0]) == ("in-progress", True, "A")
    nurse.presses(call, "1")
    assert (call.status, call.heard[-1]) == ("completed", "Thank you.")


def test_a_phone_that_rings_too_long_is_not_answered(sdk_for, clinic):
    with Lab.started(stepped=True, pace=Pace(ring=25.0)) as lab:
        sdk_for(lab).calls.create(to=NURSE, from_=SENDER, twiml=THANKS, status_callback=f"{clinic.url}/calls")
        lab.advance(24)
        assert lab.phone(NURSE).ringing
        lab.advance(2)
        assert told(clinic) == ["no-answer"]
        assert lab.phone(NURSE).ringing == []


def test_silence_at_the_question_goes_on_with_what_follows(sdk_for, clinic):
    with Lab.started(stepped=True) as lab:
        sdk_for(lab).calls.create(to=NURSE, from_=SENDER, twiml=ASK)
        lab.advance(0)
        nurse = lab.phone(NURSE)
        call = nurse.expects_call()
        nurse.picks_up(call)
        lab.advance(6)
        assert (call.status, call.heard[-1]) == ("completed", "No key was pressed.")


def test_a_failing_voice_webhook_ends_the_call_with_an_apology(lab, clinic, page):
    lab.phone(NURSE).answers_calls(digits="1")
    clinic.documents["/voice/page"] = "<Response><Frobnicate/></Response>"
    page()
    lab.wait_idle()
    assert "application error" in lab.phone(NURSE).expects_call().heard[-1]
    assert lab.alarms()[0]["code"] == 12100


def test_a_ringing_call_can_be_canceled_and_a_running_one_ended(lab, sdk, clinic, page):
    nurse = lab.phone(NURSE)
    first = page()
    nurse.expects_call()
    assert sdk.calls(first.sid).update(status="canceled").status == "canceled"
    second = page()
    call = nurse.expects_call()
    nurse.picks_up(call)
    assert sdk.calls(second.sid).update(status="completed").status == "completed"
    assert [one.sid for one in sdk.calls.list(to=NURSE)] == [second.sid, first.sid]


def test_only_the_events_asked_for_are_told(lab, sdk, clinic):
    lab.phone(NURSE).answers_calls()
    sdk.calls.create(to=NURSE, from_=SENDER, twiml=THANKS, status_callback=f"{clinic.url}/calls")
    lab.wait_idle()
    assert told(clinic) == ["completed"]
    assert clinic.forms("/calls")[0]["CallDuration"] == "0"


def test_a_patient_calls_the_clinics_number(lab, clinic):
    clinic.documents["/voice/in"] = "<Response><Say>If this is an emergency, call 911.</Say></Response>"
    lab.sender(voice_url=f"{clinic.url}/voice/in")
    call = lab.phone(PATIENT).calls()
    assert (call.heard, call.status) == (["If this is an emergency, call 911."], "completed")
    assert clinic.forms("/voice/in")[0]["Direction"] == "inbound"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "nobody"}, 21211),
        ({"from_": "+14155550188"}, 21210),
        ({"url": "nowhere"}, 21205),
    ],
)
def test_a_wrong_call_is_refused(lab, sdk, fields, code):
    good = {"to": NURSE, "from_": SENDER, "url": "http://127.0.0.1:9/voice"}
    with pytest.raises(TwilioRestException) as refused:
        sdk.calls.create(**(good | fields))
    assert refused.value.code == code


def test_a_call_can_be_scripted_to_fail(lab, sdk, clinic):
    lab.fault("end_as", on="calls.create", status="failed")
    sdk.calls.create(to=NURSE, from_=SENDER, twiml=THANKS, status_callback=f"{clinic.url}/calls")
    lab.wait_idle()
    assert told(clinic) == ["failed"]


def test_a_call_nobody_expected_is_named(lab, sdk):
    lab.phone(NURSE).answers_calls()
    sdk.calls.create(to=NURSE, from_=SENDER, twiml=THANKS)
    with pytest.raises(AssertionError, match="call to"):
        lab.expect_nothing_else()


def test_pace_is_instant_unless_told(sdk_for):
    with Lab.started(pace=INSTANT) as lab:
        lab.phone(NURSE).does_not_answer()
        placed = sdk_for(lab).calls.create(to=NURSE, from_=SENDER, twiml=THANKS)
        lab.wait_idle()
        assert sdk_for(lab).calls(placed.sid).fetch().status == "no-answer"
