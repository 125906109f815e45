"""A text from a phone: a signed webhook as the carrier posts it, and the list that keeps it whatever happens."""

from __future__ import annotations

import threading

import pytest
from twilio.base.exceptions import TwilioRestException

from followup.lab import AUTH_TOKEN, INSTANT, SENDER, Lab, OptOut

PATIENT = "+14155550101"


def test_a_text_is_posted_with_all_the_usual_fields(lab, clinic):
    lab.sender(inbound_url=f"{clinic.url}/sms#rc=5&rp=all")
    handed = lab.phone(PATIENT).sends("my leg feels weaker")
    form = clinic.forms("/sms")[0]
    assert (form["Body"], form["From"], form["To"]) == ("my leg feels weaker", PATIENT, SENDER)
    assert (form["MessageSid"], form["SmsStatus"], form["NumMedia"]) == (handed.sid, "received", "0")
    assert clinic.hooks[0].is_signed_with(AUTH_TOKEN)
    assert handed.status == 200


def test_a_text_is_in_the_list_although_the_webhook_failed(lab, clinic, sdk):
    lab.sender(inbound_url=f"{clinic.url}/sms")
    clinic.answers = [500]
    handed = lab.phone(PATIENT).sends("I cannot feel my legs")
    assert handed.status == 500
    listed = sdk.messages.list(to=SENDER)
    assert [(one.sid, one.direction, one.body) for one in listed] == [
        (handed.sid, "inbound", "I cannot feel my legs")
    ]
    assert lab.alarms()[0]["code"] == 11200


def test_an_error_answer_is_not_repeated_unless_the_address_asks_for_it(lab, clinic):
    clinic.answers = [500, 500, 200]
    lab.sender(inbound_url=f"{clinic.url}/sms")
    assert lab.phone(PATIENT).sends("first").answers[0].tries == 1
    lab.sender(inbound_url=f"{clinic.url}/sms#rc=5&rp=all")
    handed = lab.phone(PATIENT).sends("second")
    assert (handed.status, handed.answers[0].tries) == (200, 2)
    first, second = clinic.hooks[1:]
    assert first.headers["i-twilio-idempotency-token"] == second.headers["i-twilio-idempotency-token"]


def test_nobody_at_home_is_tried_once_more_by_default(lab):
    lab.sender(inbound_url="http://127.0.0.1:9/sms")
    handed = lab.phone(PATIENT).sends("hello?")
    assert (handed.status, handed.answers[0].tries, handed.answers[0].trouble) == (None, 2, "ct")


def test_the_fallback_address_is_asked_when_the_first_one_fails(lab, clinic):
    lab.sender(inbound_url=f"{clinic.url}/sms", fallback_url=f"{clinic.url}/fallback")
    clinic.answers = [503]
    lab.phone(PATIENT).sends("hello?")
    assert clinic.forms("/fallback")[0]["ErrorUrl"] == f"{clinic.url}/sms"


@pytest.mark.parametrize("word", ["STOP", " stop ", "Unsubscribe", "QUIT", "revoke", "OPTOUT"])
def test_stop_blocks_the_pair_until_start(lab, clinic, sdk, word):
    lab.sender(inbound_url=f"{clinic.url}/sms")
    phone = lab.phone(PATIENT)
    phone.sends(word)
    with pytest.raises(TwilioRestException) as refused:
        sdk.messages.create(to=PATIENT, from_=SENDER, body="Hi")
    assert (refused.value.code, refused.value.status) == (21610, 400)
    assert "unsubscribed" in phone.inbox[-1].body
    phone.sends("unstop")
    sdk.messages.create(to=PATIENT, from_=SENDER, body="Welcome back")
    phone.expects("Welcome back")
    lab.expect_nothing_else()


def test_stop_to_one_number_of_a_service_blocks_all_of_them(lab, sdk):
    service = "MG" + "0" * 31 + "1"
    lab.service(service, (SENDER, "+14155550198"))
    lab.phone(PATIENT).sends("STOP", to=SENDER)
    for line in ({"messaging_service_sid": service}, {"from_": "+14155550198"}):
        with pytest.raises(TwilioRestException) as refused:
            sdk.messages.create(to=PATIENT, body="Hi", **line)
        assert refused.value.code == 21610


@pytest.mark.parametrize("words", ["STOP please", "opt out", "no more texts", "basta", "stop."])
def test_the_carrier_understands_only_whole_keywords(lab, sdk, words):
    lab.phone(PATIENT).sends(words)
    assert sdk.messages.create(to=PATIENT, from_=SENDER, body="Hi").error_code is None


