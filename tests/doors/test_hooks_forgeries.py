"""Who did not prove to be the carrier gets a bare refusal, leaves no row and one line in the security log."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from followup.bootstrap import House
from followup.db.session import Bell
from followup.settings import Settings
from tests.doors.hooks_of_the_test import (
    ATTEMPT,
    NEXT_TOKEN,
    TOKEN,
    app_of,
    events,
    form,
    house_with_hooks,
    post,
    served,
    signature,
)  # fmt: skip


@pytest.fixture
def house(settings: Settings, rung: list[Bell]) -> Iterator[House]:
    built = house_with_hooks(settings, rung)
    yield built
    built.database.dispose()


@pytest.fixture
def web(house: House) -> Iterator[str]:
    with served(app_of(house)) as url:
        yield url


FORGERIES = {
    "no signature": {"headers": {"X-Twilio-Signature": "-"}},
    "an empty signature": {"headers": {"X-Twilio-Signature": ""}},
    "a wrong signature": {"headers": {"X-Twilio-Signature": base64.b64encode(b"x" * 20).decode()}},
    "letters beyond ASCII": {"headers": {"X-Twilio-Signature": "ÿ" * 28}},
    "another key": {
        "headers": {"X-Twilio-Signature": signature("/hooks/twilio/sms", list(form().items()), "guess")}
    },
    "signed for another address": {
        "headers": {"X-Twilio-Signature": signature("/hooks/twilio/voice", list(form().items()))}
    },
    "changed words": {"body": urlencode(form(Body="all is well")).encode()},
    "an added field": {"body": urlencode(form(Extra="1")).encode()},
    "a forwarded host": {
        "headers": {
            "X-Forwarded-Host": "evil.example",
            "Host": "evil.example",
            "X-Twilio-Signature": base64.b64encode(
                hmac.new(b"", b"https://evil.example/hooks/twilio/sms", hashlib.sha1).digest()
            ).decode(),
        }
    },
    "an algorithm of the sender's choice": {
        "headers": {
            "X-Twilio-Signature": "x" * 44,
            "X-Twilio-Webhooks-Signature-Settings": "key=mine,algorithm=HMAC_SHA256",
        }
    },
}


@pytest.mark.fault
@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=[f"F52 {name}" for name in FORGERIES])
def test_f52_a_forgery_gets_403_without_a_body_and_is_not_stored(web, house, forgery):
    with capture_logs() as lines:
        answer = post(web, "/hooks/twilio/sms", form(), **forgery)
    assert (answer.status, answer.body) == (403, b"")
    assert events(house) == []
    assert [line["event"] for line in lines] == ["webhook refused"]
    assert "sore" not in str(lines)
    assert "415555" not in str(lines)


@pytest.mark.fault
def test_f54_a_flood_of_forgeries_is_no_flood_of_log_lines(web, house):
    forged = {"X-Twilio-Signature": "x" * 28}
    with capture_logs() as lines, ThreadPoolExecutor(10) as crowd:
        answers = [crowd.submit(post, web, "/hooks/twilio/sms", form(), headers=forged) for _ in range(150)]
        assert {answer.result().status for answer in answers} == {403}
        assert post(web, "/hooks/twilio/sms", form()).status == 200
    assert 1 <= len(lines) < 100
    assert len(events(house)) == 1


@pytest.mark.fault
def test_f52_a_replay_under_another_token_is_refused(web, house):
    fields = form(MessageStatus="delivered")
    signed = signature(f"/hooks/twilio/status/{ATTEMPT}", list(fields.items()))
    other = "/hooks/twilio/status/another-token-0123456789"
    assert post(web, other, fields, headers={"X-Twilio-Signature": signed}).status == 403
    assert events(house) == []


@pytest.mark.fault
def test_f52_a_replay_a_day_later_has_no_effect(web, house):
    headers = {"I-Twilio-Idempotency-Token": "first"}
    assert post(web, "/hooks/twilio/sms", form(), headers=headers).status == 200
    with house.database.engine() as session:
        session.execute(text("UPDATE provider_event SET processed_at = now(), outcome = 'reply'"))
    headers = {"I-Twilio-Idempotency-Token": "made up"}
    assert post(web, "/hooks/twilio/sms", form(), headers=headers).status == 200
    assert [event.outcome for event in events(house)] == ["reply"]


@pytest.mark.fault
def test_f53_a_well_signed_text_of_another_account_is_refused(web, house):
    assert post(web, "/hooks/twilio/sms", form(AccountSid="AC" + "2" * 32)).status == 403
    assert events(house) == []


@pytest.mark.fault
def test_f56_both_tokens_hold_while_they_are_rotated(web):
    for token, status in ((TOKEN, 200), (NEXT_TOKEN, 200), ("the one before", 403)):
        signed = signature("/hooks/twilio/sms", list(form().items()), token)
        answer = post(web, "/hooks/twilio/sms", form(), headers={"X-Twilio-Signature": signed})
        assert answer.status == status
