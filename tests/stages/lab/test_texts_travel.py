"""A text through the real SDK: taken, walked through its states, told by signed callbacks, seen on the phone."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from followup.lab import AUTH_TOKEN, INSTANT, SENDER, Kind, Lab

PATIENT = "+14155550101"
SERVICE = "MG" + "0" * 31 + "1"


def test_a_text_reaches_the_phone_and_its_states_are_told(lab, sdk, clinic):
    sent = sdk.messages.create(
        to=PATIENT, from_=SENDER, body="How is your pain, 0 to 10?", status_callback=f"{clinic.url}/status/a1"
    )
    assert sent.status == "queued"
    assert sent.num_segments == "1"
    lab.wait_idle()

    assert lab.phone(PATIENT).expects("pain").sid == sent.sid
    assert clinic.statuses() == ["sent", "delivered"]
    assert sdk.messages(sent.sid).fetch().status == "delivered"


def test_every_callback_is_signed_with_the_real_algorithm(lab, sdk, clinic):
    callback = f"{clinic.url}/status/a1?try=2&name=%C3%A9#rc=5&rp=all"
    sdk.messages.create(to=PATIENT, from_=SENDER, body="Hi", status_callback=callback)
    lab.wait_idle()

    assert [hook.path for hook in clinic.hooks] == ["/status/a1?try=2&name=%C3%A9"] * 2
    assert all(hook.is_signed_with(AUTH_TOKEN) for hook in clinic.hooks)
    assert not clinic.hooks[0].is_signed_with("another token")
    assert clinic.hooks[0].headers["i-twilio-idempotency-token"]


def test_a_public_address_is_signed_but_reached_where_it_is_routed(lab, sdk, clinic):
    lab.route("https://followup.example", clinic.url)
    sdk.messages.create(
        to=PATIENT, from_=SENDER, body="Hi", status_callback="https://followup.example/status/x"
    )
    lab.wait_idle()
    hook = clinic.hooks[0]
    hook.url = "https://followup.example/status/x"
    assert hook.is_signed_with(AUTH_TOKEN)


def test_with_a_messaging_service_the_sender_is_chosen_later(lab, sdk, clinic):
    lab.service(SERVICE, (SENDER,), status_url=f"{clinic.url}/status/service")
    sent = sdk.messages.create(to=PATIENT, messaging_service_sid=SERVICE, body="Hi")
    assert (sent.status, sent.from_, sent.num_segments) == ("accepted", None, "0")
    lab.wait_idle()
    assert clinic.statuses() == ["queued", "sent", "delivered"]
    assert sdk.messages(sent.sid).fetch().from_ == SENDER


def test_in_stepped_mode_nothing_happens_before_time_is_moved(clinic, sdk_for):
    with Lab.started(stepped=True) as lab:
        sdk_for(lab).messages.create(
            to=PATIENT, from_=SENDER, body="Hi", status_callback=f"{clinic.url}/status"
        )
        assert (lab.phone(PATIENT).inbox, lab.is_idle) == ([], False)
        lab.advance()
        assert lab.journal.entries(Kind.TEXT_STATUS)[-1]["status"] == "sending"
        lab.advance()
        assert (clinic.statuses(), len(lab.phone(PATIENT).inbox)) == (["sent"], 1)
        lab.wait_idle()
        assert (clinic.statuses(), lab.is_idle) == (["sent", "delivered"], True)


def test_a_phone_that_cannot_be_reached_keeps_its_reason(lab, sdk, clinic):
    lab.phone(PATIENT).cannot_be_reached(30006)
    sent = sdk.messages.create(to=PATIENT, from_=SENDER, body="Hi", status_callback=f"{clinic.url}/status")
    lab.wait_idle()
    assert lab.phone(PATIENT).inbox == []
    assert clinic.forms("/status")[-1]["ErrorCode"] == "30006"
    fetched = sdk.messages(sent.sid).fetch()
    assert (fetched.status, fetched.error_code) == ("undelivered", 30006)
    assert fetched.error_message == "Landline or unreachable carrier"


# The SDK hands its credentials to aiohttp in a way that aiohttp has deprecated.
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning")
def test_the_async_sdk_sends_as_well():
    async def send(lab: Lab) -> str:
        http = AsyncTwilioHttpClient(timeout=10)
        client = Client(lab.account.sid, AUTH_TOKEN, http_client=http)
        client.api.base_url = lab.url
        try:
            sent = await client.messages.create_async(to=PATIENT, from_=SENDER, body="Hi")
            listed = await client.messages.list_async(to=PATIENT)
            assert [one.sid for one in listed] == [sent.sid]
            return str(sent.sid)
        finally:
            await http.close()

    with Lab.started(pace=INSTANT) as lab:
        # On a thread of its own: Playwright's synchronous driver keeps a loop running on the main one.
        with ThreadPoolExecutor(1) as thread:
            sid = thread.submit(asyncio.run, send(lab)).result()
        assert lab.phone(PATIENT).expects("Hi").sid == sid


def test_what_nobody_expected_is_named(lab, sdk):
    sdk.messages.create(to=PATIENT, from_=SENDER, body="A stale text")
    with pytest.raises(AssertionError, match="A stale text"):
        lab.expect_nothing_else()
    with pytest.raises(AssertionError, match="A stale text"):
        lab.phone(PATIENT).expects_nothing()
    lab.phone(PATIENT).expects("stale")
    lab.expect_nothing_else()
    lab.phone(PATIENT).expects_nothing()


def test_waiting_for_a_text_that_does_not_come_says_what_came(lab, sdk):
    sdk.messages.create(to=PATIENT, from_=SENDER, body="Something else")
    lab.wait_idle()
    with pytest.raises(AssertionError, match="Something else"):
        lab.phone(PATIENT).expects("pain", within=0.05)


def test_a_sender_with_a_rate_makes_texts_wait_their_turn(sdk_for):
    with Lab.started(stepped=True, rate_per_sender=1.0, pace=INSTANT) as lab:
        for number in range(3):
            sdk_for(lab).messages.create(to=PATIENT, from_=SENDER, body=f"Text {number}")
        lab.advance(1.5)
        assert [text.body for text in lab.phone(PATIENT).inbox] == ["Text 0", "Text 1"]
        lab.wait_idle()
        assert len(lab.phone(PATIENT).inbox) == 3


def test_a_text_that_waits_longer_than_its_validity_expires(sdk_for, clinic):
    with Lab.started(stepped=True) as lab:
        lab.fault("queue_for", seconds=9 * 3600)
        sdk_for(lab).messages.create(
            to=PATIENT, from_=SENDER, body="Hi", validity_period=600, status_callback=f"{clinic.url}/status"
        )
        lab.advance(599)
        assert clinic.statuses() == []
        lab.advance(2)
        assert clinic.forms("/status")[-1]["ErrorCode"] == "30036"
        assert lab.phone(PATIENT).inbox == []
