"""The product's own processes, as a supervisor on one machine starts them: web, beat and three workers, and
the fallback receiver where it has an address.

The same processes as in docker-compose.yml. ``care`` never shares a worker with routine texts: a morning of
check-ins must not delay a page.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from followup.servers.supervisor import Process

QUEUES = ("care", "messages", "upkeep")
CELERY = (sys.executable, "-m", "celery", "--app", "workers.app", "--quiet")
# A pump drains for up to 20 seconds when it is asked to end.
WORKER_PATIENCE_SECONDS = 30.0
WEB = (sys.executable, "-m", "followup.cli", "web")
FALLBACK = (sys.executable, "-m", "followup.cli", "fallback")


def worker_command(queues: Sequence[str], *, concurrency: int = 8, name: str | None = None) -> list[str]:
    """Return the command of one worker: threads, because every task waits for a server and not for a CPU."""
    called = name or "-".join(queues)
    return [
        *CELERY, "worker", "--queues", ",".join(queues), "--hostname", f"{called}@%h",
        "--pool", "threads", "--concurrency", str(concurrency), "--without-gossip", "--without-mingle",
        "--loglevel", "INFO",
    ]  # fmt: skip


def beat_command(data_folder: Path) -> list[str]:
    """Return the command of the beat; two of them do no harm."""
    return [
        *CELERY,
        "beat",
        "--schedule",
        str(data_folder / "beat-schedule"),
        "--pidfile",
        "",
        "--loglevel",
        "INFO",
    ]


def house_processes(
    data_folder: Path, *, environment: Mapping[str, str], logs: Path | None = None, concurrency: int = 8,
    fallback: bool = False,
) -> list[Process]:  # fmt: skip
    """Return all processes, web first. With ``logs`` each writes a file there instead of to the terminal.

    ``fallback``: also the receiver that needs no database.
    """

    def process(name: str, command: Sequence[str], patience: float) -> Process:
        return Process(
            name=name, command=command, environment=environment, patience=patience,
            log=logs / f"{name}.log" if logs else None,
        )  # fmt: skip

    return [
        process("web", WEB, 10.0),
        *(
            process(queue, worker_command([queue], concurrency=concurrency), WORKER_PATIENCE_SECONDS)
            for queue in QUEUES
        ),
        process("beat", beat_command(data_folder), 5.0),
        *([process("fallback", FALLBACK, 10.0)] if fallback else []),
    ]
