"""The lab as a process of its own: started from a shell, driven over HTTP, ended by a signal."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
import requests

from followup.lab import ACCOUNT_SID, AUTH_TOKEN, SENDER, Account, Lab

PATIENT = "+14155550101"


@pytest.fixture
def program(tmp_path):
    where = tmp_path / "lab-url"
    arguments = ["--port-file", str(where), "--instant", "--sender", SENDER, "--allow-signals"]
    process = subprocess.Popen(
        [sys.executable, "-m", "followup.lab", *arguments], stdout=subprocess.PIPE, text=True
    )
    assert "/lab" in process.stdout.readline()
    process.url = where.read_text().strip()
    yield process
    process.kill()
    process.communicate()


def send(url, body):
    return requests.post(
        f"{url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json",
        auth=(ACCOUNT_SID, AUTH_TOKEN),
        data={"To": PATIENT, "From": SENDER, "Body": body},
        timeout=5,
    )


def test_it_is_driven_and_asked_over_http(program, clinic):
    senders = {"number": SENDER, "inbound_url": f"{clinic.url}/sms", "name": "Bayside"}
    assert requests.post(f"{program.url}/lab/senders", json=senders, timeout=5).ok
    assert send(program.url, "How is your pain?").status_code == 201
    assert requests.post(f"{program.url}/lab/time", json={"idle": True}, timeout=5).ok
    texts = f"{program.url}/lab/phones/{PATIENT}/texts"
    assert [text["body"] for text in requests.get(texts, timeout=5).json()["texts"]] == ["How is your pain?"]
    answered = requests.post(texts, json={"to": SENDER, "body": "7"}, timeout=5).json()
    assert answered["status"] == 200
    assert clinic.forms("/sms")[0]["Body"] == "7"

    told = requests.get(f"{program.url}/lab/journal", timeout=5).json()
    kinds = [entry["kind"] for entry in told["entries"]]
    assert kinds.index("text-accepted") < kinds.index("text-reached-phone") < kinds.index("text-from-phone")
    later = requests.get(f"{program.url}/lab/journal", params={"since": told["last"]}, timeout=5).json()
    assert later["entries"] == []
    only = requests.get(f"{program.url}/lab/journal", params={"kind": "text-from-phone"}, timeout=5).json()
    assert [entry["body"] for entry in only["entries"]] == ["7"]


def test_it_ends_when_it_is_told_to(program):
    program.send_signal(signal.SIGTERM)
    assert program.wait(timeout=10) == 0


def test_a_port_that_is_taken_is_an_error_and_not_a_hang():
    with (
        Lab.started() as lab,
        pytest.raises(OSError, match="in use"),
        Lab.started(port=int(lab.url.rpartition(":")[2])),
    ):
        pass


def test_each_account_has_its_own_numbers_texts_and_signature(clinic, sdk_for):
    other = Account(sid="AC" + "2" * 32, auth_tokens=("other token",), api_keys={})
    with Lab.started(accounts=(Account(), other)) as lab:
        lab.sender("+14155550188", account=other.sid, inbound_url=f"{clinic.url}/other")
        lab.phone(PATIENT).sends("hello", to="+14155550188")
        assert clinic.forms("/other")[0]["AccountSid"] == other.sid
        assert clinic.hooks[0].is_signed_with("other token")
        assert sdk_for(lab).messages.list() == []


def test_any_form_can_be_posted_well_signed_for_hostile_cases(lab, clinic):
    form = {"MessageSid": "SM1", "AccountSid": "AC" + "9" * 32, "Body": "from nobody"}
    assert lab.posts(f"{clinic.url}/sms", form).status == 200
    assert clinic.hooks[0].is_signed_with(AUTH_TOKEN)
    lab.posts(f"{clinic.url}/sms", form, token="guess")
    assert not clinic.hooks[1].is_signed_with(AUTH_TOKEN)
