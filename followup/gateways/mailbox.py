"""The mailbox that patients' mails reach: fetched raw, and marked only after our side has stored them.

A crash between the two fetches a mail again, and storing it again has no effect. Nothing is deleted: the mailbox
stays the clinic's. Sizes are asked for before anything is fetched, so that a huge mail is never in memory.
"""

from __future__ import annotations

import functools
import hashlib
import imaplib
import json
import re
import ssl
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from followup.errors import ConfigurationError, Unreachable
from followup.kit.mail.parse import LARGEST_MAIL
from followup.ports import Mailbox

SECONDS = 20.0
MOST_AT_ONCE = 50
# Of a mail that is too large only this much is read: its headers, so that a person can find it.
HEAD_BYTES = 64 * 1024
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


@functools.cache
def mailbox_of(url: SecretStr | None) -> Mailbox:
    """Return this process's mailbox, the same one each time: it remembers what it fetched but did not mark.

    Raises ConfigurationError for a URL that is not ``imaps://user:secret@host``, ``imap://…`` or ``lab+http://…``.
    """
    if url is None:
        return NoMailbox()
    parts = urlsplit(url.get_secret_value())
    if parts.scheme in ("imap", "imaps") and parts.hostname:
        return ImapMailbox(url.get_secret_value())
    if parts.scheme == "lab+http" and parts.hostname:
        return LabMailbox(url.get_secret_value().removeprefix("lab+"))
    raise ConfigurationError("FOLLOWUP_MAILBOX_URL must look like imaps://user:secret@mail.example.org")


class NoMailbox:
    """A clinic that takes no mails: nothing ever arrives."""

    def fetch(self) -> Sequence[bytes]:
        """Return nothing."""
        return ()

    def mark_stored(self, raw: bytes) -> None:
        """Do nothing."""


class ImapMailbox:
    """One folder of an IMAP server; what was stored gets the flag ``\\Seen``. One connection for each look."""

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        self._parts = urlsplit(url)
        self._folder = unquote(self._parts.path.strip("/")) or "INBOX"
        self._seconds = seconds
        self._numbers: dict[bytes, bytes] = {}

    def fetch(self) -> Sequence[bytes]:
        """Return raw mails not yet marked, oldest first; of one too large only its head. Raises Unreachable."""
        with self._opened() as server:
            found = server.uid("SEARCH", "UNSEEN")[1][0] or b""
            mails = []
            for number in found.split()[:MOST_AT_ONCE]:
                raw = self._one(server, number)
                if raw:
                    self._numbers[_key(raw)] = number
                    mails.append(raw)
            return mails

    def mark_stored(self, raw: bytes) -> None:
        """Mark one mail of the last fetch as stored on our side. Raises Unreachable."""
        number = self._numbers.pop(_key(raw), None)
        if number is not None:
            with self._opened() as server:
                server.uid("STORE", number.decode(), "+FLAGS", r"(\Seen)")

    def _one(self, server: imaplib.IMAP4, number: bytes) -> bytes:
        told = server.uid("FETCH", number.decode(), "(RFC822.SIZE)")[1]
        size = _SIZE.search(b" ".join(part for part in told if isinstance(part, bytes)))
        is_large = size is not None and int(size[1]) > LARGEST_MAIL
        part = f"(BODY.PEEK[]<0.{HEAD_BYTES}>)" if is_large else "(BODY.PEEK[])"
        for answer in server.uid("FETCH", number.decode(), part)[1]:
            if isinstance(answer, tuple):
                return bytes(answer[1])
        return b""

    @contextmanager
    def _opened(self) -> Iterator[imaplib.IMAP4]:
        parts = self._parts
        host = parts.hostname or ""
        try:
            server = (
                imaplib.IMAP4_SSL(
                    host, parts.port or 993, timeout=self._seconds, ssl_context=ssl.create_default_context()
                )
                if parts.scheme == "imaps"
                else imaplib.IMAP4(host, parts.port or 143, timeout=self._seconds)
            )
            with server:
                server.login(unquote(parts.username or ""), unquote(parts.password or ""))
                server.select(self._folder)
                yield server
        except (OSError, imaplib.IMAP4.error) as error:
            raise Unreachable(f"The mailbox at {host} can't be read: {type(error).__name__}.") from None


class LabMailbox:
    """The lab's mailbox over HTTP; remembers in this process how far it was stored."""

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        self._url = url
        self._seconds = seconds
        self._stored = 0
        self._numbers: dict[bytes, int] = {}

    def fetch(self) -> Sequence[bytes]:
        """Return raw mails after the last one that was marked. Raises Unreachable."""
        listed = json.loads(self._get(f"{self._url}?since={self._stored}"))["mails"]
        mails = []
        for each in listed[:MOST_AT_ONCE]:
            raw = self._get(f"{self._url}/{each['number']}")
            if len(raw) > LARGEST_MAIL:
                raw = raw[:HEAD_BYTES]
            self._numbers[_key(raw)] = int(each["number"])
            mails.append(raw)
        return mails

    def mark_stored(self, raw: bytes) -> None:
        """Remember that this mail and all before it are stored on our side."""
        self._stored = max(self._stored, self._numbers.pop(_key(raw), 0))

    def _get(self, url: str) -> bytes:
        try:
            # The scheme was checked when the mailbox was opened; only the lab has this address.
            with urllib.request.urlopen(url, timeout=self._seconds) as answer:  # noqa: S310
                return bytes(answer.read())
        except OSError as error:
            raise Unreachable(f"The lab's mailbox can't be read: {type(error).__name__}.") from None


def _key(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()
