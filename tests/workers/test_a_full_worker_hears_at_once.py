"""A bell that rings while every thread is busy is answered as soon as one is free, not at the broker's next poll.

A page that waits two seconds behind nothing would be late by our own limit.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parent.parent.parent
THREADS = 2
ROUNDS = 9
# Where a full worker forgets to listen, half of all bells wait for more than a second.
AT_ONCE_SECONDS = 0.5


@pytest.fixture
def environment(redis_url: str) -> dict[str, str]:
    return os.environ | {"FOLLOWUP_REDIS_URL": redis_url, "FOLLOWUP_BROKER_PREFIX": "holding-test:"}


@pytest.fixture
def worker(environment: dict[str, str]) -> Iterator[None]:
    command = [
        sys.executable, "-m", "celery", "-A", "tests.workers.holding_app", "worker", "--pool", "threads",
        "--concurrency", str(THREADS), "--queues", "holding", "--without-mingle", "--without-gossip",
    ]  # fmt: skip
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        yield
        running.terminate()
        running.wait(30)


def ring(environment: dict[str, str], *names: str) -> None:
    script = (
        "from tests.workers.holding_app import app\nimport sys\nfor name in sys.argv[1:]: app.send_task(name)"
    )
    subprocess.run([sys.executable, "-c", script, *names], cwd=ROOT, env=environment, check=True)


def test_a_bell_rung_at_a_full_worker_is_heard_when_a_thread_is_free(
    worker: None, environment: dict[str, str], redis_url: str
) -> None:
    redis = Redis.from_url(redis_url)
    waited = []
    for _ in range(ROUNDS):
        ring(environment, *["hold"] * THREADS)
        wait_for(lambda: redis.llen("held") == THREADS)
        ring(environment, "hear")
        let_go = time.monotonic()
        redis.rpush("let-go", *[1] * THREADS)
        assert redis.blpop(["heard"], timeout=30)
        waited.append(time.monotonic() - let_go)
        redis.delete("held", "let-go")
    assert statistics.median(waited) < AT_ONCE_SECONDS, waited
