"""A small proxy for TCP and Unix sockets that cuts, holds and swallows: what a network does to a conversation."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

Address = tuple[str, int] | str


class Proxy:
    """Carries bytes between whoever connects and ``behind``, until told otherwise.

    ``on_answer``: called when the first byte of an answer comes; that byte is not carried, and the line is cut.
    ``swallow_after``: bytes in a request; the answer to the request that has them is swallowed, and the line is cut
    (once). ``is_holding``: nothing is carried, nothing is refused. ``is_cut``: every line is cut at once.
    """

    def __init__(self, behind: Address, *, at: Path | None = None) -> None:
        self._behind = behind
        self._at = at
        self.on_answer: Callable[[], None] | None = None
        self.swallow_after: bytes | None = None
        self.swallowed = threading.Event()
        self._holding = threading.Event()
        self._over = threading.Event()
        self._lines: list[socket.socket] = []
        self.port = 0

    def hold(self) -> None:
        """Carry nothing from now on."""
        self._holding.set()

    def carry(self) -> None:
        """Carry again."""
        self._holding.clear()

    def cut(self) -> None:
        """Cut every line there is; new ones are carried."""
        lines, self._lines = self._lines, []
        for line in lines:
            _close(line)

    def __enter__(self) -> Proxy:
        """Listen."""
        if self._at is not None:
            self._listening = socket.socket(socket.AF_UNIX)
            self._listening.bind(str(self._at))
            self._listening.listen(200)
        else:
            self._listening = socket.create_server(("127.0.0.1", 0))
            self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and cut every line."""
        self._over.set()
        self._holding.clear()
        _close(self._listening)
        self.cut()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            family = socket.AF_UNIX if isinstance(self._behind, str) else socket.AF_INET
            far = socket.socket(family)
            try:
                far.connect(self._behind)
            except OSError:
                _close(near)
                _close(far)
                continue
            self._lines += [near, far]
            swallows = threading.Event()
            threading.Thread(target=self._ask, args=(near, far, swallows), daemon=True).start()
            threading.Thread(target=self._answer, args=(near, far, swallows), daemon=True).start()

    def _ask(self, near: socket.socket, far: socket.socket, swallows: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := near.recv(65536):
                self._wait()
                wanted = self.swallow_after
                if wanted and wanted in data:
                    self.swallow_after = None
                    swallows.set()
                far.sendall(data)
        _close(far)

    def _answer(self, near: socket.socket, far: socket.socket, swallows: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := far.recv(65536):
                self._wait()
                if swallows.is_set():
                    self.swallowed.set()
                    break
                if self.on_answer is not None:
                    hook, self.on_answer = self.on_answer, None
                    hook()
                    break
                near.sendall(data)
        _close(near)
        _close(far)

    def _wait(self) -> None:
        while self._holding.is_set() and not self._over.wait(0.02):
            pass


def _close(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()
