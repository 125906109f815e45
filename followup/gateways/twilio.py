"""Texts and calls through Twilio's own SDK, and questions about what became of them.

The SDK's asynchronous client with the connection limit raised is the fastest honest way to send. It has three
traps that this module closes: no time-out by default, success answers without an id that raise nothing, and
errors of two unrelated classes. Whatever is not clearly accepted or clearly refused is a doubt. Redirects are
never followed with credentials, and the SDK's environment variables for edges and regions are not honored.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from followup.messaging.carrier_errors import IN_DOUBT, classify
from followup.ports import (
    Accepted,
    CarrierMessage,
    InDoubt,
    Outcome,
    OutgoingCall,
    OutgoingSms,
    Refusal,
    Refused,
)

TWILIO_HOSTS = ("https://api.twilio.com",)
_retry_after: contextvars.ContextVar[float | None] = contextvars.ContextVar("retry_after", default=None)


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """How to sign in to the carrier; the API key sends, the auth token only checks signatures."""

    account_sid: str
    username: str
    password: str
    api_url: str

    def __repr__(self) -> str:
        """Never show the password."""
        return f"TwilioAccount({self.account_sid})"


class TwilioGateway:
    """One client for one event loop; use as ``async with`` so that its connections are closed."""

    def __init__(self, account: TwilioAccount, *, connections: int = 500, seconds: float = 10.0) -> None:
        self._account = account
        self._connections = connections
        self._seconds = seconds
        self._client: Client | None = None
        self._http: _Http | None = None

    async def __aenter__(self) -> TwilioGateway:
        """Open the connections in the running loop."""
        self._http = _Http(self._account.api_url, connections=self._connections, seconds=self._seconds)
        self._client = Client(
            self._account.username, self._account.password, self._account.account_sid, http_client=self._http,
            environment={},
        )  # fmt: skip
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()

    async def send(self, sms: OutgoingSms) -> Outcome:
        """Hand one text to the carrier."""
        origin = (
            {"messaging_service_sid": sms.sender} if sms.sender.startswith("MG") else {"from_": sms.sender}
        )
        return await _outcome(
            lambda: self._sdk().messages.create_async(
                to=sms.to,
                body=sms.body,
                status_callback=sms.status_callback,
                # The carrier drops what went stale in its own queue (bounds: 1 to 36,000 seconds).
                validity_period=max(1, min(sms.validity_seconds, 36_000)),
                # We count and normalize ourselves; a second opinion could change the words.
                smart_encoded=False,
                **origin,
            )
        )

    async def call(self, call: OutgoingCall) -> Outcome:
        """Place one call; what is said is fetched from our address."""
        return await _outcome(
            lambda: self._sdk().calls.create_async(
                to=call.to,
                from_=call.sender,
                url=call.instructions_url,
                status_callback=call.status_callback,
                status_callback_event=["initiated", "ringing", "answered", "completed"],
                timeout=call.ring_seconds,
            )
        )

    async def fetch(self, provider_id: str) -> CarrierMessage | None:
        """Ask for one message; None if the carrier does not know it."""
        try:
            return _listed(await self._sdk().messages(provider_id).fetch_async())
        except TwilioRestException as error:
            if error.status == 404:
                return None
            raise

    async def empty(self, provider_id: str) -> None:
        """Remove the words of one text at the carrier; one that it does not know any more has none."""
        try:
            await self._sdk().messages(provider_id).update_async(body="")
        except TwilioRestException as error:
            if error.status != 404:
                raise

    async def sent_to(self, number: str, *, since: datetime) -> Sequence[CarrierMessage]:
        """List texts to ``number`` made since ``since``, newest first."""
        return await self._list(since, to=number)

    async def received_by(self, number: str, *, since: datetime) -> Sequence[CarrierMessage]:
        """List texts that arrived at our ``number`` since ``since``, newest first."""
        listed = await self._list(since, to=number)
        return [each for each in listed if each.direction == "inbound"]

    async def _list(self, since: datetime, *, to: str) -> Sequence[CarrierMessage]:
        # The list's own time filter knows whole days and ignores unsent texts, so time is checked here.
        found = []
        stream = await self._sdk().messages.stream_async(to=to, page_size=200)
        async for record in stream:
            message = _listed(record)
            if message.created_at < since:
                break
            found.append(message)
        return found

    def _sdk(self) -> Client:
        if self._client is None:
            raise RuntimeError("the gateway is used inside 'async with'")
        return self._client


class _Http(AsyncTwilioHttpClient):  # type: ignore[misc]
    """The SDK's HTTP client with our base address, a time-out and room for many calls at once."""

    def __init__(self, base: str, *, connections: int, seconds: float) -> None:
        self._base = base
        super().__init__(pool_connections=False, timeout=seconds)
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections, ttl_dns_cache=60, family=socket.AF_UNSPEC),
            timeout=aiohttp.ClientTimeout(total=seconds, connect=5),
        )

    async def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """Send to our base address and remember how long the carrier asks us to wait."""
        for host in TWILIO_HOSTS:
            url = url.replace(host, self._base, 1)
        kwargs.pop("timeout", None)
        kwargs["allow_redirects"] = False
        if auth := kwargs.pop("auth", None):
            # The SDK's own way of signing in is deprecated by the HTTP library and warns on every call.
            kwargs["headers"] = {
                **(kwargs.get("headers") or {}),
                "Authorization": aiohttp.encode_basic_auth(*auth),
            }
        data = kwargs.get("data")
        if data:
            kwargs["data"] = _form(data)
        response = await super().request(method, url, *args, **kwargs)
        _retry_after.set(_seconds(response.headers.get("Retry-After") if response.headers else None))
        return response


