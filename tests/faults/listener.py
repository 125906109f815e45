"""A server of a fault: listens on a free port of this machine and serves each connection in a thread of its own."""

from __future__ import annotations

import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager


class Listener(ABC):
    """Accepts until its block ends and ``over`` is set; what is done with a connection is the fault's own."""

    def __init__(self) -> None:
        self.over = threading.Event()

    @contextmanager
    def listening(self) -> Iterator[int]:
        """Listen until the block ends; gives the port."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.settimeout(0.1)
            thread = threading.Thread(target=self._accept, args=(listening,))
            thread.start()
            try:
                yield listening.getsockname()[1]
            finally:
                self.over.set()
                thread.join()

    def _accept(self, listening: socket.socket) -> None:
        while not self.over.is_set():
            try:
                line, _ = listening.accept()
            except TimeoutError:
                continue
            threading.Thread(target=self.serve, args=(line,), daemon=True).start()

    @abstractmethod
    def serve(self, line: socket.socket) -> None:
        """Do the fault to one connection, and close it."""
