"""Which numbers the simulated carrier takes, and the ones whose answer is fixed.

Quick structure checks only: the lab is the peer in benchmarks, and the full numbering plan belongs to the
product, not to its counterpart.
"""

from __future__ import annotations

import re
from typing import Final

E164: Final = re.compile(r"\+[1-9]\d{6,14}")
NORTH_AMERICA: Final = re.compile(r"\+1[2-9]\d{2}[2-9]\d{6}")

# The real carrier's magic numbers for its test credentials.
MAGIC_TO: Final = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
MAGIC_FROM: Final = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
MAGIC_GOOD_FROM: Final = "+15005550006"


def is_number(number: str) -> bool:
    """Whether the carrier would try to route a text or a call to this number (E.164)."""
    if number.startswith("+1"):
        return NORTH_AMERICA.fullmatch(number) is not None
    return E164.fullmatch(number) is not None


def in_national_form(number: str) -> str:
    """Write a North American number as people read it; any other number as it is."""
    if NORTH_AMERICA.fullmatch(number):
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number


def country(number: str) -> str:
    """The country field of a webhook; empty where the lab does not know."""
    return "US" if number.startswith("+1") else ""
