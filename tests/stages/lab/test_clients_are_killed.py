"""The gap between "sent once" and "sent twice": a client that dies with the carrier's answer unread."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from followup.lab import AUTH_TOKEN, SENDER, Kind

PATIENT = "+14155550101"

CLIENT = """
    import sys
    from pathlib import Path
    import requests
    url, account, token, note = sys.argv[1:]
    print("ready", flush=True)
    sys.stdin.readline()
    requests.post(url, auth=(account, token), data={"To": "%s", "From": "%s", "Body": "Hi"}, timeout=30)
    Path(note).write_text("the client acted on the answer")
"""


@pytest.fixture
def client_process(lab, tmp_path):
    note = tmp_path / "note"
    url = f"{lab.url}/2010-04-01/Accounts/{lab.account.sid}/Messages.json"
    code = textwrap.dedent(CLIENT % (PATIENT, SENDER))
    process = subprocess.Popen(
        [sys.executable, "-c", code, url, lab.account.sid, AUTH_TOKEN, str(note)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    process.note = note
    yield process
    process.kill()
    process.communicate()


def test_a_client_is_killed_between_the_201_and_its_own_next_step(lab, client_process):
    lab.fault("kill", pids=(client_process.pid,))
    client_process.stdin.write("go\n")
    client_process.stdin.flush()
    assert client_process.wait(timeout=20) == -signal.SIGKILL
    assert not client_process.note.exists()
    lab.phone(PATIENT).expects("Hi")
    assert lab.journal.entries(Kind.SIGNAL)[0]["do"] == "kill"


def test_whoever_sends_the_request_is_killed_when_nobody_is_named(lab, client_process):
    lab.fault("kill")
    client_process.stdin.write("go\n")
    client_process.stdin.flush()
    assert client_process.wait(timeout=20) == -signal.SIGKILL
    assert lab.journal.entries(Kind.SIGNAL)[0]["pids"] == [client_process.pid]


def test_the_lab_does_not_kill_its_own_process(lab, sdk):
    lab.fault("kill")
    assert sdk.messages.create(to=PATIENT, from_=SENDER, body="Hi").sid
    assert lab.journal.entries(Kind.SIGNAL)[0]["pids"] == []


def test_a_client_is_stopped_before_it_can_read_the_201(lab, client_process):
    lab.fault("freeze", pids=(client_process.pid,))
    client_process.stdin.write("go\n")
    client_process.stdin.flush()
    assert lab.journal.wait_for(lambda: lab.journal.entries(Kind.SIGNAL), within=20)
    state = Path(f"/proc/{client_process.pid}/stat").read_text().rpartition(")")[2].split()[0]
    assert (state, client_process.note.exists()) == ("T", False)
    os.kill(client_process.pid, signal.SIGCONT)
    assert client_process.wait(timeout=20) == 0
    assert client_process.note.exists()
