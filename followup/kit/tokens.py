"""Tokens: signed links for one purpose, random secrets, and codes that a tired nurse can type.

Whoever holds a token may do one thing, so it must expire, must not work for another purpose, and is stored only as
a hash. A signed token can be read by anyone: it holds ids, never patient data. Expiry is machine time: the caller
passes the database's ``now()``, so that a moved demo clock opens no old link.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

LONGEST_TOKEN = 2048

# Without 0 O, 1 I L, B (8), D Q, G (6), S (5), U Y (V), Z (2). 23 is prime, so that the check character finds every
# single wrong character and every swap of two.
CODE_ALPHABET = "23456789ACEFHJKMNPRTVWX"
_READ_AS = str.maketrans({"B": "8", "G": "6", "S": "5", "Z": "2", "Y": "V", "U": "V"})


class TokenError(ValueError):
    """A token that does not hold: ``invalid`` (never say why to a stranger) or ``expired``."""

    def __init__(self, code: str) -> None:
        super().__init__("This link has expired." if code == "expired" else "This link is not valid.")
        self.code = code


class Seal:
    """Signs and reads tokens for one purpose.

    ``secret_keys``: the first signs, all are accepted, so that a key can be changed without breaking open links.
    """

    def __init__(self, secret_keys: Sequence[str], purpose: str) -> None:
        if not purpose or not secret_keys or not all(secret_keys):
            raise ValueError("a seal needs a purpose and at least one key")
        # The library signs with the last key of its list.
        self._serializer = URLSafeSerializer(
            list(reversed(secret_keys)),
            salt=f"followup.{purpose}",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def sign(self, payload: Any, *, expires_at: datetime) -> str:
        """Return a token for a JSON-like payload that holds until ``expires_at`` (aware)."""
        if expires_at.tzinfo is None:
            raise ValueError("a token expires at an instant with a zone")
        return str(self._serializer.dumps([int(expires_at.timestamp()), payload]))

    def read(self, token: str, *, now: datetime) -> Any:
        """Return the payload. Raises TokenError if it was forged, is for another purpose, or has expired."""
        if len(token) > LONGEST_TOKEN:
            raise TokenError("invalid")
        try:
            expires, payload = self._serializer.loads(token)
            has_expired = now.timestamp() >= int(expires)
        except (BadData, TypeError, ValueError):
            raise TokenError("invalid") from None
        if has_expired:
            raise TokenError("expired")
        return payload


def random_token() -> str:
    """Return 128 random bits, safe in a URL (22 characters)."""
    return secrets.token_urlsafe(16)


def hash_token(token: str) -> bytes:
    """Return the SHA-256 (32 bytes) to store. For random tokens only: passwords need a slow hash."""
    return hashlib.sha256(token.encode()).digest()


def same(first: str | bytes, second: str | bytes) -> bool:
    """Compare without telling by the time it takes how much was right."""
    return hmac.compare_digest(_as_bytes(first), _as_bytes(second))


def new_reply_code(length: int = 4) -> str:
    """Return a random code such as ``7K4A``: a digit in it, so that it is no word, and a check character last."""
    if length < 3:
        raise ValueError("a reply code has at least three characters")
    while True:
        body = "".join(secrets.choice(CODE_ALPHABET) for _ in range(length - 1))
        if any(char.isdigit() for char in body):
            return body + _check_character(body)


def is_reply_code(code: str) -> bool:
    """Whether the characters are of the alphabet and the check character fits."""
    if len(code) < 3 or any(char not in CODE_ALPHABET for char in code):
        return False
    return any(char.isdigit() for char in code) and code[-1] == _check_character(code[:-1])


def find_reply_codes(text: str, length: int = 4) -> tuple[str, ...]:
    """Return the codes in a text, in order and once each: ``ok 7k-4a`` gives ``("7K4A",)``.

    Characters outside the alphabet are read as their look-alike (``S`` as ``5``). A candidate needs a digit as
    written and a fitting check character; whether the code is open, and for this sender, the caller looks up.
    """
    upper = text.upper()
    spaced = rf"(?<![A-Z0-9])[A-Z0-9](?:[ .-]?[A-Z0-9]){{{length - 1}}}(?![A-Z0-9])"
    found: dict[str, None] = {}
    for match in re.finditer(rf"(?=({spaced}))", upper):
        written = re.sub(r"[ .-]", "", match.group(1))
        code = written.translate(_READ_AS)
        if any(char.isdigit() for char in written) and is_reply_code(code):
            found[code] = None
    return tuple(found)


def _check_character(body: str) -> str:
    total = sum((place + 2) * CODE_ALPHABET.index(char) for place, char in enumerate(body))
    return CODE_ALPHABET[total % len(CODE_ALPHABET)]


def _as_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
