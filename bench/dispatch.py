"""Dispatch: a due row becomes a text at the carrier and a recorded answer, in three designs.

``bare`` sends the same texts with the SDK's asynchronous client and does nothing else: the ceiling. ``pump`` is
ours. ``task per message`` is what most projects do: a Celery task for each message, with its own claim, call and
record.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time

from celery import Celery

from bench.rounds import Measured, timed
from bench.world import BODY, ROOT, World
from followup.gateways.twilio import TwilioAccount, TwilioGateway
from followup.lab import ACCOUNT_SID, AUTH_TOKEN, SENDER
from followup.messaging.deliver import deliver_due
from followup.messaging.pump import PumpLimits
from followup.ports import Accepted, OutgoingSms

QUEUE = "bench"
PATIENCE_SECONDS = 300


def bare(world: World, *, many: int, concurrency: int) -> Measured:
    """Send ``many`` texts with the SDK's asynchronous client, ``concurrency`` at once."""
    account = TwilioAccount(ACCOUNT_SID, ACCOUNT_SID, AUTH_TOKEN, world.carrier_url)

    async def go() -> None:
        room = asyncio.Semaphore(concurrency)
        async with TwilioGateway(account, connections=concurrency) as gateway:

            async def one(number: int) -> None:
                async with room:
                    sms = OutgoingSms(
                        f"+1312555{100 + number % 100:04d}", BODY, SENDER, "https://followup.example/x", 3600
                    )
                    assert isinstance(await gateway.send(sms), Accepted)

            await asyncio.gather(*(one(number) for number in range(many)))

    return timed(many, lambda: asyncio.run(go()), world.cpu)


def pump(world: World, *, many: int, concurrency: int) -> Measured:
    """Deliver ``many`` queued texts with our pump."""
    world.fill(many)
    _rate(world, 1_000_000)
    limits = PumpLimits(concurrency=concurrency, run_seconds=PATIENCE_SECONDS, batch=200)
    house = world.house
    measured = timed(
        many,
        lambda: deliver_due(house.database, house.clock, house.outside, urgent=False, limits=limits),
        world.cpu,
    )
    # What is in doubt or waits for another try is not counted as sent.
    return Measured(world.sent(), measured.seconds, measured.cpu_seconds)


def task_per_message(world: World, *, many: int, concurrency: int) -> Measured:
    """Let a Celery worker with ``concurrency`` threads handle one task per message."""
    world.fill(many)
    environment = {
        **os.environ,
        "BENCH_DATABASE_URL": world.house.database.url("app"),
        "BENCH_CLINIC": str(world.clinic_id),
        "BENCH_CARRIER": world.carrier_url,
        "BENCH_KEY": "cd" * 32,
        "FOLLOWUP_REDIS_URL": world.settings.redis_url.get_secret_value() if world.settings.redis_url else "",
    }
    command = [
        *(sys.executable, "-m", "celery", "-A", "bench.rival_task_per_message", "worker", "-P", "threads"),
        *("-c", str(concurrency), "-Q", QUEUE, "--without-gossip", "--without-mingle", "--loglevel", "ERROR"),
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        ids = _message_ids(world)
        sender = Celery("bench", config_source="celeryconfig")
        _wait_for_worker(world, sender)

        def work() -> None:
            for message_id in ids:
                sender.send_task("bench.send", args=[message_id], queue=QUEUE)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while world.sent() < many:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"only {world.sent()} of {many} texts were sent")
                time.sleep(0.05)

        before = _cpu_of(process.pid)
        measured = timed(many, work, world.cpu)
        return Measured(many, measured.seconds, measured.cpu_seconds + _cpu_of(process.pid) - before)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _rate(world: World, rate: float) -> None:
    from sqlalchemy import text

    with world.house.database.transaction(world.clinic_id) as session:
        session.execute(text("UPDATE sender SET rate_per_second = :rate"), {"rate": rate})


def _message_ids(world: World) -> list[str]:
    from sqlalchemy import text

    with world.house.database.transaction(world.clinic_id) as session:
        return [str(each) for each in session.scalars(text("SELECT id FROM message ORDER BY id"))]


def _wait_for_worker(world: World, sender: Celery) -> None:
    """Wait until the worker has done a task of no account."""
    import redis

    assert world.settings.redis_url is not None
    connection = redis.Redis.from_url(world.settings.redis_url.get_secret_value())
    sender.send_task("bench.ready", queue=QUEUE)
    deadline = time.monotonic() + 60
    while not connection.get("bench-ready"):
        if time.monotonic() > deadline:
            raise RuntimeError("the rival's worker did not start")
        time.sleep(0.05)
    connection.delete("bench-ready")
    connection.close()


def _cpu_of(pid: int) -> float:
    from pathlib import Path

    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
