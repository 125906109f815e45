"""Hours of the day, zones, and the one rule for turning wall-clock time into an instant.

What is planned is a local date, a wall-clock time and the name of a zone; the instant is derived from them, here
and nowhere else, so that a change of summer time or of the zone database moves no check-in by an hour. A window is
half-open (9:00 is inside 9:00-20:00, 20:00 is not) and never wraps over midnight.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

MIDNIGHT = time(0, 0)
END_OF_DAY = time.max
"""As the end of a window: up to midnight, which belongs to the next day."""

_WRITTEN = re.compile(r"^\s*(\d{1,2})(?::(\d{2}))?\s*(?:-|–|to|until)\s*(\d{1,2})(?::(\d{2}))?\s*$")

# Names that people and old systems write, and the place that they most likely mean.
_MEANT = {
    **dict.fromkeys(("EST", "EDT", "EST5EDT", "ET", "EASTERN", "US/EASTERN"), "America/New_York"),
    **dict.fromkeys(("CST", "CDT", "CST6CDT", "CT", "CENTRAL", "US/CENTRAL"), "America/Chicago"),
    **dict.fromkeys(("MST", "MDT", "MST7MDT", "MT", "MOUNTAIN", "US/MOUNTAIN"), "America/Denver"),
    **dict.fromkeys(("PST", "PDT", "PST8PDT", "PT", "PACIFIC", "US/PACIFIC"), "America/Los_Angeles"),
    **dict.fromkeys(("AKST", "AKDT", "US/ALASKA"), "America/Anchorage"),
    **dict.fromkeys(("HST", "US/HAWAII"), "Pacific/Honolulu"),
    **dict.fromkeys(("GMT", "Z", "ZULU", "ETC/UTC"), "UTC"),
}


class WindowError(ValueError):
    """Hours that cannot be a window; ``code`` for programs, the message for the person who wrote them."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ZoneError(ValueError):
    """A zone that is missing or not the name of a place; the message says what to write instead."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Hours of a local day: from ``start`` (inside) until ``until`` (outside). Raises WindowError."""

    start: time
    until: time

    def __post_init__(self) -> None:
        if self.start.tzinfo or self.until.tzinfo:
            raise WindowError("zone", "Hours of the day are wall-clock times without a zone.")
        if self.start == self.until:
            raise WindowError(
                "equal", f"From {self.start:%H:%M} until {self.until:%H:%M} leaves no time at all."
            )
        if self.start > self.until:
            raise WindowError(
                "wraps",
                f"From {self.start:%H:%M} until {self.until:%H:%M} runs over midnight. "
                "Give the hours in which texts may go out, such as 09:00-20:00.",
            )

    @classmethod
    def parse(cls, text: str) -> Window:
        """Read ``9:00-20:00`` or ``9-20``; ``24:00`` as the end means up to midnight. Raises WindowError."""
        found = _WRITTEN.match(text)
        if not found:
            raise WindowError("unreadable", f"{text!r} is not a span of hours. Write it like 09:00-20:00.")
        hour, minute, until_hour, until_minute = (int(part or 0) for part in found.groups())
        try:
            ends_at_midnight = (until_hour, until_minute) == (24, 0)
            return cls(time(hour, minute), END_OF_DAY if ends_at_midnight else time(until_hour, until_minute))
        except WindowError:
            raise
        except ValueError:
            raise WindowError("no-such-time", f"{text!r} holds a time that does not exist.") from None

    @classmethod
    def all_day(cls) -> Window:
        """Return the window that holds every time of the day."""
        return cls(MIDNIGHT, END_OF_DAY)

    def __contains__(self, moment: time) -> bool:
        return self.start <= moment < self.until or (self.until == END_OF_DAY and moment >= self.start)

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{'24:00' if self.until == END_OF_DAY else format(self.until, '%H:%M')}"


@dataclass(frozen=True, slots=True)
class Instant:
    """A wall-clock time that was turned into an instant.

    ``utc`` is aware; ``local`` is the naive wall-clock time at that instant, which differs from the one asked for
    if that was in a ``gap`` (skipped when clocks went forward). ``fold``: it came twice, and this is the first.
    """

    utc: datetime
    local: datetime
    gap: bool = False
    fold: bool = False


