"""What the real carrier refuses, the lab refuses with the same code."""

from __future__ import annotations

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from followup.lab import API_KEY, API_SECRET, AUTH_TOKEN, INSTANT, SENDER, Lab

PATIENT = "+14155550101"
GOOD = {"To": PATIENT, "From": SENDER, "Body": "Hi"}
OTHER_ACCOUNT = "AC" + "f" * 32


def post(lab, form, *, auth=None, account=None):
    sid = account or lab.account.sid
    url = f"{lab.url}/2010-04-01/Accounts/{sid}/Messages.json"
    return requests.post(url, data=form, auth=auth or (lab.account.sid, AUTH_TOKEN), timeout=5)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "hello"}, 21211),
        ({"To": "+1415555"}, 21211),
        ({"To": "+11155550101"}, 21211),
        ({"To": "4155550101"}, 21211),
        ({"To": "88022"}, 21265),
        ({"From": ""}, 21603),
        ({"From": "clinic"}, 21212),
        ({"From": "+14155550188"}, 21606),
        ({"To": SENDER}, 21266),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"StatusCallback": "not a url"}, 21609),
        ({"ValidityPeriod": "0"}, 90007),
        ({"ValidityPeriod": "36001"}, 90007),
        ({"ValidityPeriod": "soon"}, 90014),
        ({"MessagingServiceSid": "MG" + "0" * 32}, 21701),
        ({"MediaUrl": "file:///etc/passwd"}, 21620),
    ],
)
def test_a_wrong_request_is_refused_with_the_carriers_code(lab, changes, code):
    answer = post(lab, GOOD | changes)
    error = answer.json()
    assert (error["code"], error["status"], answer.status_code) == (code, 400, 400)
    assert error["more_info"].endswith(str(code))
    assert error["message"]
    lab.expect_nothing_else()


def test_longest_body_and_widest_validity_are_taken(lab):
    assert post(lab, GOOD | {"Body": "x" * 1600, "ValidityPeriod": "36000"}).status_code == 201
    assert post(lab, GOOD | {"ValidityPeriod": "1"}).status_code == 201


@pytest.mark.parametrize("auth", [("wrong", "wrong"), (None, None), ("AC" + "0" * 32, AUTH_TOKEN)])
def test_wrong_credentials_are_not_let_in(lab, auth):
    sid = auth[0] or lab.account.sid
    answer = post(lab, GOOD, auth=(sid, auth[1] or "guess"))
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_an_api_key_opens_its_own_account_only(lab):
    assert post(lab, GOOD, auth=(API_KEY, API_SECRET)).status_code == 201
    assert post(lab, GOOD, auth=(API_KEY, API_SECRET), account=OTHER_ACCOUNT).status_code == 401


def test_both_tokens_open_while_one_is_rotated(lab, sdk, clinic):
    lab.rotate_token("new token")
    sdk.messages.create(to=PATIENT, from_=SENDER, body="Hi", status_callback=f"{clinic.url}/status")
    lab.wait_idle()
    assert all(hook.is_signed_with("new token") for hook in clinic.hooks)
    lab.rotate_token("newest", keep_old=False)
    with pytest.raises(TwilioRestException) as refused:
        sdk.messages.create(to=PATIENT, from_=SENDER, body="Hi")
    assert refused.value.code == 20003


def test_unknown_things_are_not_found(lab, sdk):
    with pytest.raises(TwilioRestException) as refused:
        sdk.messages("SM" + "0" * 32).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)
    answer = requests.get(
        f"{lab.url}/2010-04-01/Accounts/{lab.account.sid}/Conferences.json",
        auth=(lab.account.sid, AUTH_TOKEN),
        timeout=5,
    )
    assert answer.json()["code"] == 20404


@pytest.mark.parametrize(
    ("to", "sender", "code"),
    [
        ("+15005550001", "+15005550006", 21211),
        ("+15005550002", "+15005550006", 21612),
        ("+15005550003", "+15005550006", 21408),
        ("+15005550004", "+15005550006", 21610),
        ("+15005550009", "+15005550006", 21614),
        (PATIENT, "+15005550001", 21212),
        (PATIENT, "+15005550007", 21606),
        (PATIENT, "+15005550008", 21611),
    ],
)
def test_the_magic_numbers_of_test_credentials(sdk_for, to, sender, code):
    with Lab.started(test_credentials=True) as lab:
        with pytest.raises(TwilioRestException) as refused:
            sdk_for(lab).messages.create(to=to, from_=sender, body="Hi")
        assert refused.value.code == code


def test_test_credentials_send_nothing(sdk_for, clinic):
    with Lab.started(test_credentials=True, pace=INSTANT) as lab:
        sdk_for(lab).messages.create(
            to=PATIENT, from_="+15005550006", body="Hi", status_callback=f"{clinic.url}/status"
        )
        lab.expect_nothing_else()
        assert clinic.hooks == []


def test_more_requests_at_once_than_allowed_are_told_to_wait(sdk_for):
    with Lab.started(max_concurrent=0) as lab:
        with pytest.raises(TwilioRestException) as refused:
            sdk_for(lab).messages.create(to=PATIENT, from_=SENDER, body="Hi")
        assert refused.value.code == 20429


def test_every_answer_tells_how_busy_the_account_is(lab):
    assert post(lab, GOOD).headers["Twilio-Concurrent-Requests"] == "1"


def test_a_client_of_another_account_sees_nothing(lab, sdk):
    sent = sdk.messages.create(to=PATIENT, from_=SENDER, body="Hi")
    other = Client(OTHER_ACCOUNT, AUTH_TOKEN, http_client=sdk.http_client)
    other.api.base_url = lab.url
    with pytest.raises(TwilioRestException):
        other.messages(sent.sid).fetch()
