"""A clinic's web server with nothing but the webhooks, as a carrier or a stranger reaches it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import http.client
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from followup.bootstrap import House, build
from followup.db.session import Bell
from followup.intake.models import ProviderEvent
from followup.settings import Settings
from followup.web.hooks import door, email, twilio

ACCOUNT = "AC" + "1" * 32
TOKEN, NEXT_TOKEN = "carrier-token-now", "carrier-token-next"
PUBLIC = "https://followup.example"
SID = "SM" + "a" * 32
ATTEMPT = "attempt-token-0123456789"


def app_of(house: House) -> FastAPI:
    """The webhooks of one house as an application."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        await door.close(app.state)

    app = FastAPI(lifespan=life)
    app.state.house = house
    app.include_router(twilio.router)
    app.include_router(email.router)
    return app


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an application on a free port of this machine; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", ws="none", access_log=False))
    ready = threading.Event()

    async def serve() -> None:
        task = asyncio.create_task(server.serve())
        while not server.started and not task.done():
            await asyncio.sleep(0.005)
        ready.set()
        await task

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="webhooks of the test")
    thread.start()
    ready.wait(20)
    try:
        yield f"http://127.0.0.1:{_port(server)}"
    finally:
        server.should_exit = True
        thread.join(20)


def _port(server: Any) -> int:
    return int(server.servers[0].sockets[0].getsockname()[1])


def house_with_hooks(settings: Settings, rung: list[Bell]) -> House:
    """A house whose carrier account and two auth tokens are the ones of these tests."""
    changed = settings.model_copy(
        update={
            "public_url": PUBLIC,
            "twilio_account_sid": ACCOUNT,
            "twilio_auth_token": (SecretStr(NEXT_TOKEN), SecretStr(TOKEN)),
        }
    )
    return build(changed, ringer=rung.extend)


def form(**fields: str) -> dict[str, str]:
    usual = {
        "AccountSid": ACCOUNT, "MessageSid": SID, "From": "+14155550101", "To": "+14155550199",
        "Body": "3, sore but ok", "NumMedia": "0",
    }  # fmt: skip
    return usual | fields


def signature(path: str, fields: list[tuple[str, str]], token: str = TOKEN) -> str:
    told = f"{PUBLIC}{path}" + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.new(token.encode(), told.encode(), hashlib.sha1).digest()).decode()


def post(
    web: str, path: str, fields: dict[str, str] | list[tuple[str, str]], *, headers: dict[str, str] | None = None,
    body: bytes | None = None, method: str = "POST",
) -> http.client.HTTPResponse:  # fmt: skip
    pairs = list(fields.items()) if isinstance(fields, dict) else fields
    sent = {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "X-Twilio-Signature": signature(path, pairs),
    } | (headers or {})
    sent = {name: value for name, value in sent.items() if value != "-"}
    parts = urlsplit(web)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    connection.request(method, path, body=urlencode(pairs).encode() if body is None else body, headers=sent)
    answer = connection.getresponse()
    answer.body = answer.read()  # type: ignore[attr-defined]
    connection.close()
    return answer


def events(house: House) -> list[ProviderEvent]:
    with house.database.engine() as session:
        return list(session.query(ProviderEvent).order_by(ProviderEvent.received_at, ProviderEvent.id))
