"""Which process is at the other end of a connection on this machine (Linux), and stopping it for sure.

Only for the faults that freeze or kill a client. Never names the lab's own process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path
from typing import Final

LOOKS: Final = 400
BETWEEN_LOOKS: Final = 0.005


def behind(port: int) -> tuple[int, ...]:
    """The processes that hold the client socket with this local port; empty where there are none to see."""
    inode = _inode_of(port)
    if inode is None:
        return ()
    numbers = (int(process.name) for process in Path("/proc").iterdir() if process.name.isdigit())
    return tuple(pid for pid in numbers if pid != os.getpid() and _holds(Path(f"/proc/{pid}"), inode))


async def stop(pid: int) -> None:
    """Stop a process and wait until the kernel says that all its threads stand still (at most 2 seconds)."""
    send(pid, signal.SIGSTOP)
    for _ in range(LOOKS):
        try:
            tasks = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/stat")]
        except OSError:
            return
        if all(told.rpartition(")")[2].split()[0] in "TtZX" for told in tasks):
            return
        await asyncio.sleep(BETWEEN_LOOKS)


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; a process that is already gone is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _inode_of(port: int) -> str | None:
    wanted = f":{port:04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[1].endswith(wanted) and fields[9] != "0":
                return fields[9]
    return None


def _holds(process: Path, inode: str) -> bool:
    try:
        return any(link.readlink().name == f"socket:[{inode}]" for link in (process / "fd").iterdir())
    except OSError:
        return False
