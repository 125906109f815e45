"""The product's own processes, as real as in production, for faults that kill, freeze and restart them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from followup.lab import AUTH_TOKEN
from followup.servers.processes import beat_command, worker_command
from followup.settings import Role
from tests.faults.case import PUBLIC, Case

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
        "SMTP_URL": case.lab.smtp_url, "TICK_SECONDS": "0.5", "BROKER_PREFIX": f"faults-{case.home.clinic_id}:",
    }  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FOLLOWUP_")}
    return {**kept, **{f"FOLLOWUP_{name}": value for name, value in told.items()}, **more}


@contextmanager
def started(case: Case, command: list[str], log: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run one process of the house until the block ends; what it says is in ``log``."""
    with log.open("ab") as told:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment_of(case, **more), stdout=told, stderr=told
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(20)


@contextmanager
def worker(
    case: Case, folder: Path, name: str = "messages", **more: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker of the queue that carries routine texts."""
    command = worker_command(["messages"], concurrency=4, name=f"{name}-{case.home.clinic_id}")
    with started(case, command, folder / f"{name}.log", **more) as process:
        yield process


@contextmanager
def beat(case: Case, folder: Path, name: str = "beat") -> Iterator[subprocess.Popen[bytes]]:
    """Run a beat with a quick tick."""
    place = folder / name
    place.mkdir()
    with started(case, beat_command(place), folder / f"{name}.log") as process:
        yield process
