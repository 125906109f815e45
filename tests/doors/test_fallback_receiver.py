"""The receiver of last resort: signed texts are kept sealed before the answer, one safety text for each number."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from followup.errors import ConfigurationError
from followup.kit.gsm import Encoding, count_segments
from followup.settings import Settings
from followup.web.fallback import PATH, create_app
from tests.doors.hooks_of_the_test import ACCOUNT, SID, TOKEN, form

FALLBACK = "https://fallback.example"
OURS = "+14155550199"


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a receiver: no database, no Redis."""
    return settings.model_copy(
        update={
            "database_url": None, "redis_url": None, "fallback_url": FALLBACK, "twilio_account_sid": ACCOUNT,
            "twilio_auth_token": (SecretStr(TOKEN),), "spool_folder": tmp_path / "spool",
        }
    )  # fmt: skip


@pytest.fixture
def receiver(own: Settings) -> Iterator[TestClient]:
    folder = own.spool_folder
    assert folder
    folder.mkdir()
    line = {OURS: {"clinic_name": "Riverbend", "urgent_phone": "+13125550111"}}
    (folder / "lines.json").write_text(json.dumps(line))
    with TestClient(create_app(own)) as client:
        yield client


def post(client: TestClient, *, token: str = TOKEN, base: str = FALLBACK, **fields: str) -> Any:
    told = form(**fields)
    text = f"{base}{PATH}" + "".join(name + value for name, value in sorted(told.items()))
    signed = base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()
    headers = {"x-twilio-signature": signed, "content-type": "application/x-www-form-urlencoded"}
    return client.post(PATH, content=urlencode(told), headers=headers)


def kept(own: Settings) -> list[Path]:
    assert own.spool_folder
    return sorted(own.spool_folder.glob("*.sealed"))


def test_a_text_is_kept_sealed_and_answered_in_both_languages(receiver: TestClient, own: Settings) -> None:
    answer = post(receiver, Body="my legs are numb", ErrorCode="11200", ErrorUrl="https://followup.example/x")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert answer.text.count("<Message>") == 1
    for words in ("Riverbend", "911", "312-555-0111", "can't read texts", "no podemos leer"):
        assert words in answer.text
    [file] = kept(own)
    assert file.stem == SID
    assert b"numb" not in file.read_bytes()
    assert b"4155550101" not in b"".join(
        each.read_bytes() + each.name.encode() for each in file.parent.rglob("*.sealed")
    )


def test_the_safety_text_costs_three_parts_at_most_and_names_nothing_of_a_patient(
    receiver: TestClient,
) -> None:
    words = post(receiver).text.partition("<Message>")[2].partition("</Message>")[0]
    counted = count_segments(words)
    assert counted.encoding is Encoding.GSM7
    assert counted.segments <= 3


def test_a_number_is_told_once_in_an_outage_and_each_number_for_itself(
    receiver: TestClient, own: Settings
) -> None:
    first, second = (post(receiver, MessageSid="SM" + digit * 32, Body="it hurts") for digit in "12")
    other = post(receiver, MessageSid="SM" + "3" * 32, From="+14155550102", Body="and me")
    assert ["<Message>" in each.text for each in (first, second, other)] == [True, False, True]
    assert len(kept(own)) == 3


def test_texts_that_come_together_from_one_number_are_told_once(receiver: TestClient, own: Settings) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda at: post(receiver, MessageSid=f"SM{at:032x}"), range(12)))
    assert [each.status_code for each in answers] == [200] * 12
    assert sum("<Message>" in each.text for each in answers) == 1
    assert len(kept(own)) == 12


def test_a_text_that_the_carrier_hands_over_again_is_kept_once_and_answered_the_same(
    receiver: TestClient, own: Settings
) -> None:
    first, again = post(receiver), post(receiver)
    assert first.text == again.text
    assert len(kept(own)) == 1


@pytest.mark.parametrize("words", ["STOP", "stop texting me", "wrong number"])
def test_who_wants_no_texts_gets_none(receiver: TestClient, own: Settings, words: str) -> None:
    assert "<Message>" not in post(receiver, Body=words).text
    assert len(kept(own)) == 1


def test_a_stop_with_a_red_flag_is_told_to_call(receiver: TestClient) -> None:
    assert "911" in post(receiver, Body="STOP. I can't breathe").text


@pytest.mark.parametrize("sender", ["TWILIO", "+266696687x", "", "72727"])
def test_what_is_no_phone_is_kept_and_not_answered(receiver: TestClient, own: Settings, sender: str) -> None:
    assert "<Message>" not in post(receiver, From=sender).text
    assert len(kept(own)) == 1


def test_a_number_of_ours_that_nobody_wrote_down_still_says_911(receiver: TestClient) -> None:
    answer = post(receiver, To="+14155550198").text
    assert "911" in answer
    assert "Riverbend" not in answer


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"token": "another"}, 403), ({"base": "https://followup.example"}, 403), ({"AccountSid": "AC0"}, 403),
        ({"MessageSid": "../../etc"}, 400),
    ],
    ids=["signature", "address", "account", "id"],
)  # fmt: skip
def test_what_is_not_proved_is_refused_and_not_kept(
    receiver: TestClient, own: Settings, changes: dict[str, str], status: int
) -> None:
    answer = post(receiver, **changes)
    assert (answer.status_code, answer.content) == (status, b"")
    assert kept(own) == []


def test_a_full_or_broken_spool_is_answered_5xx_and_the_number_is_told_later(own: Settings) -> None:
    folder = own.spool_folder
    assert folder
    folder.write_text("a file where the folder should be")
    with TestClient(create_app(own)) as client:
        assert post(client).status_code == 503
        assert client.get("/healthz").status_code == 503
        folder.unlink()
        assert "<Message>" in post(client).text
        assert client.get("/healthz").json() == {"can_keep": True, "kept": 1}


def test_a_text_is_kept_although_nobody_can_remember_whom_it_told(
    receiver: TestClient, own: Settings
) -> None:
    assert own.spool_folder
    (own.spool_folder / "told").write_text("a file where the folder should be")
    answer = post(receiver)
    assert (answer.status_code, "<Message>" in answer.text) == (200, False)
    assert len(kept(own)) == 1


def test_a_text_that_finds_no_room_leaves_its_number_untold(own: Settings) -> None:
    folder = own.spool_folder
    assert folder
    folder.mkdir()
    (folder / "other.sealed").write_bytes(b"x" * (own.spool_megabytes * 1_048_576))
    with TestClient(create_app(own)) as client:
        assert post(client).status_code == 503
        (folder / "other.sealed").unlink()
        assert "<Message>" in post(client).text


@pytest.mark.parametrize("name", ["twilio_account_sid", "twilio_auth_token", "encryption_keys"])
def test_a_receiver_without_its_keys_does_not_start(own: Settings, name: str) -> None:
    empty: Any = None if name == "twilio_account_sid" else ()
    with pytest.raises(ConfigurationError, match=f"FOLLOWUP_{name.upper()}"):
        create_app(own.model_copy(update={name: empty}))
