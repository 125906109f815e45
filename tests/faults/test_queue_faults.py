"""F04, F23, F24: wake-ups that come again, and bytes in the queue that are no wake-up at all; a real worker."""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from tests.faults.case import Case
from tests.faults.processes import worker
from tests.faults.ring import broker_of
from tests.household import INES, TOM
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

PRIVATE = "my legs are numb since Tuesday"


@pytest.fixture
def bell(case: Case) -> Iterator[Celery]:
    """What rings this house's workers."""
    with broker_of(case) as app:
        yield app


@pytest.fixture
def queue(case: Case) -> Iterator[redis.Redis]:
    """Redis as somebody sees it who writes there by hand."""
    assert case.home.house.settings.redis_url
    with redis.Redis.from_url(case.home.house.settings.redis_url.get_secret_value()) as connection:
        yield connection


def key(case: Case, name: str) -> str:
    return f"faults-{case.home.clinic_id}:{name}"


def next_text_goes_out(case: Case, bell: Celery) -> None:
    """Enroll somebody else, and wait for the welcome: whoever hears the bell has heard everything before it."""
    case.over()
    case.home.enroll(name="Tom Berg", patient__phone=TOM)
    case.home.dispatch()
    bell.send_task("messages.deliver", queue="messages")
    wait_for(lambda: len(case.texts(TOM)) == 1, what="the next text")
    case.normal()


def test_f04_killed_after_the_commit_a_worker_leaves_a_wake_up_whose_copy_changes_nothing(
    case: Case, tmp_path: Path, bell: Celery
) -> None:
    case.queue_welcome()
    with worker(case, tmp_path) as process:
        bell.send_task("messages.deliver", queue="messages", task_id="the-same")
        wait_for(lambda: case.state()[1] == "accepted", what="the commit")
        case.injected()
        process.kill()
        process.wait(20)
    case.leases_end()
    with worker(case, tmp_path, "next"):
        for _ in range(3):
            bell.send_task("messages.deliver", queue="messages", task_id="the-same")
        next_text_goes_out(case, bell)
    assert (len(case.texts(INES)), len(case.texts(TOM))) == (1, 1)
    assert case.home.only("SELECT max(attempts) FROM message") == 1


def test_f23_a_wake_up_delivered_again_while_its_work_goes_on_changes_nothing(
    case: Case, tmp_path: Path, bell: Celery
) -> None:
    case.queue_welcome()
    case.lab.fault("wait", seconds=3, times=1)
    case.injected()
    with worker(case, tmp_path), worker(case, tmp_path, "second"):
        bell.send_task("messages.deliver", queue="messages", task_id="the-same")
        wait_for(lambda: case.state()[1] == "calling", what="the call")
        for _ in range(6):
            bell.send_task("messages.deliver", queue="messages", task_id="the-same")
        assert case.state()[1] == "calling"
        wait_for(lambda: case.state()[1] == "accepted", what="the text")
        next_text_goes_out(case, bell)
    assert (len(case.texts(INES)), len(case.texts(TOM))) == (1, 1)
    assert case.home.only("SELECT max(attempts) FROM message") == 1


class Opened:
    """A pickle that leaves a folder behind if anybody opens it."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.mkdir, (self.trace,)


def envelope(
    body: bytes = b"[[], {}, {}]", content: str = "application/json", **headers: Any
) -> dict[str, Any]:
    """A message as Celery writes it; a header of None is left out."""
    told = {"task": "messages.deliver", "id": "b2a7", "lang": "py", "argsrepr": "()"} | headers
    return {
        "body": base64.b64encode(body).decode(), "content-type": content, "content-encoding": "utf-8",
        "headers": {name: value for name, value in told.items() if value is not None},
        "properties": {
            "delivery_mode": 2, "delivery_tag": "c3d8", "body_encoding": "base64", "priority": 0,
            "delivery_info": {"exchange": "", "routing_key": "messages"},
        },
    }  # fmt: skip


def without(path: str) -> dict[str, Any]:
    """An envelope that lacks one property."""
    message = envelope()
    del message["properties"][path]
    return message


def strangers(trace: Path) -> list[bytes]:
    """Everything that may lie in a queue and is no wake-up of ours."""
    words = json.dumps([[PRIVATE], {}, {}]).encode()
    messages: list[object] = [
        None, 7, [1, 2], {"__type__": "uuid", "__value__": PRIVATE},
        {"body": PRIVATE, "content-type": "application/x-python-serialize"},
        envelope(pickle.dumps(Opened(trace)), "application/x-python-serialize"),
        envelope(pickle.dumps(Opened(trace)), "application/x-python-serialize", task=None),
        envelope() | {"body": "no base64 \N{OCTAGONAL SIGN}"}, envelope() | {"headers": [PRIVATE]},
        envelope() | {"properties": None},
        without("delivery_tag"), without("delivery_info"),
        envelope(task=["messages.deliver"]), envelope(task=None), envelope(words, task="messages.nobody_knows"),
        envelope(id=None), envelope(expires=PRIVATE), envelope(eta=[PRIVATE]), envelope(timelimit=PRIVATE),
        envelope(b"\xff\xfe" + words), envelope(b"[1]"), envelope(words[:-4]),
        envelope(words, "text/" + "x" * 5000),
    ]  # fmt: skip
    return [
        b"", b"\x80\x04not json at all", b"[" * 100_000, json.dumps(envelope()).encode("utf-16"),
        *(json.dumps(each).encode() for each in messages),
    ]  # fmt: skip


def test_f24_whatever_lies_in_the_queue_the_worker_drops_it_counts_it_and_lives(
    case: Case, tmp_path: Path, bell: Celery, queue: redis.Redis
) -> None:
    case.queue_welcome()
    trace = tmp_path / "opened"
    nonsense = strangers(trace)
    case.injected()
    with worker(case, tmp_path) as process:
        bell.send_task("messages.deliver", queue="messages")
        wait_for(lambda: len(case.texts()) == 1, what="the first text")
        for each in nonsense:
            queue.lpush(key(case, "messages"), each)
        log = tmp_path / "messages.log"
        wait_for(lambda: log.read_text().count("message dropped") >= len(nonsense), what="the last stranger")
        next_text_goes_out(case, bell)
        assert process.poll() is None
        wait_for(lambda: queue.hlen(key(case, "unacked")) == 0, what="the last acknowledgement")
    assert queue.llen(key(case, "messages")) == 0
    assert f"dropped={len(nonsense)}" in log.read_text()
    assert PRIVATE not in log.read_text()
    assert "onnection to broker lost" not in log.read_text()
    assert not trace.exists()
    assert (len(case.texts(INES)), len(case.texts(TOM))) == (1, 1)
