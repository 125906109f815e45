"""F15-F17, F19: a busy morning with too many ticks, none at all, or a Redis that forgets everything."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import redis

from followup.lab import Kind
from followup.messaging import claim as claims
from followup.messaging.deliver import deliver_due
from followup.outreach.dispatch import dispatch_due
from tests.faults.case import Case
from tests.faults.crowd import enroll_many, queue_many
from tests.faults.processes import beat, worker
from tests.faults.ring import broker_of
from tests.household import QUICK
from tests.servers_of_the_run import superuser
from tests.waiting import wait_for

TICKS = 20


def all_told(case: Case, numbers: list[str]) -> bool:
    return all(len(case.lab.phone(each).inbox) == 1 for each in numbers)


@pytest.mark.slow
def test_f15_five_beats_and_two_workers_send_each_text_once(case: Case, tmp_path: Path) -> None:
    numbers = enroll_many(case, 30)
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
    numbers = enroll_many(case, 10)
    case.injected()
    with worker(case, tmp_path):
        case.home.pass_time(timedelta(hours=1))
        case.over()
        with beat(case, tmp_path):
            wait_for(lambda: all_told(case, numbers), within=100, what="every text")
        case.normal()
    assert case.home.only("SELECT count(*) FROM message") == len(numbers)


def test_f17_twenty_pumps_at_once_claim_ten_thousand_texts_once_each(case: Case) -> None:
    many = 10_000
    queue_many(case, many)
    sender = case.home.only("SELECT id FROM sender WHERE channel = 'sms'")
    start = threading.Barrier(TICKS)
    house, now = case.home.house, case.home.now

    def claim_all(_: int) -> list[uuid.UUID]:
        mine: list[uuid.UUID] = []
        pump = uuid.uuid4()
        start.wait(30)
        while True:
            with house.database.transaction(case.home.clinic_id) as session:
                found = claims.claim(session, sender, pump=pump, urgent=False, many=100, now=now)
            if not found:
                return mine
            mine += [each.message_id for each in found]

    case.injected()
    began = time.monotonic()
    with ThreadPoolExecutor(TICKS) as pool:
        claimed = [each for mine in pool.map(claim_all, range(TICKS)) for each in mine]
    assert time.monotonic() - began < 60
    assert len(claimed) == len(set(claimed)) == many
    assert case.home.only("SELECT count(*) FROM attempt") == many
    assert case.home.only("SELECT max(attempts) FROM message") == 1
    case.normal()


def test_f17_twenty_ticks_at_once_take_each_text_once_and_wait_for_nobody(case: Case) -> None:
    numbers = enroll_many(case, 40)
    house = case.home.house
    start = threading.Barrier(TICKS)

    def tick(_: int) -> None:
        start.wait(30)
        dispatch_due(house.database, now=case.home.now)
        deliver_due(house.database, case.home.clock, house.outside, urgent=False, limits=QUICK)

    case.injected()
    with ThreadPoolExecutor(TICKS) as pool:
        list(pool.map(tick, range(TICKS)))
    case.recovers(lambda: all_told(case, numbers))
    assert case.home.only("SELECT max(attempts) FROM message") == 1


@pytest.mark.slow
def test_f17_twenty_ticks_of_two_workers_that_all_wait_for_one_lock_send_each_text_once(
    case: Case, tmp_path: Path, owner_url: str
) -> None:
    """Twenty dispatchers stand at the same rows; the lock goes, and all of them run at once."""
    numbers = enroll_many(case, 60)
    case.injected()
    with (
        worker(case, tmp_path, "one", threads=12),
        worker(case, tmp_path, "two", threads=12),
        broker_of(case) as bell,
        superuser(owner_url) as holder,
        superuser(owner_url) as looking,
    ):
        holder.autocommit = False
        holder.execute("LOCK TABLE touchpoint IN ACCESS EXCLUSIVE MODE")
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"

        def waits(many: int) -> bool:
            if int(looking.execute(waiting).fetchone()[0]) >= many:  # type: ignore[index]
                return True
            bell.send_task("messages.dispatch", queue="messages")
            return False

        # Which thread of which worker takes a tick is the broker's affair, so ticks are rung until enough wait.
        wait_for(lambda: waits(4), what="the first ticks")
        for _ in range(TICKS):
            bell.send_task("messages.dispatch", queue="messages")
        wait_for(lambda: waits(6), what="ticks that wait for the lock")
        holder.rollback()
        case.over()
        for _ in range(TICKS):
            bell.send_task("messages.dispatch", queue="messages")
            bell.send_task("messages.deliver", queue="messages")

        def told() -> bool:
            bell.send_task("messages.deliver", queue="messages", expires=5)
            return all_told(case, numbers)

        wait_for(told, within=100, what="every text")
        case.normal()
    case.lab.wait_idle()
    assert all_told(case, numbers)
    assert case.home.only("SELECT count(*) FROM message") == len(numbers)
    assert case.home.only("SELECT max(attempts) FROM message") == 1


@contextmanager
def forgetting(case: Case, every: float = 0.1) -> Iterator[Counter[str]]:
    """Flush the house's Redis again and again until the block ends; counts how often."""
    assert case.home.house.settings.redis_url
    over, count = threading.Event(), Counter[str]()
    with redis.Redis.from_url(case.home.house.settings.redis_url.get_secret_value()) as connection:

        def flush() -> None:
            while not over.wait(every):
                connection.flushall()
                count["flushed"] += 1

        thread = threading.Thread(target=flush)
        thread.start()
        try:
            yield count
        finally:
            over.set()
            thread.join()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_f19_a_redis_that_forgets_everything_ten_times_a_second_loses_and_doubles_nothing(
    case: Case, tmp_path: Path
) -> None:
    """Every wake-up may be lost; the rows are not, and between two texts lies at most a tick."""
    tick = 5.0
    case.home.change("UPDATE sender SET rate_per_second = 1000 WHERE channel = 'sms'")
    case.lab.fault("callbacks_off", times=None)
    with (
        beat(case, tmp_path, tick=tick),
        worker(case, tmp_path),
        worker(case, tmp_path, "second"),
        broker_of(case) as bell,
    ):
        warm = queue_many(case, 1)
        wait_for(lambda: taken(case) == Counter(warm), what="a worker that works")
        numbers = enroll_many(case, 40)
        case.injected()
        with forgetting(case) as count:
            words = queue_many(case, 10_000)
            began = time.time()
            for _ in range(20):
                bell.send_task("messages.deliver", queue="messages")
            wait_for(lambda: len(taken(case)) >= len(words) // 2, within=150, what="half of the texts")
            case.over()
        wait_for(lambda: len(taken(case)) == len(words) + 1 + len(numbers), within=150, what="every text")
        case.normal()
    assert count["flushed"] > 3
    assert set(taken(case).values()) == {1}
    assert all_told(case, numbers)
    at = sorted(each.at for each in case.lab.journal.entries(Kind.TEXT_ACCEPTED) if each.at >= began)
    gaps = [after - before for before, after in zip([began, *at], at, strict=False)]
    # One tick, the poll of a worker that heard nothing, and the machine's own slowness.
    assert max(gaps) < tick + 10
    assert case.home.only("SELECT max(attempts) FROM message") == 1


def taken(case: Case) -> Counter[str]:
    """What the carrier took, by its words; a planned text by who got it."""
    return Counter(
        str(each["body"]) if each["to"].startswith("+1872") else str(each["to"])
        for each in case.lab.journal.entries(Kind.TEXT_ACCEPTED)
    )
