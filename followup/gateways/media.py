"""Files that came with a text, fetched from the carrier: from its API only, and from nowhere a stranger would like.

A webhook's field says where a file is. It is asked for only below our own account's path of the carrier's API. The
credential goes along with that one request and never over a redirect; a redirect may lead to the carrier's file
hosts only, over https, and to no address that is private. The name is resolved once and the connection goes to what
was checked, so that a name which answers differently the second time gains nothing. Size and time are limited.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from followup.gateways.twilio import TWILIO_HOSTS, TwilioAccount
from followup.ports import MediaContent, MediaRefused

# The carrier takes at most 5 MB for one text.
LARGEST_FILE = 5 * 1024 * 1024
SECONDS = 20.0
MOST_HOPS = 3
# Where the carrier keeps files for a few hours.
FILE_HOSTS = (".twiliocdn.com", ".twilio.com", ".amazonaws.com")
_PATH = re.compile(r"/2010-04-01/Accounts/(AC[0-9a-f]{32})/Messages/[SM]M[0-9a-f]{32}/Media/ME[0-9a-f]{32}")
_GONE = (401, 403, 404, 410)
# IPv6 addresses that carry an IPv4 address which has to be looked at instead.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class _Never(Exception):
    """Not to be fetched, today or later; the words are for the record."""


def fetcher(
    account: Callable[[], TwilioAccount], *, resolver: Callable[[], AbstractResolver] | None = None,
    seconds: float = SECONDS,
) -> Callable[[str], MediaContent | MediaRefused]:  # fmt: skip
    """Return what fetches one file by the address that the webhook named; it never raises for what others do.

    ``account`` is asked when there is something to fetch. ``resolver`` makes what finds the addresses of a name.
    """

    def fetch(address: str) -> MediaContent | MediaRefused:
        return asyncio.run(_fetch(account(), address, resolver or ThreadedResolver, seconds))

    return fetch


async def _fetch(
    account: TwilioAccount, address: str, resolver: Callable[[], AbstractResolver], seconds: float
) -> MediaContent | MediaRefused:
    checked = Checked(resolver(), base=account.api_url)
    try:
        async with asyncio.timeout(seconds), _client(checked) as client:
            return await _follow(client, account, address, checked)
    except _Never as never:
        return MediaRefused(str(never), again=False)
    except TimeoutError:
        return MediaRefused("the carrier was too slow", again=True)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return MediaRefused(f"the carrier could not be reached ({type(error).__name__})", again=True)


def _client(checked: Checked) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=checked, use_dns_cache=False, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


async def _follow(
    client: aiohttp.ClientSession, account: TwilioAccount, address: str, checked: Checked
) -> MediaContent | MediaRefused:
    url = _first(account, address)
    headers = {
        "Authorization": aiohttp.encode_basic_auth(account.username, account.password),
        "Accept-Encoding": "identity",
    }
    for _ in range(MOST_HOPS):
        async with client.get(url, headers=headers, allow_redirects=False) as answer:
            if 300 <= answer.status < 400:
                url = urljoin(url, answer.headers.get("Location", ""))
                checked.refuse_unknown(url)
                headers = {"Accept-Encoding": "identity"}
                continue
            if answer.status != 200:
                return MediaRefused(f"the carrier answered {answer.status}", again=answer.status not in _GONE)
            return MediaContent(await _read(answer))
    raise _Never("it leads from one address to the next")


def _first(account: TwilioAccount, address: str) -> str:
    """The address below our own account's path, at the base address of the settings; raises _Never."""
    parts = urlsplit(address)
    path = _PATH.fullmatch(parts.path)
    is_carrier = any(address.startswith(f"{host}/") for host in (*TWILIO_HOSTS, account.api_url))
    if not is_carrier or parts.query or path is None or path.group(1) != account.account_sid:
        raise _Never("its address is not one of our account at the carrier")
    return f"{account.api_url}{parts.path}"


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    if answer.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise _Never("it is packed")
    if (answer.content_length or 0) > LARGEST_FILE:
        raise _Never("it is too large")
    content = bytearray()
    async for chunk in answer.content.iter_chunked(64 * 1024):
        content += chunk
        if len(content) > LARGEST_FILE:
            raise _Never("it is too large")
    return bytes(content)


class Checked(AbstractResolver):
    """Resolves a name once and hands on only what may be connected to; the connection goes to exactly that."""

    def __init__(self, inner: AbstractResolver, *, base: str) -> None:
        self._inner = inner
        self._base = urlsplit(base)

    def refuse_unknown(self, url: str) -> None:
        """Raise _Never unless a redirect leads to the carrier's own file hosts over https, or to its API."""
        parts = urlsplit(url)
        if (parts.scheme, parts.netloc) == (self._base.scheme, self._base.netloc):
            return
        host = (parts.hostname or "").rstrip(".").lower()
        if parts.scheme != "https" or parts.username is not None or not host.endswith(FILE_HOSTS):
            raise _Never("the carrier's address leads to a place that is not the carrier's")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name; raises _Never if one of them is not public."""
        found = await self._inner.resolve(host, port, family)
        # The carrier's API may be anywhere the operator put it: the lab is on this machine.
        if host != self._base.hostname and not all(is_public(each["host"]) for each in found):
            raise _Never("its address is inside a private network")
        return found

    async def close(self) -> None:
        """Close what resolves."""
        await self._inner.close()


def is_public(text: str) -> bool:
    """Whether an IP address is one of the open internet, whatever it is wrapped in."""
    address: Any = ipaddress.ip_address(text.partition("%")[0])
    if address.version == 6:
        inside = address.ipv4_mapped or address.sixtofour
        if inside is None and address in _NAT64:
            inside = ipaddress.ip_address(int(address) & 0xFFFFFFFF)
        address = inside or address
    return bool(address.is_global) and not address.is_multicast
