"""The product's own processes, as real as in production, for faults that kill, freeze and restart them."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from followup.lab import AUTH_TOKEN
from followup.servers.processes import WEB, beat_command, worker_command
from followup.settings import Role
from tests.faults.case import PUBLIC, Case
from tests.waiting import wait_for

LOGINS = (Role.app, Role.engine, Role.intake)
ROOT = Path(__file__).resolve().parent.parent.parent


def environment_of(case: Case, **more: str) -> dict[str, str]:
    """What a process of this house is told."""
    settings = case.home.house.settings
    assert settings.redis_url
    told = {
        **{f"DATABASE_{role.upper()}_URL": settings.database_url_of(role) for role in LOGINS},
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "SECRET_KEYS": settings.secret_keys[0].get_secret_value(),
        "ENCRYPTION_KEYS": settings.encryption_keys[0].get_secret_value(),
        "ENVIRONMENT": "test", "CLOCK_FILE": str(settings.clock_file), "DATA_FOLDER": str(settings.data_folder),
        "TWILIO_API_URL": settings.twilio_api_url, "TWILIO_ACCOUNT_SID": case.lab.account.sid,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN, "PUBLIC_URL": PUBLIC, "LOG_FORMAT": "plain",
        "SMTP_URL": case.lab.smtp_url, "BROKER_PREFIX": f"faults-{case.home.clinic_id}:",
    }  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FOLLOWUP_")}
    return {**kept, **{f"FOLLOWUP_{name}": value for name, value in told.items()}, **more}


@contextmanager
def started(
    case: Case, command: list[str], log: Path, *, root: Path = ROOT, **more: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run one process of the house until the block ends; what it says is in ``log``, its code in ``root``."""
    with log.open("ab") as told:
        process = subprocess.Popen(
            command, cwd=root, env=environment_of(case, **more), stdout=told, stderr=told
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(20)


@contextmanager
def worker(
    case: Case, folder: Path, name: str = "messages", *, queues: Sequence[str] = ("messages",), threads: int = 4,
    root: Path = ROOT, **more: str,
) -> Iterator[subprocess.Popen[bytes]]:  # fmt: skip
    """Run a worker; without more words of the queue that carries routine texts, and of this version."""
    command = worker_command(queues, concurrency=threads, name=f"{name}-{case.home.clinic_id}")
    with started(case, command, folder / f"{name}.log", root=root, **more) as process:
        yield process


@contextmanager
def beat(
    case: Case, folder: Path, name: str = "beat", *, tick: float = 0.5
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a beat, with a quick tick unless told otherwise (seconds)."""
    place = folder / name
    place.mkdir()
    with started(
        case, beat_command(place), folder / f"{name}.log", FOLLOWUP_TICK_SECONDS=str(tick)
    ) as process:
        yield process


@contextmanager
def web_process(case: Case, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the web process on a port until the block ends; it answers when the block begins."""
    process = subprocess.Popen(
        WEB, env=environment_of(case, FOLLOWUP_WEB_PORT=str(port)), stderr=subprocess.DEVNULL
    )
    try:
        wait_for(lambda: _answers(port), within=60, what="the web process")
        yield process
    finally:
        process.kill()
        process.wait(20)


def _answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
