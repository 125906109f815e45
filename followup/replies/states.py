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
