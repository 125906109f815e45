"""A lab, a clinic's web server that takes its webhooks, and the carrier's real SDK in between."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from followup.lab import AUTH_TOKEN, INSTANT, Lab


@dataclass
class Hook:
    """One webhook as the clinic saw it."""

    path: str
    form: dict[str, str]
    headers: dict[str, str]
    url: str

    def is_signed_with(self, token: str) -> bool:
        return bool(RequestValidator(token).validate(self.url, self.form, self.headers["x-twilio-signature"]))


@dataclass
class Clinic:
    """A web server that answers webhooks as it is told."""

    url: str
    hooks: list[Hook] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    documents: dict[str, str] = field(default_factory=dict)
    when_called: Callable[[Hook], None] = lambda _hook: None

    def forms(self, path: str) -> list[dict[str, str]]:
        return [hook.form for hook in self.hooks if hook.path.startswith(path)]

    def statuses(self, path: str = "/status") -> list[str]:
        return [form["MessageStatus"] for form in self.forms(path)]


def _handler(clinic: Clinic) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            hook = Hook(
                self.path, dict(parse_qsl(body, keep_blank_values=True)), headers, clinic.url + self.path
            )
            clinic.hooks.append(hook)
            clinic.when_called(hook)
            status = clinic.answers.pop(0) if clinic.answers else 200
            document = clinic.documents.get(self.path, "<Response/>").encode() if status == 200 else b""
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of callers that gave up: some tests are about them."""


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    seen = Clinic("")
    server = _Server(("127.0.0.1", 0), _handler(seen))
    seen.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield seen
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab.started(pace=INSTANT) as running:
        yield running


@pytest.fixture
def sdk_for() -> Iterator[Callable[[Lab], Client]]:
    """Make the real SDK talk to a lab."""
    sessions = []

    def make(lab: Lab) -> Client:
        http = TwilioHttpClient(timeout=10)
        sessions.append(http.session)
        client = Client(lab.account.sid, AUTH_TOKEN, http_client=http)
        client.api.base_url = lab.url
        return client

    yield make
    for session in sessions:
        session.close()


@pytest.fixture
def sdk(lab: Lab, sdk_for: Callable[[Lab], Client]) -> Client:
    return sdk_for(lab)
