"""F15-F17, F19-F22: the doorbell rings too often or not at all; real beats, workers and Redis."""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from celery import Celery
from pydantic import SecretStr

from followup.db.session import Bell
from followup.gateways.bell import CeleryBell
from followup.messaging.deliver import deliver_due
from followup.outreach.dispatch import dispatch_due
from followup.servers.redis import redis as run_redis
from tests.faults.case import Case
from tests.faults.processes import beat, worker
from tests.household import INES, QUICK, TOM
from tests.waiting import wait_for

MANY = 40


def number(each: int) -> str:
    return f"+1312555{100 + each:04d}" if each < 100 else f"+1773555{each:04d}"


def crowd(case: Case, many: int = MANY) -> list[str]:
    """Enroll many patients whose welcome is due."""
    numbers = [f"+1{area}555{100 + each:04d}" for area in (312, 773) for each in range(40, 80)][:many]
    for each, phone in enumerate(numbers):
        case.home.enroll(name=f"Ann No{chr(97 + each % 26)}{chr(97 + each // 26)}", patient__phone=phone)
    return numbers


def all_told(case: Case, numbers: list[str]) -> bool:
    return all(len(case.lab.phone(each).inbox) == 1 for each in numbers)


@pytest.fixture
def doorbell(tmp_path: Path, case: Case) -> Iterator[Path]:
    """A Redis of this test's own, to stop and to freeze; the house is told where it is."""
    with run_redis(tmp_path / "own") as url:
        settings = case.home.house.settings.model_copy(update={"redis_url": SecretStr(url)})
        case.home.house = dataclasses.replace(case.home.house, settings=settings)
        yield tmp_path / "own"


def pid_of(doorbell: Path) -> int:
    return int((doorbell / "redis.pid").read_text().split()[0])


def client(case: Case) -> redis.Redis:
    assert case.home.house.settings.redis_url
    return redis.Redis.from_url(case.home.house.settings.redis_url.get_secret_value(), socket_timeout=5)


@pytest.mark.slow
def test_f15_five_beats_and_two_workers_send_each_text_once(case: Case, tmp_path: Path) -> None:
    numbers = crowd(case, 30)
    case.injected()
    with ExitStack() as stack:
        for each in range(5):
            stack.enter_context(beat(case, tmp_path, f"beat{each}"))
        for each in range(2):
            stack.enter_context(worker(case, tmp_path, f"worker{each}"))
        case.over()
        wait_for(lambda: all_told(case, numbers), within=100, what="every text")
        case.normal()
    case.lab.wait_idle()
    assert all_told(case, numbers)


@pytest.mark.slow
def test_f16_after_an_hour_without_a_beat_the_next_tick_finds_everything(case: Case, tmp_path: Path) -> None:
    numbers = crowd(case, 10)
    case.injected()
    with worker(case, tmp_path):
        case.home.pass_time(timedelta(hours=1))
        case.over()
        with beat(case, tmp_path):
            wait_for(lambda: all_told(case, numbers), within=100, what="every text")
        case.normal()
    assert case.home.only("SELECT count(*) FROM message") == len(numbers)


def test_f17_twenty_ticks_at_once_take_each_text_once_and_wait_for_nobody(case: Case) -> None:
    numbers = crowd(case)
    case.injected()
    house = case.home.house

    def tick(_: int) -> None:
        dispatch_due(house.database, now=case.home.now)
        deliver_due(house.database, case.home.clock, house.outside, urgent=False, limits=QUICK)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(tick, range(20)))
    case.recovers(lambda: all_told(case, numbers))
    assert case.home.only("SELECT max(attempts) FROM message") == 1


@pytest.mark.slow
def test_f19_f20_f21_f22_whatever_happens_to_redis_every_text_goes_out_once(
    case: Case, tmp_path: Path, doorbell: Path
) -> None:
    """Flushed, full, frozen and killed, one after the other, under a running beat and worker."""
    numbers = crowd(case, 40)
    case.injected()
    with beat(case, tmp_path), worker(case, tmp_path), worker(case, tmp_path, "second"):
        wait_for(lambda: len(case.lab.requests("messages.create")) > 2, within=100, what="the first text")
        for _ in range(5):
            client(case).flushall()  # F19
        client(case).config_set("maxmemory", "1")  # F22: every write fails from now on
        os.kill(pid_of(doorbell), signal.SIGSTOP)  # F21: accepts, never answers
        try:
            started = time.monotonic()
            CeleryBell(_app(case))([Bell("messages.deliver")])
            assert time.monotonic() - started < 15
        finally:
            os.kill(pid_of(doorbell), signal.SIGCONT)
        client(case).config_set("maxmemory", "0")
        case.over()
        case.home.enroll(name="Tom Berg", patient__phone=TOM)
        wait_for(lambda: all_told(case, [*numbers, TOM]), within=120, what="every text")
        case.normal()
    assert case.home.only("SELECT max(attempts) FROM message") <= 2


def _app(case: Case) -> Celery:
    assert case.home.house.settings.redis_url
    url = case.home.house.settings.redis_url.get_secret_value().replace("unix://", "redis+socket://", 1)
    app = Celery("test", broker=url)
    app.conf.broker_transport_options = {"socket_timeout": 5, "socket_connect_timeout": 3}
    return app


def test_f20_a_bell_that_can_not_be_rung_fails_nothing_and_the_tick_finds_the_row(case: Case) -> None:
    """Redis is gone: enrolling, answering and ticking go on."""
    nowhere = Celery("test", broker="redis://127.0.0.1:1/0")
    nowhere.conf.broker_transport_options = {"socket_timeout": 1, "socket_connect_timeout": 1}
    case.injected()
    bell = CeleryBell(nowhere)
    bell([Bell("messages.dispatch"), Bell("messages.deliver")])
    case.home.enroll()
    case.recovers(lambda: len(case.texts(INES)) == 1)
    assert len(case.texts(INES)) == 1
