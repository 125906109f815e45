"""A monitor outside the house: a real server that remembers where it was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Monitor:
    """Where it is, what it answers, and the paths it was asked for."""

    url: str = ""
    status: int = 200
    heard: list[str] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Monitor]:
    """Serve on a free port until the end of the block."""
    told = Monitor()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.heard.append(self.path)
            self.send_response(told.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/ping"
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
