"""Gives the rest of the product a database and a doorbell: the configured ones, or its own.

One data folder serves one parent at a time: a file lock, which the kernel releases when the parent dies
however it dies, keeps a second one out. So whatever server is found running under that lock is a leftover,
and may be stopped.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from followup.errors import FollowupError
from followup.servers.postgres import postgres as run_postgres
from followup.servers.redis import redis as run_redis

LOCK = "in-use.lock"


class DataFolderInUse(FollowupError):
    """Another process works with this data folder."""

    code = "data-folder-in-use"


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers are. A URL is empty when that server was neither asked for nor configured.

    ``database_url`` is the superuser's when the server is our own. ``redis_url`` is
    ``unix:///path/redis.sock`` then; Celery spells the same address ``redis+socket:///path/redis.sock``.
    """

    database_url: str = ""
    redis_url: str = ""


@contextlib.contextmanager
def embedded(
    data_folder: Path,
    *,
    postgres: bool = True,
    redis: bool = True,
    database_url: str = "",
    redis_url: str = "",
    settings: Mapping[str, str] | None = None,
) -> Iterator[Servers]:
    """Start the servers asked for, and stop them at the end, however the block ends.

    A server whose URL is given is not started; its URL is passed on. ``settings`` are PostgreSQL settings,
    for tests. Start it from the main thread, or from one that lives as long as the servers should. Raises
    ``DataFolderInUse`` and ``ServerFailed``.
    """
    data_folder = data_folder.absolute()
    data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_lock(data_folder / LOCK))
        if postgres and not database_url:
            database_url = stack.enter_context(run_postgres(data_folder, settings=settings))
        if redis and not redis_url:
            redis_url = stack.enter_context(run_redis(data_folder))
        yield Servers(database_url=database_url, redis_url=redis_url)


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 100, 0).decode().strip() or "unknown"
            raise DataFolderInUse(
                f"{path.parent} is in use by process {holder}. "
                "Stop that one first, or choose another data folder."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
