"""From wall-clock time to instants, with the house's rule for the two odd hours of the year.

A shift starts at the first occurrence of its wall time and ends at the last one, so that a repeated hour overlaps
and is never uncovered. A time that is skipped is the first instant after the gap, for a start and for an end.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from followup.kit.windows import to_utc


def first(wall: datetime, where: ZoneInfo) -> datetime:
    """Return the first instant (UTC) at which clocks show this naive wall time."""
    return to_utc(wall.date(), wall.time(), where).utc


def last(wall: datetime, where: ZoneInfo) -> datetime:
    """Return the last instant (UTC) at which clocks show this naive wall time."""
    found = to_utc(wall.date(), wall.time(), where)
    return wall.replace(tzinfo=where, fold=1).astimezone(UTC) if found.fold else found.utc
