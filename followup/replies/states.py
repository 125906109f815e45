"""How far a reply got. Pure: rules and rows share these words."""

from __future__ import annotations

from enum import StrEnum


class ReplyState(StrEnum):
    """How far a reply got."""

    received = "received"
    assessed = "assessed"
    filed = "filed"
    in_review = "in_review"
    disposed = "disposed"


class MediaState(StrEnum):
    """What became of a file that came with a text."""

    waiting = "waiting"
    kept = "kept"
    refused = "refused"  # not fetched, or not kept, for the reason beside it
    removed = "removed"  # kept once, and removed when its time was over
