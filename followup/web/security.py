"""What holds for every answer and every request, whatever page it is: headers, sizes, and who may post.

Forms carry no token. A browser says by itself where a request comes from (``Sec-Fetch-Site``, ``Origin``),
and what comes from another site, or does not say, changes nothing here. The API and the webhooks are not
driven by a cookie and prove themselves otherwise. The service's own address is the configured one; the Host
header is never believed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from followup.log import logger

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_log = logger("followup.security")

MOST_BODY_BYTES = 256 * 1024
MOST_HEADER_BYTES = 16 * 1024
MOST_ADDRESS_BYTES = 4 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Doors that no cookie opens, so that no other site can make a browser use them: keys, signatures, signed links.
NOT_BY_COOKIE = ("/api/", "/hooks/", "/u/")
# What holds neither a thread nor a connection of the pages for long.
NEEDS_NO_ROOM = ("/hooks/", "/static/", "/healthz")
PATIENCE_SECONDS = 30
# A form is small: whoever needs longer to send one holds a place on purpose.
SLOWEST_BODY_SECONDS = 20.0

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)


def headers_for(path: str, *, is_https: bool) -> Headers:
    """Return the headers of every answer below ``path``; nothing but static files may be kept by anybody."""
    is_static = path.startswith("/static/")
    fixed = {
        "content-security-policy": CONTENT_POLICY,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
        "cache-control": "public, max-age=31536000, immutable" if is_static else "no-store",
    }
    if is_https:
        fixed["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return [(name.encode(), value.encode()) for name, value in fixed.items()]


def is_from_here(headers: dict[bytes, bytes], public_url: str) -> bool:
    """Whether a browser says that this request was made by one of our own pages.

    Browsers that do not send ``Sec-Fetch-Site`` send ``Origin`` with every post. A request with neither is
    refused: there is no page of ours that it could come from.
    """
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site in (b"same-origin", b"none")
    return headers.get(b"origin") == origin_of(public_url).encode()


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address, as a browser writes an origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def too_large(scope: Scope) -> int | None:
    """Return the status for a request whose address or headers are absurdly long, before anything reads them."""
    if len(scope.get("raw_path") or scope["path"].encode()) + len(scope["query_string"]) > MOST_ADDRESS_BYTES:
        return 414
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if not length.isdigit() or int(length[:20]) > MOST_BODY_BYTES:
        return 413 if length.isdigit() else 400
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_HEADER_BYTES:
        return 431
    return None


class Guard:
    """The outermost layer of ours: refuses what may not pass, adds the headers, turns a crash into a plain 500.

    ``room`` requests are served at once; the others wait here, where waiting takes neither a thread nor a
    connection. Without that limit a rush fills every thread with requests that wait for a connection, while
    those that have one wait for a thread.
    """

    def __init__(self, app: App, *, public_url: str, room: int) -> None:
        self._app = app
        self._room = asyncio.Semaphore(room)
        self._public_url = public_url
        self._is_https = public_url.startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, headers_for(scope["path"], is_https=self._is_https))
        status = too_large(scope) or (403 if self._is_forged(scope) else None)
        if status is not None:
            _log.warning("request refused", status=status, method=scope["method"])
            await answer.plain(status)
            return
        try:
            await self._in_turn(scope, _limited(receive), answer.send)
        except _TooMuch:
            await answer.plain(413)
        except _TooSlow:
            await answer.plain(408)
        except _NoRoom:
            await answer.plain(503)
        except Exception as error:  # noqa: BLE001 - the last place that can still answer; the trace goes to the log
            _log.error("request failed", error=type(error).__name__, exc_info=error)
            if not answer.has_begun:
                await answer.plain(500)

    async def _in_turn(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve when there is room; webhooks and files take none of it."""
        if scope["path"].startswith(NEEDS_NO_ROOM):
            await self._app(scope, receive, send)
            return
        try:
            await asyncio.wait_for(self._room.acquire(), PATIENCE_SECONDS)
        except TimeoutError:
            raise _NoRoom from None
        try:
            await self._app(scope, receive, send)
        finally:
            self._room.release()

    def _is_forged(self, scope: Scope) -> bool:
        if scope["method"] in SAFE_METHODS or scope["path"].startswith(NOT_BY_COOKIE):
            return False
        return not is_from_here(dict(scope["headers"]), self._public_url)


_WORDS = {
    400: "This request can't be read.",
    408: "This took too long to arrive. Please try again.",
    413: "This is more than we read at once.",
    403: "This request did not come from a page of this service, so nothing was changed. Go back and try again.",
    414: "This address is too long.",
    431: "This request has too many headers. Clear the cookies of this site and try again.",
    503: "Too many people at once. Please try again in a moment.",
    500: "Something broke on our side and was written down. Nothing was changed. Please try again.",
}


class _NoRoom(Exception):
    """Nobody finished in time."""


class _TooMuch(Exception):
    """More came than was announced, or than is ever read."""


class _TooSlow(Exception):
    """A body did not end in time."""


def _limited(receive: Receive) -> Receive:
    """Count and time what comes, whatever was announced: a body without a length must not fill the memory.

    Waiting for the reader to leave, which comes after the body, may take as long as a page is looked at.
    """
    left, is_complete = MOST_BODY_BYTES, False
    ends = time.monotonic() + SLOWEST_BODY_SECONDS

    async def counted() -> Message:
        nonlocal left, is_complete
        if is_complete:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), ends - time.monotonic())
        except TimeoutError:
            raise _TooSlow from None
        is_complete = not message.get("more_body", False)
        left -= len(message.get("body", b""))
        if left < 0:
            raise _TooMuch
        return message

    return counted


class _Answer:
    """Sends, with our headers put in front of those of the page."""

    def __init__(self, send: Send, fixed: Headers) -> None:
        self._send = send
        self._fixed = fixed
        self.has_begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            message["headers"] = _merged(self._fixed, message["headers"])
        await self._send(message)

    async def plain(self, status: int) -> None:
        body = _WORDS[status].encode()
        kind = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
        await self.send({"type": "http.response.start", "status": status, "headers": kind})
        await self.send({"type": "http.response.body", "body": body})


def _merged(fixed: Headers, own: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Ours win, so that no page can loosen them by accident."""
    ours = {name for name, _ in fixed}
    return [*fixed, *((name, value) for name, value in own if name.lower() not in ours)]
