"""One encrypted file, written and read as a stream: what a backup is kept in.

Every piece is sealed with AES-256-GCM, bound to its file, its number and whether it is the last: a file that was
cut off, reordered, mixed with another or changed in a single bit does not open. Nothing in it can be read without
the key, and no more than a few pieces are in memory.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag

from followup.kit.crypto import Key, KeyRing, SealError

MAGIC = b"followup backup 1\n"
PIECE = 1024 * 1024
LONGEST_PIECE = 2 * PIECE
_NAME_BYTES = 16
_KEY_ID_BYTES = 4
_NONCE_BYTES = 12


class VaultWriter:
    """Compresses, cuts into pieces and seals what is written; ``close`` seals the last piece."""

    def __init__(self, file: BinaryIO, key: Key) -> None:
        self._file, self._key = file, key
        self._name = os.urandom(_NAME_BYTES)
        self._number = 0
        self._waiting = bytearray()
        self._squeeze = zlib.compressobj(6)
        file.write(MAGIC + key.id + self._name)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes."""
        self._waiting += self._squeeze.compress(data)
        while len(self._waiting) > PIECE:
            self._seal(bytes(self._waiting[:PIECE]), is_last=False)
            del self._waiting[:PIECE]

    def close(self) -> None:
        """Seal what is left; without this the file does not open."""
        self._waiting += self._squeeze.flush()
        while len(self._waiting) > PIECE:
            self._seal(bytes(self._waiting[:PIECE]), is_last=False)
            del self._waiting[:PIECE]
        self._seal(bytes(self._waiting), is_last=True)

    def _seal(self, piece: bytes, *, is_last: bool) -> None:
        nonce = os.urandom(_NONCE_BYTES)
        body = nonce + self._key.backup.encrypt(
            nonce, piece, _bound(self._name, self._number, is_last=is_last)
        )
        self._file.write(len(body).to_bytes(4, "big") + body)
        self._number += 1


def read_vault(file: BinaryIO, ring: KeyRing) -> Iterator[bytes]:
    """Yield what was written, piece by piece. Raises SealError for a missing key or a file that was changed."""
    if file.read(len(MAGIC)) != MAGIC:
        raise SealError("this file is not a backup of followup")
    key = ring.key(file.read(_KEY_ID_BYTES))
    name = file.read(_NAME_BYTES)
    swell = zlib.decompressobj()
    number, is_last = 0, False
    body = _next(file)
    while not is_last:
        following = _next(file)
        is_last = not following
        nonce, sealed = body[:_NONCE_BYTES], body[_NONCE_BYTES:]
        try:
            piece = key.backup.decrypt(nonce, sealed, _bound(name, number, is_last=is_last))
        except (InvalidTag, ValueError):
            raise SealError("the backup was changed or cut off") from None
        yield from _swollen(swell, piece)
        body, number = following, number + 1
    if not swell.eof:
        raise SealError("the backup was changed or cut off")


def _swollen(swell: zlib._Decompress, piece: bytes) -> Iterator[bytes]:
    while piece:
        yield swell.decompress(piece, PIECE)
        piece = swell.unconsumed_tail


def _next(file: BinaryIO) -> bytes:
    length = int.from_bytes(file.read(4), "big")
    if length > LONGEST_PIECE:
        raise SealError("the backup was changed or cut off")
    return file.read(length) if length else b""


def _bound(name: bytes, number: int, *, is_last: bool) -> bytes:
    return b"%s %d %d" % (name, number, is_last)
