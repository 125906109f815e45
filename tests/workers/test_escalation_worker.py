"""A real worker, a real broker, the real SDK over HTTP: a red flag reaches the nurse, and she accepts by text.

Only raw texts are put in; every further step is the worker's: receive, assess, open, page, follow, accept, answer.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from sqlalchemy import select

from followup.bootstrap import build
from followup.clinics.states import Channel
from followup.escalation.models import Escalation, Page
from followup.escalation.states import EscalationState, PageState
from followup.kit.clock import ClockFile
from followup.lab import INSTANT, SENDER, Lab
from followup.settings import Settings
from followup.staff.models import Staff
from followup.web.hooks import voice
from tests.doors.hooks_of_the_test import app_of, served
from tests.household import Household, lab_settings, move_in
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
NURSE, PHYSICIAN = "+13125550131", "+13125550132"
NURSE_KEY = "bea"
EMERGENCY = "I can't breathe and my chest hurts"
PUBLIC_URL = "https://followup.example"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab.started(pace=INSTANT) as running:
        yield running


@pytest.fixture
def home(settings: Settings, lab: Lab) -> Iterator[Household]:
    household = move_in(settings, lab)
    assert isinstance(household.house.clock, ClockFile)
    household.house.clock.set(household.now, speed=1.0)
    yield household
    household.house.database.dispose()


@pytest.fixture
def web(settings: Settings, home: Household, lab: Lab) -> Iterator[None]:
    """Our webhooks where the carrier finds them; their bells go to the real broker, as in production."""
    house = build(lab_settings(settings, lab))
    app = app_of(replace(house, clock=home.house.clock))
    app.include_router(voice.router)
    with served(app) as url:
        lab.sender(SENDER, inbound_url=f"{PUBLIC_URL}/hooks/twilio/sms#rc=5&rp=all")
        lab.route(PUBLIC_URL, url)
        yield
    house.database.dispose()


def environment_of(settings: Settings, lab: Lab) -> dict[str, str]:
    wired = lab_settings(settings, lab)
    told = {
        "ENVIRONMENT": "test", "CLOCK_FILE": str(wired.clock_file), "DATA_FOLDER": str(wired.data_folder),
        "DATABASE_URL": wired.database_url.get_secret_value() if wired.database_url else "",
        "REDIS_URL": wired.redis_url.get_secret_value() if wired.redis_url else "",
        "SECRET_KEYS": wired.secret_keys[0].get_secret_value(),
        "ENCRYPTION_KEYS": wired.encryption_keys[0].get_secret_value(),
        "TWILIO_API_URL": lab.url, "TWILIO_ACCOUNT_SID": lab.account.sid, "TWILIO_AUTH_TOKEN": lab.auth_token,
        "PUBLIC_URL": PUBLIC_URL, "TICK_SECONDS": "0.5", "BROKER_PREFIX": "escalation-test:",
    }  # fmt: skip
    return os.environ | {f"FOLLOWUP_{name}": value for name, value in told.items()}


Start = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(settings: Settings, lab: Lab, web: None, tmp_path: Path) -> Iterator[Start]:
    """Start a worker with its beat; whatever still runs at the end is stopped."""
    started: list[subprocess.Popen[bytes]] = []

    def run() -> subprocess.Popen[bytes]:
        command = [
            sys.executable, "-m", "celery", "-A", "workers.app", "worker", "--beat", "--schedule",
            str(tmp_path / f"beat{len(started)}"), "--pool", "threads", "--concurrency", "4", "--queues", "care",
            "--without-mingle", "--without-gossip",
        ]  # fmt: skip
        started.append(
            subprocess.Popen(
                command, cwd=ROOT, env=environment_of(settings, lab), stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True,
            )
        )  # fmt: skip
        return started[-1]

    yield run
    for each in started:
        each.terminate()
        each.wait(30)
        # A worker that was killed leaves its beat behind.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(each.pid, signal.SIGKILL)


@pytest.fixture
def worker(start: Start) -> subprocess.Popen[bytes]:
    return start()


def case_of(home: Household) -> Escalation | None:
    with home.house.database.transaction(home.clinic_id) as session:
        return session.scalars(select(Escalation)).one_or_none()


@pytest.mark.slow
def test_a_red_flag_reaches_both_phones_and_the_nurse_accepts_by_text(home, lab, worker) -> None:
    home.enroll()
    lab.phone("+13125550101").sends(EMERGENCY)
    lab.phone("+13125550101").expects("Call 911", within=60)
    page = lab.phone(NURSE).expects("EMERGENCY case", within=60)
    lab.phone(PHYSICIAN).expects("EMERGENCY case", within=60)
    lab.phone(NURSE).sends(page.body.split("Reply ")[1].split(" ")[0])
    lab.phone(NURSE).expects("is yours", within=60)
    lab.phone(PHYSICIAN).expects("accepted case", within=60)
    case = case_of(home)
    assert case is not None
    assert (case.state, case.patient_id is not None) == (EscalationState.accepted, True)


@pytest.mark.slow
def test_scenario_8_a_flushed_broker_costs_a_tick_and_no_page(home, lab, worker, settings) -> None:
    home.enroll()
    lab.phone("+13125550101").sends(EMERGENCY)
    lab.phone(NURSE).expects("EMERGENCY case", within=60)
    assert settings.redis_url is not None
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as broker:
        broker.flushdb()
    assert isinstance(home.house.clock, ClockFile)
    home.house.clock.advance(timedelta(seconds=125))
    lab.phone(NURSE).expects("STILL OPEN", within=30)
    wait_for(lambda: _unsettled(home) == 0)
    with home.house.database.transaction(home.clinic_id) as session:
        rows = session.scalars(select(Page).where(Page.staff_id.is_not(None))).all()
        keys = [(row.staff_id, row.channel, row.step, row.round, row.number) for row in rows]
    assert len(keys) == len(set(keys))


@pytest.mark.slow
def test_scenario_7_a_worker_killed_after_the_carriers_answer_loses_no_page(home, lab, start) -> None:
    home.enroll()
    first = start()
    lab.fault("kill", on="messages.create", to=NURSE, pids=(first.pid,))
    lab.phone("+13125550101").sends(EMERGENCY)
    lab.phone(NURSE).expects("EMERGENCY case", within=90)
    first.wait(30)
    start()
    lab.phone(PHYSICIAN).expects("EMERGENCY case", within=90)
    wait_for(lambda: _states(home, NURSE_KEY) >= {PageState.delivered}, within=90)
    pages = [text for text in lab.phone(NURSE).inbox if "EMERGENCY case" in text.body]
    assert 1 <= len(pages) <= 2


def _states(home: Household, key: str) -> set[PageState]:
    """The states of the pages by text to one person."""
    with home.house.database.transaction(home.clinic_id) as session:
        return set(
            session.scalars(
                select(Page.state)
                .join(Staff, Staff.id == Page.staff_id)
                .where(Staff.key == key, Page.channel == Channel.sms)
            )
        )


def _unsettled(home: Household) -> int:
    with home.house.database.transaction(home.clinic_id) as session:
        pages = session.scalars(select(Page).where(Page.state == PageState.claimed)).all()
        return len(pages)
