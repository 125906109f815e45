"""The outside world as the domain sees it: protocols and their result values.

A gateway never raises for what a carrier does. It answers one of three things: it has it, it refused it, or
nobody can know (``InDoubt``). Doubt is an answer of its own because a text must not be sent twice for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Refusal(StrEnum):
    """Why a carrier or mail server did not take a message, by what has to follow from it."""

    not_processed = "not_processed"  # safe to try again: it never got there (429, connection refused, DNS)
    configuration = "configuration"  # our account or sender: everything stops, no attempt is burnt
    bad_text = "bad_text"  # this wording: no retry, the author's task
    bad_number = "bad_number"  # this address cannot be reached this way: another channel or a call
    opted_out = "opted_out"  # the patient said stop to the carrier
    temporary = "temporary"  # may work later, inside the message's own window
    blocked = "blocked"  # the carrier or the handset blocks us: once more another day, then a call
    expired = "expired"  # went stale in the carrier's queue
    unknown = "unknown"  # a code nobody has classified: a person looks at it


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier has it, under its own id."""

    provider_id: str
    status: str
    segments: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The carrier does not take it."""

    refusal: Refusal
    code: str
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The request left, the answer did not come or cannot be read: it may have been sent."""

    reason: str


Outcome = Accepted | Refused | InDoubt


@dataclass(frozen=True, slots=True)
class OutgoingSms:
    """One text to one number. ``sender`` is a number in E.164 or a messaging service id."""

    to: str
    body: str
    sender: str
    status_callback: str
    validity_seconds: int


@dataclass(frozen=True, slots=True)
class OutgoingCall:
    """One voice call; what is said is fetched by the carrier from ``instructions_url``."""

    to: str
    sender: str
    instructions_url: str
    status_callback: str
    ring_seconds: int = 25


@dataclass(frozen=True, slots=True)
class OutgoingEmail:
    """One mail, ready-made: raw RFC 5322 bytes and its envelope."""

    sender: str
    to: str
    raw: bytes
    message_id: str


@dataclass(frozen=True, slots=True)
class CarrierMessage:
    """A message as the carrier's list shows it."""

    provider_id: str
    direction: str
    sender: str
    to: str
    body: str
    status: str
    error_code: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MediaContent:
    """A file that came with a text, as the carrier handed it out."""

    content: bytes


@dataclass(frozen=True, slots=True)
class MediaRefused:
    """A file that was not fetched; ``again``: it may work later. ``reason``: plain words."""

    reason: str
    again: bool


class SmsGateway(Protocol):
    """A carrier that sends texts; every call has a hard deadline."""

    async def send(self, sms: OutgoingSms) -> Outcome:
        """Hand one text to the carrier."""
        ...

    async def fetch(self, provider_id: str) -> CarrierMessage | None:
        """Ask for one message by the carrier's id; None if it does not know it."""
        ...

    async def sent_to(self, number: str, *, since: datetime) -> Sequence[CarrierMessage]:
        """List what was sent to ``number``, newest first; used to settle a doubt."""
        ...

    async def received_by(self, number: str, *, since: datetime) -> Sequence[CarrierMessage]:
        """List what arrived at one of our numbers; used to find what a webhook missed."""
        ...


class VoiceGateway(Protocol):
    """A carrier that places calls."""

    async def call(self, call: OutgoingCall) -> Outcome:
        """Place one call."""
        ...


class EmailGateway(Protocol):
    """A mail server."""

    async def send(self, email: OutgoingEmail) -> Outcome:
        """Hand one mail to the server."""
        ...


class Mailbox(Protocol):
    """The mailbox that answers by email reach."""

    def fetch(self) -> Sequence[bytes]:
        """Return raw messages not yet seen; calling again after a crash may repeat them."""
        ...

    def mark_stored(self, raw: bytes) -> None:
        """Tell the mailbox that this message is stored on our side."""
        ...