def intersect(first: Window, *others: Window) -> Window | None:
    """Return the hours that all windows share, or None."""
    start = max([first.start, *(each.start for each in others)])
    until = min([first.until, *(each.until for each in others)])
    return Window(start, until) if start < until else None


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """Return the zone of a place, such as ``America/New_York``, or ``UTC``.

    Abbreviations and fixed offsets are refused: they are ambiguous or do not follow summer time. Raises ZoneError.
    """
    wanted = name.strip()
    if not wanted:
        raise ZoneError("missing", "Give the time zone as a place, such as America/New_York.")
    region = wanted.split("/", maxsplit=1)[0]
    if wanted == "UTC" or ("/" in wanted and region not in {"Etc", "posix", "right"} and wanted in _names()):
        return ZoneInfo(wanted)
    hint = _MEANT.get(wanted.upper()) or _closest(wanted)
    advice = f"Did you mean {hint}?" if hint else "Write a place, such as America/New_York."
    raise ZoneError("unknown", f"{wanted[:60]!r} is not the name of a place with a time zone. {advice}")


def _closest(wanted: str) -> str | None:
    by_folded = {each.casefold(): each for each in _names() if "/" in each}
    found = difflib.get_close_matches(wanted.casefold().replace(" ", "_"), by_folded, n=1, cutoff=0.8)
    return by_folded[found[0]] if found else None


def to_utc(local_date: date, local_time: time, where: ZoneInfo) -> Instant:
    """Turn a wall-clock time into an instant, with a defined answer for the two odd hours of the year.

    A time that was skipped (clocks went forward) becomes the first instant after the gap, so 02:30 becomes 03:00.
    A time that happens twice (clocks went back) is its first occurrence.
    """
    wanted = datetime.combine(local_date, local_time)
    first = wanted.replace(tzinfo=where, fold=0).astimezone(UTC)
    if _wall(first, where) == wanted:
        second = wanted.replace(tzinfo=where, fold=1).astimezone(UTC)
        return Instant(first, wanted, fold=second != first)
    # In a gap, fold=1 reads the time with the new offset (before the change), fold=0 with the old one (after it).
    change = _change_between(wanted.replace(tzinfo=where, fold=1).astimezone(UTC), first, where)
    return Instant(change, _wall(change, where), gap=True)


def to_local(instant: datetime, where: ZoneInfo) -> datetime:
    """Return the naive wall-clock time of an aware instant."""
    return _wall(instant, where)


def bounds(window: Window, day: date, where: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first instant inside the window on that local day and the first after it, both UTC.

    They are equal when a change of the clock swallows the window.
    """
    opens = to_utc(day, window.start, where).utc
    if window.until == END_OF_DAY:
        return opens, to_utc(day + timedelta(days=1), MIDNIGHT, where).utc
    return opens, to_utc(day, window.until, where).utc


def shared_bounds(
    window: Window, day: date, candidates: Iterable[ZoneInfo]
) -> tuple[datetime, datetime] | None:
    """Return the instants that are inside the window in every candidate zone, for a person whose zone is unknown.

    None if there is no such moment, or no candidate: then nothing may be sent on that day.
    """
    spans = [bounds(window, day, where) for where in candidates]
    if not spans:
        return None
    opens, closes = max(span[0] for span in spans), min(span[1] for span in spans)
    return (opens, closes) if opens < closes else None


def _wall(instant: datetime, where: ZoneInfo) -> datetime:
    return instant.astimezone(where).replace(tzinfo=None, fold=0)


def _change_between(before: datetime, after: datetime, where: ZoneInfo) -> datetime:
    """Find the first second with the new offset by halving; zones change on whole seconds."""
    offset_after = after.astimezone(where).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    start = before.replace(microsecond=0)
    while low < high:
        middle = (low + high) // 2
        if (start + timedelta(seconds=middle)).astimezone(where).utcoffset() == offset_after:
            high = middle
        else:
            low = middle + 1
    return start + timedelta(seconds=high)
