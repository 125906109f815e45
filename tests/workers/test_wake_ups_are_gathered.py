"""A flood of wake-ups is one sweep at a time, and no wake-up is ever missed."""

from __future__ import annotations

import threading
import time

import pytest
import redis
from celery import Celery
from celery.exceptions import Ignore

from followup.db.session import Bell
from followup.gateways.bell import GATHER_SECONDS, CeleryBell
from tests.waiting import wait_for
from workers.lanes import Lanes, sweep

PULLS = 100


@pytest.fixture
def broker(redis_url: str):
    app = Celery("gathered", broker=redis_url.replace("unix://", "redis+socket://"))
    app.conf.task_default_queue = f"gathered-{time.monotonic_ns()}"
    with redis.Redis.from_url(redis_url) as connection:
        yield app, connection
        connection.delete(app.conf.task_default_queue)


def test_a_bell_that_is_pulled_a_hundred_times_rings_at_once_and_once_more(broker) -> None:
    app, connection = broker
    bell, queue = CeleryBell(app), app.conf.task_default_queue
    began = time.monotonic()
    for number in range(PULLS):
        bell([Bell("care.respond", (str(number),))])
    took = time.monotonic() - began
    assert connection.llen(queue) >= 1, "the first pull does not wait"
    wait_for(lambda: connection.llen(queue) >= 2, what="the ring for those who came meanwhile")
    assert connection.llen(queue) <= 2 + took / GATHER_SECONDS


def test_bells_of_different_names_do_not_wait_for_each_other(broker) -> None:
    app, connection = broker
    CeleryBell(app)([Bell("care.respond"), Bell("care.page"), Bell("care.escalate")])
    assert connection.llen(app.conf.task_default_queue) == 3


def test_whoever_comes_while_all_lanes_are_taken_is_looked_for_again() -> None:
    lanes = Lanes(1)
    assert lanes.enter()
    assert not lanes.enter()
    assert lanes.leave(), "somebody came meanwhile"
    assert lanes.enter()
    assert not lanes.leave(), "nobody came since"


def test_a_wake_up_that_another_run_serves_is_no_success() -> None:
    inside, done, runs = threading.Event(), threading.Event(), []

    @sweep(at_once=1)
    def body(*_ids: str) -> None:
        runs.append(1)
        inside.set()
        done.wait(30)

    thread = threading.Thread(target=body)
    thread.start()
    inside.wait(30)
    with pytest.raises(Ignore):
        body()
    done.set()
    thread.join()
    body()
    assert len(runs) == 2


def test_a_sweep_that_breaks_gives_its_lane_back() -> None:
    @sweep(at_once=1)
    def body(*_ids: str) -> None:
        raise ConnectionError

    for _ in range(2):
        with pytest.raises(ConnectionError):
            body()
