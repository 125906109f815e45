"""What the SDK sends with our parameters, and what the lab answers, against the carrier's official document."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from followup.lab import AUTH_TOKEN, INSTANT, SENDER, Entry, Kind, Lab
from tests.stages.lab.official import OfficialApi

PATIENT = "+14155550101"
SERVICE = "MG" + "0" * 31 + "1"
CALLBACK = "https://followup.example/hooks/twilio/status/t0ken#rc=5&rp=all"


class Recording(TwilioHttpClient):
    """The SDK's own HTTP client, keeping what came back."""

    def __init__(self) -> None:
        super().__init__(timeout=10)
        self.answers: list[tuple[str, str, int, str]] = []

    def request(self, method, url, *args, **kwargs):
        response = super().request(method, url, *args, **kwargs)
        self.answers.append((method, urlsplit(url).path, response.status_code, response.text))
        return response


@pytest.fixture(scope="module")
def official() -> OfficialApi:
    return OfficialApi()


@pytest.fixture
def recording() -> Iterator[Recording]:
    http = Recording()
    yield http
    http.session.close()


def judged(official: OfficialApi, lab: Lab, http: Recording) -> int:
    """Hold every request and answer against the official document; returns how many there were, both ways alike."""
    for entry in lab.requests():
        official.check_request(entry)
    for method, path, status, text in http.answers:
        official.check_answer(method, path, status=status, text=text)
    assert len(lab.requests()) == len(http.answers)
    return len(http.answers)


@pytest.fixture
def world(recording):
    with Lab.started(pace=INSTANT) as lab:
        client = Client(lab.account.sid, AUTH_TOKEN, http_client=recording)
        client.api.base_url = lab.url
        yield lab, client


@pytest.mark.parametrize(
    "fields",
    [
        {"from_": SENDER, "status_callback": CALLBACK, "validity_period": 14_400, "smart_encoded": True},
        {"messaging_service_sid": SERVICE, "status_callback": CALLBACK, "validity_period": 1},
        {"from_": SENDER, "media_url": ["https://followup.example/a.png"]},
        {"from_": SENDER, "risk_check": "disable", "provide_feedback": False},
    ],
)
def test_sending_a_text(official, world, recording, fields):
    lab, sdk = world
    lab.service(SERVICE, (SENDER,))
    sdk.messages.create(to=PATIENT, body="How is your pain?", **fields)
    assert judged(official, lab, recording)


def test_reading_changing_and_deleting_texts(official, world, recording):
    lab, sdk = world
    sent = sdk.messages.create(to=PATIENT, from_=SENDER, body="one")
    lab.fault("end_as", status="undelivered", code=30003, to=PATIENT)
    sdk.messages.create(to=PATIENT, from_=SENDER, body="two")
    lab.phone(PATIENT).sends("three")
    lab.wait_idle()
    sdk.messages.list(to=PATIENT, from_=SENDER, page_size=1, date_sent_after=datetime(2020, 1, 1, tzinfo=UTC))
    sdk.messages.list(to=SENDER, date_sent_before=datetime(2100, 1, 1, tzinfo=UTC))
    sdk.messages(sent.sid).fetch()
    sdk.messages(sent.sid).update(body="")
    sdk.messages(sent.sid).delete()
    assert judged(official, lab, recording)


def test_placing_and_reading_calls(official, world, recording):
    lab, sdk = world
    lab.phone(PATIENT).answers_calls()
    placed = sdk.calls.create(
        to=PATIENT,
        from_=SENDER,
        twiml="<Response><Say>Hello</Say></Response>",
        timeout=25,
        machine_detection="Enable",
        status_callback=CALLBACK,
        status_callback_event=["initiated", "answered", "completed"],
        status_callback_method="POST",
    )
    lab.clear_faults()
    lab.route("https://followup.example", "http://127.0.0.1:9")
    lab.wait_idle()
    sdk.calls(placed.sid).fetch()
    sdk.calls.list(to=PATIENT)
    assert judged(official, lab, recording)


def test_numbers_and_account(official, world, recording):
    lab, sdk = world
    (number,) = sdk.incoming_phone_numbers.list()
    sdk.incoming_phone_numbers(number.sid).fetch()
    sdk.incoming_phone_numbers(number.sid).update(sms_url=CALLBACK, voice_url=CALLBACK)
    sdk.api.accounts(lab.account.sid).fetch()
    assert judged(official, lab, recording)


def test_the_judge_sees_what_is_wrong(official):
    account = "AC" + "0" * 32
    path = f"/2010-04-01/Accounts/{account}/Messages.json"

    def asked(form=None, *, method="POST", query=None):
        facts = {"method": method, "path": path, "form": form or {}, "query": query or {}}
        return Entry(1, 0.0, Kind.REQUEST, facts)

    good = {"To": [PATIENT], "From": [SENDER], "Body": ["Hi"]}
    official.check_request(asked(good))
    for wrong in (
        good | {"Boddy": ["Hi"]},
        good | {"To": ["4155550101"]},
        good | {"ValidityPeriod": ['"soon"']},
        good | {"MessagingServiceSid": ["MG1"]},
        {"Body": ["Hi"]},
    ):
        with pytest.raises(AssertionError):
            official.check_request(asked(wrong))
    with pytest.raises(AssertionError):
        official.check_request(asked(method="GET", query={"Body": "Hi"}))
    with pytest.raises(AssertionError):
        official.check_answer("POST", path, status=200, text="{}")
    with pytest.raises(AssertionError):
        official.check_answer("POST", path, status=201, text='{"sid": "SM1", "teleported": true}')
