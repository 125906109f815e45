"""Where cases and pages stand. Pure: rules and rows share these words."""

from __future__ import annotations

from enum import StrEnum


class EscalationState(StrEnum):
    """Where a case stands; there is no state in which it silently ends."""

    paging = "paging"
    accepted = "accepted"
    contacting = "contacting"
    unreachable = "unreachable"
    contacted = "contacted"
    closed = "closed"
    merged = "merged"


OPEN_STATES = ("paging", "accepted", "contacting", "unreachable", "contacted")


class PageState(StrEnum):
    """How far one page got; delivered is never accepted."""

    planned = "planned"
    claimed = "claimed"
    submitted = "submitted"
    sent = "sent"
    delivered = "delivered"
    undelivered = "undelivered"
    failed = "failed"
    unknown = "unknown"
    cancelled = "cancelled"
