"""A host that answers as a test says: slowly, endlessly, elsewhere. It notes what was asked of it, and how."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "the-credential-of-the-account"


@dataclass(slots=True)
class _Answer:
    status: int
    content: bytes
    headers: dict[str, str]
    is_announced: bool = True
    drip_every: float = 0.0


@dataclass(slots=True)
class HostileHost:
    """One host on this machine. ``asked`` holds each path and whether the credential came along."""

    port: int
    asked: list[tuple[str, bool]] = field(default_factory=list)
    _answers: list[_Answer] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Its base address."""
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[HostileHost]:
        """Serve until the end of the block."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        host = cls(server.server_port)
        server.host = host  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield host
        finally:
            host._stop.set()
            server.shutdown()
            server.server_close()
            thread.join()

    def answers(
        self, status: int, content: bytes = b"", *, location: str | None = None,
        headers: Mapping[str, str] | None = None, is_announced: bool = True,
    ) -> None:  # fmt: skip
        """Give the next answer."""
        told = dict(headers or {}) | ({} if location is None else {"Location": location})
        self._answers.append(_Answer(status, content, told, is_announced))

    def drips(self, content: bytes, *, every: float) -> None:
        """Answer with one byte at a time, for ever; seconds between them."""
        self._answers.append(_Answer(200, content, {}, is_announced=False, drip_every=every))


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        host: HostileHost = self.server.host  # type: ignore[attr-defined]
        scheme, _, told = self.headers.get("Authorization", "").partition(" ")
        knows = scheme == "Basic" and SECRET.encode() in base64.b64decode(told)
        host.asked.append((self.path, knows))
        answer = host._answers.pop(0)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.is_announced:
            self.send_header("Content-Length", str(len(answer.content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        with suppress(OSError):
            if answer.drip_every:
                while not host._stop.wait(answer.drip_every):
                    self.wfile.write(answer.content[:1])
                    self.wfile.flush()
            else:
                self.wfile.write(answer.content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
