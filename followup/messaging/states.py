"""How far messages and attempts got, and what a message is for. Pure: rules and rows share these words."""

from __future__ import annotations

from enum import StrEnum


class Purpose(StrEnum):
    """What a message is for; it decides windows, caps, and which pump carries it."""

    planned = "planned"  # a step of the pathway: inside its window, capped, at most once
    reminder = "reminder"  # counts toward the caps like a planned one
    welcome = "welcome"
    answer = "answer"  # follows a reply at any hour
    safety = "safety"  # "call 911": at any hour, at least once, own pump
    staff = "staff"  # written by a person from the thread
    consent = "consent"  # the one confirmation of an opt-out or opt-in

    @property
    def is_urgent(self) -> bool:
        """Whether it goes through the pump that routine texts cannot delay."""
        return self is Purpose.safety


class MessageState(StrEnum):
    """How far a message got; it moves only forward, by rank."""

    queued = "queued"
    cancelled = "cancelled"
    accepted = "accepted"
    sent = "sent"
    delivered = "delivered"
    undelivered = "undelivered"
    failed = "failed"
    expired = "expired"


class AttemptState(StrEnum):
    """How one call to a carrier stands."""

    claimed = "claimed"
    calling = "calling"  # committed before the carrier is called
    accepted = "accepted"
    refused = "refused"
    in_doubt = "in_doubt"
    unconfirmed = "unconfirmed"  # a person decides
    released = "released"  # claimed, not called: given back