def _form(data: dict[str, Any]) -> aiohttp.FormData:
    form = aiohttp.FormData()
    for name, value in data.items():
        for each in value if isinstance(value, list) else [value]:
            form.add_field(name, str(each))
    return form


def _seconds(text: str | None) -> float | None:
    try:
        return min(float(text), 300.0) if text else None
    except ValueError:
        return None


async def _outcome(send: Callable[[], Awaitable[Any]]) -> Outcome:
    """Turn whatever the SDK does into one of three answers."""
    _retry_after.set(None)
    try:
        return _taken(await send())
    except (TwilioRestException, TwilioServiceException) as error:
        return _refused(error)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
        # No connection, so no request: DNS, refused, TLS not trusted. Safe to try again.
        return Refused(Refusal.not_processed, type(error).__name__)
    except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, OSError) as error:
        return InDoubt(type(error).__name__)
    except (json.JSONDecodeError, UnicodeDecodeError, TypeError, KeyError, AttributeError, TwilioException):
        return InDoubt("unreadable answer")


def _taken(record: Any) -> Outcome:
    sid = getattr(record, "sid", None)
    if not isinstance(sid, str) or len(sid) != 34:
        return InDoubt("success without an id")
    segments = getattr(record, "num_segments", None)
    count = int(segments) if segments and str(segments).isdigit() and segments != "0" else None
    return Accepted(sid, str(getattr(record.status, "value", record.status)), count)


def _refused(error: TwilioRestException | TwilioServiceException) -> Outcome:
    status, code = error.status, str(error.code or error.status)
    if code in IN_DOUBT or (status >= 500 and code == str(status)):
        return InDoubt(f"http {status}")
    if status == 429:
        return Refused(Refusal.not_processed, code, retry_after_seconds=_retry_after.get())
    if 300 <= status < 400:
        return Refused(Refusal.configuration, f"redirect {status}")
    if status >= 500:
        return InDoubt(f"http {status}")
    return Refused(classify(code), code, retry_after_seconds=_retry_after.get())


def _listed(record: Any) -> CarrierMessage:
    return CarrierMessage(
        provider_id=record.sid,
        direction=str(getattr(record.direction, "value", record.direction)),
        sender=record.from_ or "",
        to=record.to or "",
        body=record.body or "",
        status=str(getattr(record.status, "value", record.status)),
        error_code=str(record.error_code) if record.error_code else None,
        created_at=record.date_created,
    )
