"""Sealing what patients tell us, and finding it again without reading it.

A sealed value is ``key id (4 bytes) + nonce (12 bytes) + AES-256-GCM ciphertext``, bound to its place (table,
column, row) by associated data: a value copied into another row does not open. A blind index is a keyed hash
that lets the database compare addresses and name prefixes without knowing them. There is no plaintext
fallback: without its key a value stays shut and the caller hears why.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_ID_BYTES = 4
_NONCE_BYTES = 12


class SealError(ValueError):
    """A sealed value could not be opened: its key is missing or it was moved or changed."""


@dataclass(frozen=True, slots=True)
class Key:
    """One 256-bit secret; encryption and blind index use keys derived from it for that purpose alone."""

    id: bytes
    encryption: AESGCM = field(repr=False)
    index: bytes = field(repr=False)
    backup: AESGCM = field(repr=False)

    @staticmethod
    def from_text(text: str) -> Key:
        """Read a key from 64 hexadecimal digits or URL-safe base64 of 32 bytes.

        Raises ValueError in words an operator understands; the text itself is never repeated.
        """
        secret = _secret_bytes(text.strip())
        return Key(
            id=_derive(secret, "id")[:_ID_BYTES],
            encryption=AESGCM(_derive(secret, "encryption")),
            index=_derive(secret, "blind index"),
            backup=AESGCM(_derive(secret, "backup")),
        )


class Blind(bytes):
    """A blind index under the newest key that also knows itself under the others.

    It is stored as it is; whoever looks something up compares with ``every``, because a row that a rotation has
    not reached yet still holds the index of an older key.
    """

    every: tuple[bytes, ...]

    def __new__(cls, under: Sequence[bytes]) -> Blind:
        """Make it from the same value's index under every key, newest first."""
        made = super().__new__(cls, under[0])
        made.every = tuple(under)
        return made


class KeyRing:
    """The keys of a service, newest first: the first seals and makes blind indexes, all of them open and find."""

    def __init__(self, keys: Sequence[Key]) -> None:
        if not keys:
            raise ValueError("at least one encryption key is needed")
        if len({key.id for key in keys}) < len(keys):
            raise ValueError("the same encryption key is given twice")
        self._keys = tuple(keys)
        self._sealing = keys[0]
        self._by_id = {key.id: key for key in keys}

    @property
    def newest(self) -> Key:
        """The key that seals."""
        return self._sealing

    @property
    def ids(self) -> tuple[bytes, ...]:
        """The ids of all keys, newest first; an id tells nothing about its key."""
        return tuple(key.id for key in self._keys)

    def key(self, key_id: bytes) -> Key:
        """Return the key with this id; raises SealError if it is not configured."""
        if key_id not in self._by_id:
            raise SealError("the encryption key this value was sealed with is not configured")
        return self._by_id[key_id]

    @staticmethod
    def from_texts(texts: Sequence[str]) -> KeyRing:
        """Build a ring from key texts, newest first."""
        return KeyRing([Key.from_text(text) for text in texts])

    def seal(self, text: str, place: str) -> bytes:
        """Encrypt ``text`` for ``place`` (table, column and row id in one string)."""
        nonce = os.urandom(_NONCE_BYTES)
        body = self._sealing.encryption.encrypt(nonce, text.encode("utf-8"), place.encode())
        return self._sealing.id + nonce + body

    def open(self, sealed: bytes, place: str) -> str:
        """Decrypt what was sealed for ``place``; raises SealError if the key or the place is another."""
        key = self.key(sealed[:_ID_BYTES])
        nonce, body = sealed[_ID_BYTES : _ID_BYTES + _NONCE_BYTES], sealed[_ID_BYTES + _NONCE_BYTES :]
        try:
            return key.encryption.decrypt(nonce, body, place.encode()).decode("utf-8")
        except InvalidTag:
            raise SealError("a sealed value was changed or moved from its row") from None

    def is_current(self, sealed: bytes) -> bool:
        """Tell whether ``sealed`` was sealed with the newest key (rotation has nothing to do)."""
        return sealed[:_ID_BYTES] == self._sealing.id

    def blind(self, kind: str, value: str) -> Blind:
        """Return the blind index (16 bytes) of ``value`` within ``kind``, such as ``phone`` or ``name``."""
        message = f"{kind}\x00{value}".encode()
        return Blind([hmac.new(key.index, message, hashlib.sha256).digest()[:16] for key in self._keys])


def new_key_text() -> str:
    """Return a fresh random key, in the form that ``Key.from_text`` reads."""
    return os.urandom(KEY_BYTES).hex()


def _derive(secret: bytes, purpose: str) -> bytes:
    return hmac.new(secret, f"followup {purpose}".encode(), hashlib.sha256).digest()


def _secret_bytes(text: str) -> bytes:
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        try:
            secret = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            secret = b""
    if len(secret) != KEY_BYTES:
        raise ValueError("an encryption key is 32 random bytes, written as 64 hexadecimal digits")
    return secret
