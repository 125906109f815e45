"""F20-F22: the doorbell is gone, frozen or full; real beats, workers, web processes and Redis."""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import redis
import requests
from celery import Celery
from pydantic import SecretStr
from sqlalchemy import text

from followup.db.session import Bell
from followup.gateways.bell import CeleryBell
from followup.servers.processes import QUEUES
from followup.servers.redis import redis as run_redis
from tests.faults.case import PUBLIC, Case
from tests.faults.crowd import enroll_many
from tests.faults.processes import beat, free_port, web_process, worker
from tests.household import INES
from tests.servers_of_the_run import superuser
from tests.waiting import wait_for

RED_FLAG = "I can't pee and my legs are numb"


class OwnRedis:
    """A Redis of one test's own, to stop, to freeze and to fill; its address stays the same."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: ExitStack | None = None
        self.url = ""

    def start(self) -> None:
        """Start it."""
        self._running = ExitStack()
        self.url = self._running.enter_context(run_redis(self._folder))

    def stop(self) -> None:
        """Stop it."""
        if self._running is not None:
            running, self._running = self._running, None
            running.close()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it accept and never answer."""
        pid = int((self._folder / "redis.pid").read_text().split()[0])
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def tell(self, name: str, value: str) -> None:
        """Change one of its settings."""
        with redis.Redis.from_url(self.url, socket_timeout=5) as connection:
            connection.config_set(name, value)


@pytest.fixture
def doorbell(tmp_path: Path, case: Case) -> Iterator[OwnRedis]:
    """The house's Redis."""
    own = OwnRedis(tmp_path / "own")
    own.start()
    settings = case.home.house.settings.model_copy(update={"redis_url": SecretStr(own.url)})
    case.home.house = dataclasses.replace(case.home.house, settings=settings)
    yield own
    own.stop()


@contextmanager
def whole_house(case: Case, folder: Path) -> Iterator[str]:
    """Beat, two workers and the web process, reached by the carrier; gives the web's address."""
    port = free_port()
    with (
        web_process(case, port),
        beat(case, folder, tick=1),
        worker(case, folder, queues=QUEUES, threads=8),
        worker(case, folder, "second", queues=QUEUES, threads=8),
    ):
        case.lab.route(PUBLIC, f"http://127.0.0.1:{port}")
        case.lab.sender(inbound_url=f"{PUBLIC}/hooks/twilio/sms#rc=5&rp=all")
        case.queue_welcome()
        wait_for(lambda: len(case.texts()) == 1, within=100, what="a house that works")
        yield f"http://127.0.0.1:{port}"


def ask(url: str) -> requests.Response:
    """Ask the web process, with the patience of a carrier."""
    return requests.get(url, timeout=15)


def answered_within(seconds: float, do: Callable[[], object]) -> None:
    began = time.monotonic()
    do()
    assert time.monotonic() - began < seconds


def a_patient_writes(case: Case) -> None:
    """A text that counts reaches the web process and is stored, whatever Redis does."""
    assert case.lab.phone(INES).sends(RED_FLAG).status in {200, 204}
    with case.home.house.database.engine() as session:
        assert session.scalar(text("SELECT count(*) FROM provider_event WHERE kind = 'inbound_sms'")) == 1


def says_that_no_loop_goes_round(web: str, owner_url: str) -> bool:
    """The alert: after half an hour of machine time without a tick the house says that it is not well."""
    with superuser(owner_url) as machine:
        machine.execute("UPDATE heartbeat SET ticked_at = ticked_at - interval '30 minutes'")
    return ask(f"{web}/readyz").status_code == 503


def everything_went_out(case: Case, numbers: list[str]) -> None:
    """The backlog is sent, the patient who wrote is answered, and nobody has anything twice."""
    wait_for(lambda: all(len(case.texts(each)) == 1 for each in numbers), within=120, what="every text")
    wait_for(lambda: case.home.rows("SELECT 1 FROM escalation") != [], within=120, what="the case")
    wait_for(lambda: len(case.texts(INES)) == 2, within=120, what="the safety text")
    case.normal()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_f20_redis_gone_for_half_an_hour_delays_texts_and_loses_neither_them_nor_replies(
    case: Case, tmp_path: Path, doorbell: OwnRedis, owner_url: str
) -> None:
    with whole_house(case, tmp_path) as web:
        doorbell.stop()
        case.injected()
        numbers = enroll_many(case, 20)
        answered_within(15, lambda: a_patient_writes(case))
        answered_within(15, lambda: ask(f"{web}/healthz").raise_for_status())
        assert ask(f"{web}/sign-in").status_code == 200
        case.home.pass_time(timedelta(minutes=30))
        assert says_that_no_loop_goes_round(web, owner_url)
        doorbell.start()
        case.over()
        everything_went_out(case, numbers)
        wait_for(lambda: ask(f"{web}/readyz").status_code == 200, what="a house that says it is well")
    assert case.home.only("SELECT max(attempts) FROM message") == 1


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_f21_a_frozen_redis_holds_up_no_webhook_and_no_person(
    case: Case, tmp_path: Path, doorbell: OwnRedis
) -> None:
    with whole_house(case, tmp_path) as web:
        with doorbell.frozen():
            case.injected()
            numbers = enroll_many(case, 10)
            answered_within(15, lambda: a_patient_writes(case))
            answered_within(15, lambda: ask(f"{web}/sign-in").raise_for_status())
            answered_within(15, lambda: CeleryBell(_app(doorbell))([Bell("messages.deliver")]))
        case.over()
        everything_went_out(case, numbers)
    assert case.home.only("SELECT max(attempts) FROM message") == 1


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("setting", "bad", "good"),
    [("maxmemory", "1", "0"), ("min-replicas-to-write", "3", "0")],
    ids=["F22-full", "F22-takes-no-writes"],
)
def test_a_redis_that_takes_nothing_ends_no_worker(
    case: Case, tmp_path: Path, doorbell: OwnRedis, owner_url: str, setting: str, bad: str, good: str
) -> None:
    with whole_house(case, tmp_path) as web:
        doorbell.tell(setting, bad)
        case.injected()
        numbers = enroll_many(case, 10)
        answered_within(15, lambda: a_patient_writes(case))
        wait_for(lambda: refused(tmp_path) > 2, within=60, what="a beat that is refused")
        assert says_that_no_loop_goes_round(web, owner_url)
        doorbell.tell(setting, good)
        case.over()
        everything_went_out(case, numbers)
    assert case.home.only("SELECT max(attempts) FROM message") == 1


def refused(folder: Path) -> int:
    """How often the beat said that it could not send."""
    return (folder / "beat.log").read_text().count("Message Error")


def _app(doorbell: OwnRedis) -> Celery:
    app = Celery("test", broker=doorbell.url.replace("unix://", "redis+socket://", 1))
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
