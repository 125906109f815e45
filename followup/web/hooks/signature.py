"""Whether a webhook was signed by the carrier.

The signed text is the address the carrier was given, from the configured base (never from Host or a forwarded
header: the sender writes those), followed by every form field as it came. The algorithm and the keys are pinned
here: no header chooses them. Everything is compared as bytes in constant time, and nothing raises for what a
stranger sends. Source: Twilio, "Validating requests", and its SDK's RequestValidator, which a property test holds
this file to.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

SIGNATURE_BYTES = 28  # base64 of the 20 bytes of HMAC-SHA1
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """Checks signatures for one public address. ``auth_tokens``: all are accepted, while one is being rotated."""

    public_url: str
    auth_tokens: tuple[str, ...]

    def __repr__(self) -> str:
        """Never show the tokens."""
        return f"SignatureCheck({self.public_url}, {len(self.auth_tokens)} tokens)"

    def is_signed(
        self, path: bytes, query: bytes, fields: Sequence[tuple[str, str]], signature: bytes
    ) -> bool:
        """Whether ``signature`` fits the raw path, raw query and decoded form fields of a request."""
        if len(signature) != SIGNATURE_BYTES:
            return False
        rest = path.decode("ascii", "surrogateescape")
        if query:
            rest += "?" + query.decode("ascii", "surrogateescape")
        told = _told(fields)
        texts = [
            (url + told).encode("utf-8", "surrogateescape") for url in _both_ports(self.public_url, rest)
        ]
        # No early exit: every key and both ways to write the port are tried, whatever the first one said.
        fits = [
            hmac.compare_digest(sign(token, text), signature) for token in self.auth_tokens for text in texts
        ]
        return any(fits)


def sign(auth_token: str, text: bytes) -> bytes:
    """Return the signature of a text under one auth token, in base64."""
    return base64.b64encode(hmac.new(auth_token.encode(), text, hashlib.sha1).digest())


def _told(fields: Iterable[tuple[str, str]]) -> str:
    """Return the fields as they are signed: by name, a repeated name with its different values in order."""
    # Pairs sort by name and then by value, and a set holds each different pair once: exactly the carrier's rule.
    return "".join(name + value for name, value in sorted(set(fields)))


def _both_ports(public_url: str, rest: str) -> tuple[str, str]:
    """Return the address without and with its port: the carrier itself is not consistent about it."""
    parts = urlsplit(public_url)
    host = parts.netloc.rsplit(":", 1)[0] if parts.port else parts.netloc
    port = parts.port or _PORTS.get(parts.scheme, 80)
    return tuple(  # type: ignore[return-value]
        urlunsplit((parts.scheme, netloc, parts.path, "", "")) + rest for netloc in (host, f"{host}:{port}")
    )
