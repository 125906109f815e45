"""A real worker and beat: what arrives is understood, assessed and found, with nobody ringing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from followup.bootstrap import House, build
from followup.db.session import Bell
from followup.kit.clock import ClockFile
from followup.lab import API_KEY, API_SECRET, AUTH_TOKEN, INSTANT, SENDER, Lab
from followup.replies.states import ReplyState
from followup.settings import Settings
from tests.stages.replies.small_clinic import SmallClinic
from tests.waiting import wait_for

INES = "+14155550101"
PATIENCE_SECONDS = 60
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab.started(pace=INSTANT) as running:
        yield running


@pytest.fixture
def house(settings: Settings, rung: list[Bell]) -> Iterator[House]:
    built = build(settings, ringer=rung.extend)
    yield built
    built.database.dispose()


@pytest.fixture
def clinic(house: House) -> SmallClinic:
    clinic = SmallClinic(house, number=SENDER).open()
    assert isinstance(house.clock, ClockFile)
    house.clock.set(clinic.now, speed=1.0)
    clinic.enroll()
    return clinic


@pytest.fixture
def environment(settings: Settings, lab: Lab) -> dict[str, str]:
    """What the worker's processes are told."""
    secret = {
        "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url,
        "SECRET_KEYS": settings.secret_keys[0], "ENCRYPTION_KEYS": settings.encryption_keys[0],
    }  # fmt: skip
    plain = {
        "ENVIRONMENT": "test", "CLOCK_FILE": str(settings.clock_file), "DATA_FOLDER": str(settings.data_folder),
        "TWILIO_API_URL": lab.url, "TWILIO_ACCOUNT_SID": lab.account.sid, "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_API_KEY": API_KEY, "TWILIO_API_SECRET": API_SECRET, "MAILBOX_URL": lab.mailbox_url,
        "TICK_SECONDS": "0.5", "BROKER_PREFIX": "replies-test:",
    }  # fmt: skip
    told = plain | {name: value.get_secret_value() for name, value in secret.items() if value}
    return os.environ | {f"FOLLOWUP_{name}": value for name, value in told.items()}


def celery(environment: dict[str, str], *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "celery", "-A", "workers.app", *words]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.fixture
def worker(environment: dict[str, str], tmp_path: Path) -> Iterator[None]:
    running = celery(
        environment, "worker", "--beat", "--schedule", str(tmp_path / "beat"), "--pool", "threads",
        "--concurrency", "2", "--queues", "care,upkeep", "--without-mingle", "--without-gossip",
    )  # fmt: skip
    yield
    running.terminate()
    running.wait(30)


def test_what_arrives_is_understood_assessed_and_found(clinic, lab, worker, environment):
    clinic.store_text("my leg feels weaker since last night")
    lab.server.postbox.deliver_raw(
        b"From: who@mail.example\r\nTo: care@clinic.example\r\nMessage-ID: <1@x>\r\n\r\nhello\r\n"
    )
    wait_for(lambda: len(clinic.replies) == 2)
    wait_for(lambda: all(reply.state is not ReplyState.received for reply in clinic.replies))
    lab.phone(INES).sends("nobody's webhook brought this")
    assert celery(environment, "call", "upkeep.reconcile_inbound").wait(PATIENCE_SECONDS) == 0
    wait_for(lambda: "nobody's webhook brought this" in [reply.body for reply in clinic.replies])
