"""The carrier's calls to us: signed as the real ones, with the carrier's time limits and retries.

Sends the URL exactly as it was configured, because the signature covers every character of it.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

import aiohttp
from twilio.request_validator import RequestValidator
from yarl import URL

from followup.lab import overrides
from followup.lab.journal import Journal, Kind

AGENT = "TwilioProxy/1.1"


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a webhook: the last status (None: no answer), the answer's type and text, the tries."""

    status: int | None
    kind: str = ""
    text: str = ""
    tries: int = 1
    trouble: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the carrier is content."""
        return self.status is not None and 200 <= self.status < 300


class Webhooks:
    """Posts signed forms. ``routes`` maps a public base URL to where it really is, as a DNS would."""

    def __init__(self, journal: Journal, now: Callable[[], float]) -> None:
        self.routes: dict[str, str] = {}
        self._journal = journal
        self._now = now
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()

    async def post(self, url: str, form: Mapping[str, str], *, token: str, what: str) -> Answered:
        """Post the form to ``url`` until it is well answered or the carrier's patience ends.

        Every try has the same idempotency token. Writes one journal entry for each try.
        """
        address, patience = overrides.split(url)
        headers = {
            "X-Twilio-Signature": RequestValidator(token).compute_signature(address, form),
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
            "User-Agent": AGENT,
            "Accept": "*/*",
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        }
        body = urlencode(form).encode()
        end = time.monotonic() + patience.total
        tries = 0
        while True:
            tries += 1
            answered = await self._try(address, body, headers=headers, patience=patience, end=end)
            self._journal.write(
                Kind.WEBHOOK,
                self._now(),
                what=what,
                url=address,
                form=dict(form),
                signature=headers["X-Twilio-Signature"],
                token=headers["I-Twilio-Idempotency-Token"],
                attempt=tries,
                status=answered.status,
                trouble=answered.trouble,
            )
            enough = answered.is_good or tries > patience.retries or time.monotonic() >= end
            if enough or not patience.tries_again_after(answered.trouble):
                return Answered(answered.status, answered.kind, answered.text, tries, answered.trouble)

    async def _try(
        self,
        address: str,
        body: bytes,
        *,
        headers: Mapping[str, str],
        patience: overrides.Patience,
        end: float,
    ) -> Answered:
        left = max(end - time.monotonic(), 0.001)
        limits = aiohttp.ClientTimeout(total=left, sock_connect=patience.connect, sock_read=patience.read)
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=200)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        try:
            async with self._session.post(
                URL(self._routed(address), encoded=True),
                data=body,
                headers=headers,
                timeout=limits,
                allow_redirects=False,
            ) as answer:
                text = await answer.text(errors="replace")
                trouble = "" if answer.status < 400 else "5xx" if answer.status >= 500 else "4xx"
                return Answered(answer.status, answer.headers.get("Content-Type", ""), text, trouble=trouble)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Answered(None, trouble="ct")
        except (TimeoutError, aiohttp.ClientError, ValueError, OSError):
            return Answered(None, trouble="rt")

    def _routed(self, address: str) -> str:
        for public, actual in self.routes.items():
            if address.startswith(public):
                there, given = urlsplit(actual), urlsplit(address)
                return urlunsplit((there.scheme, there.netloc, given.path, given.query, ""))
        return address
