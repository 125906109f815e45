"""Read a webhook's body without trusting any of it: right type, bounded in size, fields and time, then decoded.

A stranger may send anything, as fast as he can: whatever is wrong costs little and ends in a plain status. Fields
are kept exactly as they came, because the signature covers them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

# The longest text has 1,600 characters, at most 12 bytes each when encoded, and ten media addresses beside it.
LARGEST_BODY = 64 * 1024
MOST_FIELDS = 400
SLOWEST_BODY_SECONDS = 8.0


class Refusal(Exception):
    """A request that is not taken; ``status`` is all that its sender hears. ``why`` is for the security log."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of one form, in the order they came, blank ones and copies included."""

    fields: tuple[tuple[str, str], ...]

    def one(self, name: str) -> str:
        """Return the value of a field that may stand there once; empty if absent. Raises Refusal (400)."""
        values = [value for key, value in self.fields if key == name]
        if len(values) > 1:
            raise Refusal(400, "a field that decides something came twice")
        return values[0] if values else ""

    def as_dict(self) -> dict[str, str]:
        """Return the fields for storing; of copies the last one stays."""
        return dict(self.fields)


def header(request: Request, name: bytes) -> bytes:
    """Return a header as raw bytes: a hostile one need not be text. Raises Refusal (403) if it came twice."""
    values = [value for key, value in request.scope["headers"] if key == name]
    if len(values) > 1:
        raise Refusal(403, "a header came twice")
    return bytes(values[0]) if values else b""


async def read_form(request: Request) -> Form:
    """Read a form body. Raises Refusal: 415 (type), 413 (size or fields), 408 (slow), 400 (not UTF-8)."""
    kind, _, rest = header(request, b"content-type").partition(b";")
    if kind.strip().lower() != b"application/x-www-form-urlencoded" or not _is_utf8(rest):
        raise Refusal(415, "not a form")
    if header(request, b"content-encoding").strip().lower() not in (b"", b"identity"):
        raise Refusal(415, "a compressed body")
    body = await _read(request)
    try:
        fields: Sequence[tuple[str, str]] = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except UnicodeError:
        raise Refusal(400, "a body that is not UTF-8") from None
    except ValueError:
        raise Refusal(413, "too many fields") from None
    return Form(tuple(fields))


def _is_utf8(parameters: bytes) -> bool:
    _, _, charset = parameters.lower().partition(b"charset=")
    return charset.strip(b'"; ') in (b"", b"utf-8", b"utf8")


async def _read(request: Request) -> bytes:
    told = header(request, b"content-length")
    if told and (not told.isdigit() or int(told) > LARGEST_BODY):
        raise Refusal(413, "too large a body")
    body = bytearray()
    try:
        async with asyncio.timeout(SLOWEST_BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise Refusal(413, "too large a body")
    except (TimeoutError, ClientDisconnect):
        raise Refusal(408, "a body that did not end") from None
    return bytes(body)
