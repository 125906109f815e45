"""Keeps the product's own processes running on one machine: web, beat, workers.

For `followup up` and the demo, where no container engine or init system does it. A process that ends is started
again, after a pause that grows while it keeps ending, so that a broken setting does not become a busy loop and a
crash of one process never takes the others down. Ctrl-C, SIGTERM and a closed terminal stop all of them; a second
Ctrl-C stops waiting for them. It must be used from the main thread, which is where signals arrive.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from followup.servers.children import Child, Program, ServerFailed

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_AFTER_SECONDS = 60.0
POLL_SECONDS = 0.1
REMEMBERED_LINES = 20
NAME_WIDTH = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process to keep running. ``patience`` is how many seconds it may take to end when asked to."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    patience: float = 25.0


def pause_before_restart(endings: int) -> float:
    """Return the seconds to wait before starting again, after that many quick endings in a row."""
    return float(min(FIRST_PAUSE_SECONDS * 2 ** max(endings - 1, 0), LONGEST_PAUSE_SECONDS))


class Supervisor:
    """Starts the processes in order and keeps them running until it is asked to stop.

    ``gives_up_after`` quick endings of one process in a row ``wait`` raises ``ServerFailed``; None never does.
    """

    def __init__(
        self,
        processes: Sequence[Process],
        *,
        data_folder: Path,
        write: Callable[[str], None] | None = None,
        gives_up_after: int | None = None,
    ) -> None:
        self._folder = data_folder.absolute()
        self._write = write or _to_standard_output
        self._gives_up_after = gives_up_after
        self._asked = threading.Event()
        self._in_a_hurry = threading.Event()
        self._kept = [_Kept(each, self._folder, self._write) for each in processes]

    def __enter__(self) -> Supervisor:
        """Start all processes."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._stack = contextlib.ExitStack()
        self._stack.enter_context(_signals(self._hear))
        self._stack.callback(self._stop_all)
        try:
            for each in self._kept:
                each.start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all processes, the last started first."""
        self._stack.close()

    def wait(self, until: Callable[[], bool] | None = None) -> bool:
        """Keep the processes running until asked to stop (returns False) or ``until`` holds (returns True)."""
        while not self._asked.wait(POLL_SECONDS):
            if until and until():
                return True
            self._look_after_all()
        return False

    def look_after(self) -> None:
        """Look after the processes once, for a parent that has other things to do; never waits.

        Raises KeyboardInterrupt when it was asked to stop, and ServerFailed like ``wait``.
        """
        if self._asked.is_set():
            raise KeyboardInterrupt
        self._look_after_all()

    def ask_to_stop(self) -> None:
        """Make ``wait`` return."""
        self._asked.set()

    def pid_of(self, name: str) -> int | None:
        """Return the number of the running process of that name."""
        found = next((each.child for each in self._kept if each.process.name == name), None)
        return found.process.pid if found and found.is_running else None

    def _look_after_all(self) -> None:
        for each in self._kept:
            each.look_after(self._gives_up_after)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked.is_set():
            self._in_a_hurry.set()
        self._asked.set()

    def _stop_all(self) -> None:
        for each in reversed(self._kept):
            each.ask_to_end()
        for each in reversed(self._kept):
            each.end(in_a_hurry=self._in_a_hurry)


class _Kept:
    """One process, its present child and how often that ended."""

    def __init__(self, process: Process, folder: Path, write: Callable[[str], None]) -> None:
        self.process = process
        self.child: Child | None = None
        self._folder = folder
        self._write = write
        self._endings = 0
        self._started_at = 0.0
        self._again_at: float | None = None
        self._last_lines: deque[str] = deque(maxlen=REMEMBERED_LINES)
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        program = Program(
            name=self.process.name,
            command=self.process.command,
            folder=Path.cwd(),
            pid_file=self._folder / f"{self.process.name}.pid",
            log=self.process.log,
            environment={**os.environ, "PYTHONUNBUFFERED": "1", **self.process.environment},
            stop_signals=((signal.SIGTERM, self.process.patience), (signal.SIGKILL, 5.0)),
        )
        self._again_at = None
        self._started_at = time.monotonic()
        self.child = Child.start(program)
        if self.process.log is None:
            self._reader = threading.Thread(target=self._read, args=(self.child,), daemon=True)
            self._reader.start()

    def look_after(self, gives_up_after: int | None) -> None:
        if self.child is None or self.child.is_running:
            return
        if self._again_at is None:
            self._note_ending(gives_up_after)
        elif time.monotonic() >= self._again_at:
            self.start()

    def _note_ending(self, gives_up_after: int | None) -> None:
        assert self.child
        self._bury(self.child)
        now = time.monotonic()
        self._endings = 1 if now - self._started_at > STEADY_AFTER_SECONDS else self._endings + 1
        pause = pause_before_restart(self._endings)
        self._again_at = now + pause
        self._say(f"ended with {self.child.process.returncode}; starting again in {pause:g} s")
        if gives_up_after is not None and self._endings >= gives_up_after:
            told = "\n".join(self._last_lines) or self.child.tail_of(self.process.log)
            raise ServerFailed(f"{self.process.name} ended {self._endings} times. Its last lines:\n{told}")

    def ask_to_end(self) -> None:
        if self.child and self.child.is_running:
            self.child.process.terminate()

    def end(self, *, in_a_hurry: threading.Event) -> None:
        if self.child is None:
            return
        deadline = time.monotonic() + self.process.patience
        while self.child.is_running and not in_a_hurry.wait(POLL_SECONDS):
            if time.monotonic() > deadline:
                self._say(f"did not end within {self.process.patience:g} s; stopping it by force")
                break
        if self.child.is_running:
            self.child.process.kill()
        self._bury(self.child)

    def _bury(self, child: Child) -> None:
        if self._reader:
            self._reader.join(timeout=1)  # its last words, unless a grandchild still holds the line
        child.stop()

    def _read(self, child: Child) -> None:
        with contextlib.suppress(ValueError, OSError):  # the pipe is closed when the child is buried
            for line in child.process.stdout or ():
                self._say(line.decode(errors="replace").rstrip())

    def _say(self, line: str) -> None:
        self._last_lines.append(line)
        self._write(f"{self.process.name:<{NAME_WIDTH}}| {line}")


@contextlib.contextmanager
def _signals(hear: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {each: signal.signal(each, hear) for each in STOPPING}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _to_standard_output(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
