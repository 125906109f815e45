"""Starts other programs as our own children, and sees to it that none is left behind.

Three nets, one below the other: the parent stops its children in order; a child of a parent that was killed
is stopped by the kernel (Linux); whatever still lives after that is found at the next start through its pid
file. A pid alone says little, because the machine hands the same number out again: the pid file also holds
the start time, and a process is only ever signaled when both agree. So this file must never stop somebody
else's server.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from followup.errors import FollowupError

LAUNCHER = Path(__file__).with_name("launch.py")
LOG_LIMIT_BYTES = 10_000_000
TAIL_LINES = 15
POLL_SECONDS = 0.02


class ServerFailed(FollowupError):
    """A server did not start, or stopped by itself."""

    permanent = False
    code = "server-failed"


@dataclass(frozen=True, slots=True)
class Account:
    """The operating-system user a child runs as."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Identity:
    """One process, told apart from every later one that gets the same number."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """Return the living process with this number; None when it is gone or waits to be buried."""
        started = _start_time(pid)
        return cls(pid, started) if started else None

    @property
    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        return Identity.of(self.pid) == self


def _start_time(pid: int) -> str:
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in "ZX" else fields[19]
    told = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)],  # noqa: S607 - macOS has no /proc, and ps where it likes
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip()


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Return True as soon as the condition holds, False when it does not within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def end(identity: Identity, signals: Sequence[tuple[signal.Signals, float]]) -> None:
    """Stop a process: send each signal in turn and give it that many seconds, until it is gone."""
    for each, seconds in signals:
        if not identity.is_alive:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(identity.pid, each)
        if wait_until(lambda: not identity.is_alive, seconds=seconds):
            return


@dataclass(frozen=True, slots=True)
class PidFile:
    """Remembers the child for the next start, should this parent never come to stop it."""

    path: Path

    def write(self, identity: Identity) -> None:
        """Write the process down."""
        self.path.write_text(f"{identity.pid} {identity.started}\n")

    def living(self) -> Identity | None:
        """Return the process written down, if that very process still runs."""
        try:
            pid, _, started = self.path.read_text().strip().partition(" ")
            identity = Identity(int(pid), started)
        except (OSError, ValueError):
            return None
        return identity if identity.is_alive else None

    def clear(self) -> None:
        """Forget the process."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Program:
    """What to start and how to stop it: signals in order, each with its patience in seconds."""

    name: str
    command: Sequence[str]
    folder: Path
    pid_file: Path
    log: Path | None = None
    environment: Mapping[str, str] | None = None
    account: Account | None = None
    stop_signals: Sequence[tuple[signal.Signals, float]] = ((signal.SIGTERM, 10), (signal.SIGKILL, 5))


class Child:
    """A program that runs as our child."""

    def __init__(self, program: Program, process: subprocess.Popen[bytes], identity: Identity) -> None:
        """Use ``Child.start``."""
        self.program = program
        self.process = process
        self.identity = identity

    @classmethod
    def start(cls, program: Program) -> Child:
        """Start the program, after stopping what an earlier parent left running under the same pid file.

        Call it from a thread that lives as long as the child should: the kernel counts the end of the
        starting thread as the death of the parent. Raises ``ServerFailed`` when the program can't be started
        at all.
        """
        pid_file = PidFile(program.pid_file)
        leftover = pid_file.living()
        if leftover:
            end(leftover, program.stop_signals)
        with _output(program.log) as output:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(LAUNCHER), *_orders(program), *program.command],
                cwd=program.folder,
                env=dict(os.environ if program.environment is None else program.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the parent alone, which stops all in order
            )
        identity = Identity.of(process.pid)
        if identity is None:
            process.wait()
            raise ServerFailed(f"{program.name} ended at once. {cls.tail_of(program.log)}")
        pid_file.write(identity)
        return cls(program, process, identity)

    @property
    def is_running(self) -> bool:
        """Whether it still runs; a child that ended is buried on the way."""
        return self.process.poll() is None

    def wait_ready(self, ready: Callable[[], bool], *, seconds: float = 60) -> None:
        """Wait until ``ready`` says so. Raises ``ServerFailed``, with the end of the log, when it never
        does."""
        wait_until(lambda: not self.is_running or ready(), seconds=seconds)
        if not (self.is_running and ready()):
            self.stop()
            raise ServerFailed(f"{self.program.name} did not start. {self.tail_of(self.program.log)}")

    def stop(self) -> None:
        """Stop it and bury it. Safe to call twice."""
        for each, seconds in self.program.stop_signals:
            if not self.is_running:
                break
            self.process.send_signal(each)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=seconds)
        if self.process.stdout:
            self.process.stdout.close()
        PidFile(self.program.pid_file).clear()

    @staticmethod
    def tail_of(log: Path | None) -> str:
        """Return where the log is and what it says at its end."""
        if log is None or not log.exists():
            return ""
        lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join([f"The end of {log}:", *lines])


def _orders(program: Program) -> list[str]:
    account = program.account
    death_signal = program.stop_signals[0][0]
    user = (account.uid, account.gid) if account else (-1, -1)
    return [str(int(each)) for each in (os.getpid(), death_signal, *user)]


@contextlib.contextmanager
def _output(log: Path | None) -> Iterator[IO[bytes] | int]:
    if log is None:
        yield subprocess.PIPE
        return
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(log.suffix + ".1"))
    with log.open("ab") as file:
        yield file
