"""Whose word counts about where a request comes from, and how long a body may take to arrive."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvicorn

from followup.cli.processes import web_options
from followup.errors import ConfigurationError
from followup.settings import Settings, load
from followup.web import security
from followup.web.security import Guard

PATIENT, PROXY = "198.51.100.7", "10.0.3.4"


def seen_from(settings: Settings, *, peer: str, told: str) -> tuple[str, str]:
    """The client and scheme that the application sees behind the web server's own layers."""
    seen: list[tuple[str, str]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["client"][0], scope["scheme"]))

    config = uvicorn.Config(app, interface="asgi3", lifespan="off", **web_options(settings))
    config.load()
    headers = [(b"x-forwarded-for", told.encode()), (b"x-forwarded-proto", b"https")]
    scope = {"type": "http", "client": (peer, 4711), "scheme": "http", "headers": headers, "path": "/"}
    asyncio.run(config.loaded_app(scope, None, None))  # type: ignore[arg-type]
    return seen[0]


@pytest.mark.parametrize(
    ("peer", "told", "expected"),
    [
        (PROXY, PATIENT, (PATIENT, "https")),
        (PROXY, f"6.6.6.6, {PATIENT}", (PATIENT, "https")),
        ("10.0.3.99", PATIENT, ("10.0.3.99", "http")),
        ("203.0.113.9", "127.0.0.1", ("203.0.113.9", "http")),
    ],
)
def test_only_a_listed_proxy_says_who_is_behind_it(
    settings: Settings, peer: str, told: str, expected: tuple[str, str]
) -> None:
    listed = settings.model_copy(update={"trusted_proxies": ("10.0.3.0/28",)})
    assert seen_from(listed, peer=peer, told=told) == expected


def test_with_an_empty_list_nobody_is_believed(settings: Settings) -> None:
    nobody = settings.model_copy(update={"trusted_proxies": ()})
    assert seen_from(nobody, peer="127.0.0.1", told=PATIENT) == ("127.0.0.1", "http")


@pytest.mark.parametrize("wrong", ["*", "proxy.example", "10.0.3.0/33", "0.0.0.0/0", "::/0"])
def test_a_list_that_would_believe_everybody_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="TRUSTED_PROXIES"):
        load({"FOLLOWUP_TRUSTED_PROXIES": wrong})


def test_f55_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "SLOWEST_BODY_SECONDS", 0.05)
    sent: list[dict[str, Any]] = []

    async def reads(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            continue

    async def never() -> dict[str, Any]:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"a", "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"sec-fetch-site", b"same-origin")]
    scope = {
        "type": "http", "method": "POST", "path": "/x", "raw_path": b"/x", "query_string": b"", "headers": headers,
    }  # fmt: skip
    guard = Guard(reads, public_url="https://clinic.example", room=1)
    asyncio.run(asyncio.wait_for(guard(scope, never, send), 10))
    assert sent[0]["status"] == 408


def test_a_page_that_stays_open_after_its_body_is_not_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "SLOWEST_BODY_SECONDS", 0.05)

    async def read_and_stay() -> str:
        loop = asyncio.get_running_loop()
        left = asyncio.Event()
        messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> dict[str, Any]:
            for message in messages:
                return message
            await left.wait()
            return {"type": "http.disconnect"}

        counted = security._limited(receive)
        await counted()
        loop.call_later(0.15, left.set)
        return str((await counted())["type"])

    assert asyncio.run(read_and_stay()) == "http.disconnect"
