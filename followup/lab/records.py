"""What the carrier remembers: texts, calls, handsets, senders, mails.

Mutable on purpose: they are the carrier's memory, touched only on the lab's own event loop. Times are seconds of
the carrier's clock since the epoch.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from followup.lab.faults import Delivery


class Direction(StrEnum):
    """Who a text came from, in the carrier's words."""

    INBOUND = "inbound"
    OUTBOUND = "outbound-api"
    REPLY = "outbound-reply"


class TextStatus(StrEnum):
    """States of a text, in the carrier's words."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    RECEIVED = "received"
    CANCELED = "canceled"


FINAL: Final = frozenset(
    {
        TextStatus.DELIVERED,
        TextStatus.UNDELIVERED,
        TextStatus.FAILED,
        TextStatus.RECEIVED,
        TextStatus.CANCELED,
    }
)


class CallStatus(StrEnum):
    """States of a call, in the carrier's words."""

    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELED = "canceled"


CALL_OVER: Final = frozenset(
    {CallStatus.COMPLETED, CallStatus.BUSY, CallStatus.NO_ANSWER, CallStatus.FAILED, CallStatus.CANCELED}
)


class Owner(StrEnum):
    """Whose phone it is, for the page."""

    PATIENT = "patient"
    STAFF = "staff"
    OTHER = "other"


_SERIAL = itertools.count(1)
_RUN = os.urandom(8).hex()


def new_sid(prefix: str) -> str:
    """A SID of the carrier's shape; unique over all labs of this machine."""
    return f"{prefix}{_RUN}{next(_SERIAL):016x}"


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or file that came with a text to the clinic."""

    sid: str
    kind: str
    content: bytes


@dataclass(slots=True)
class Text:
    """One message, either direction."""

    sid: str
    account_sid: str
    direction: Direction
    sender: str
    to: str
    body: str
    status: TextStatus
    created: float
    num_segments: int
    updated: float = 0.0
    sent: float | None = None
    error_code: int | None = None
    service_sid: str | None = None
    from_known: bool = True
    media: tuple[str, ...] = ()
    callback: str | None = None
    validity: float = 36_000.0
    hidden: bool = False
    # The account had its words removed: the list has none any more, the phone keeps what it got.
    is_emptied: bool = False
    delivery: Delivery | None = None
    by_carrier: bool = False
    will_fail: bool = False
    told: str = ""
    care_at: str | None = None
    posting: list[dict[str, str]] = field(default_factory=list)
    is_posting: bool = False


@dataclass(slots=True)
class Call:
    """One phone call, either direction."""

    sid: str
    account_sid: str
    direction: str
    sender: str
    to: str
    status: CallStatus
    created: float
    url: str | None = None
    method: str = "POST"
    twiml: str | None = None
    callback: str | None = None
    events: tuple[str, ...] = ("completed",)
    ring_for: float = 60.0
    detect_machine: bool = False
    answered_by: str | None = None
    started: float | None = None
    ended: float | None = None
    updated: float = 0.0
    heard: list[str] = field(default_factory=list)
    pressed: list[str] = field(default_factory=list)
    wants_digits: bool = False
    care_at: str | None = None
    sequence: int = 0
    posting: list[dict[str, str]] = field(default_factory=list)
    is_posting: bool = False


@dataclass(slots=True)
class Handset:
    """One phone in somebody's hand: its name, what it received, and how it behaves."""

    number: str
    name: str = ""
    owner: Owner = Owner.OTHER
    ends_as: TextStatus = TextStatus.DELIVERED
    ends_with: int | None = None
    on_call: str = "rings"
    digits: str = ""
    texts: list[Text] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)


@dataclass(slots=True)
class Sender:
    """A number that the clinic owns at the carrier, with the addresses of its webhooks."""

    number: str
    account_sid: str
    sid: str
    name: str = ""
    inbound_url: str = ""
    fallback_url: str = ""
    voice_url: str = ""
    status_url: str = ""
    free_at: float = 0.0


@dataclass(slots=True)
class Service:
    """A messaging service: a pool of senders."""

    sid: str
    account_sid: str
    senders: tuple[str, ...]
    inbound_url: str = ""
    status_url: str = ""