def test_the_add_on_says_what_it_understood(clinic, sdk_for):
    with Lab.started(pace=INSTANT, opt_out=OptOut.ADVANCED) as lab:
        lab.sender(inbound_url=f"{clinic.url}/sms")
        lab.phone(PATIENT).sends("HELP")
        assert clinic.forms("/sms")[0]["OptOutType"] == "HELP"


def test_without_opt_out_handling_stop_is_only_a_text(clinic, sdk_for):
    with Lab.started(pace=INSTANT, opt_out=OptOut.OFF) as lab:
        lab.phone(PATIENT).sends("STOP")
        sdk_for(lab).messages.create(to=PATIENT, from_=SENDER, body="You will get no more texts.")
        lab.phone(PATIENT).expects("no more texts")


def test_a_message_verb_in_the_answer_is_a_text_to_the_patient(lab, clinic):
    clinic.documents["/sms"] = "<Response><Message>Thanks &amp; bye</Message></Response>"
    lab.sender(inbound_url=f"{clinic.url}/sms")
    lab.phone(PATIENT).sends("hi")
    assert lab.phone(PATIENT).expects("Thanks & bye").direction == "outbound-reply"


def test_an_answer_that_is_no_markup_is_complained_about(lab, clinic):
    clinic.documents["/sms"] = "<html>"
    lab.sender(inbound_url=f"{clinic.url}/sms")
    lab.phone(PATIENT).sends("hi")
    assert [alarm["code"] for alarm in lab.alarms()] == [12100]
    with pytest.raises(AssertionError, match="12100"):
        lab.expect_webhooks_answered()


def test_a_picture_can_be_fetched_with_the_accounts_credentials(lab, clinic, sdk):
    lab.sender(inbound_url=f"{clinic.url}/sms")
    handed = lab.phone(PATIENT).sends("look", media=(("image/png", b"PNG"),))
    form = clinic.forms("/sms")[0]
    assert (form["NumMedia"], form["MediaContentType0"]) == ("1", "image/png")
    assert handed.sid.startswith("MM")
    answer = sdk.request("GET", form["MediaUrl0"], allow_redirects=True)
    assert answer.text == "PNG"
    assert [media.content_type for media in sdk.messages(handed.sid).media.list()] == ["image/png"]


def test_inbound_webhooks_can_be_lost_or_come_twice(lab, clinic):
    lab.sender(inbound_url=f"{clinic.url}/sms")
    lab.fault("callbacks_off", on="inbound", body_has="lost")
    lab.fault("callbacks_copied", on="inbound", body_has="twice", copies=3)
    assert lab.phone(PATIENT).sends("lost").answers == ()
    lab.phone(PATIENT).sends("twice")
    assert [form["Body"] for form in clinic.forms("/sms")] == ["twice"] * 3
    assert len({form["MessageSid"] for form in clinic.forms("/sms")}) == 1


def test_inbound_webhooks_can_be_late_and_copies_can_come_at_the_same_time(clinic):
    meeting = threading.Barrier(3, timeout=10)
    clinic.when_called = lambda hook: meeting.wait() if hook.form["Body"] == "together" else None
    with Lab.started(stepped=True) as lab:
        lab.sender(inbound_url=f"{clinic.url}/sms")
        lab.fault("callbacks_copied", on="inbound", body_has="together", copies=3, together=True)
        lab.fault("callbacks_late", on="inbound", body_has="late", seconds=600)
        assert lab.phone(PATIENT).sends("together").status == 200
        lab.phone(PATIENT).sends("late")
        assert [form["Body"] for form in clinic.forms("/sms")] == ["together"] * 3
        lab.advance(601)
        assert clinic.forms("/sms")[-1]["Body"] == "late"


def test_a_slow_webhook_is_given_up_and_repeated_as_its_address_says(lab, clinic):
    slow, calls = threading.Event(), []

    def wait(hook):
        calls.append(hook)
        if len(calls) == 1:
            slow.wait(10)

    clinic.when_called = wait
    lab.sender(inbound_url=f"{clinic.url}/sms#rc=2&rp=rt&rt=150")
    handed = lab.phone(PATIENT).sends("hello?")
    slow.set()
    assert (handed.status, handed.answers[0].tries) == (200, 2)
    assert [entry["trouble"] for entry in lab.webhooks("inbound")] == ["rt", ""]


def test_a_webhook_that_never_answers_ends_with_the_time_in_all(lab, clinic):
    over = threading.Event()
    clinic.when_called = lambda _hook: over.wait(10)
    lab.sender(inbound_url=f"{clinic.url}/sms#rc=5&rp=all&tt=200")
    handed = lab.phone(PATIENT).sends("hello?")
    over.set()
    assert (handed.status, handed.answers[0].tries) == (None, 1)
