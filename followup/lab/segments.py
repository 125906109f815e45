"""How the carrier counts a text, written apart from followup's own count.

The lab is a witness: if both shared one function, a mistake in it would never be seen. Never import
``followup.kit.gsm`` here.
"""

from __future__ import annotations

from typing import Final

BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION: Final = frozenset("^{}\\[~]|€\f")
LIMIT: Final = 1600

# What SmartEncoded replaces before it counts (the part of the carrier's list that clinics meet).
SMART: Final = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "–": "-",
        "—": "-",
        "…": "...",
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
        "•": "-",
        "\u200b": "",
    }
)


def segments(body: str) -> int:
    """Return how many segments the text is billed and carried as (at least 1).

    GSM-7: 160 units, then 153 each, where extension characters take two; otherwise UCS-2: 70, then 67.
    """
    if body.isascii() and len(body) <= 80 and "`" not in body:
        return 1
    if all(letter in BASIC or letter in EXTENSION for letter in body):
        units = [2 if letter in EXTENSION else 1 for letter in body]
        return 1 if sum(units) <= 160 else _parts(units, 153)
    units = [2 if ord(letter) > 0xFFFF else 1 for letter in body]
    return 1 if sum(units) <= 70 else _parts(units, 67)


def smart_encoded(body: str) -> str:
    """Replace look-alike characters by plain ones, as the carrier does when it is asked to."""
    return body.translate(SMART)


def _parts(units: list[int], size: int) -> int:
    # A two-unit character is never cut in half: it moves to the next part as a whole.
    parts, used = 1, 0
    for unit in units:
        if used + unit > size:
            parts, used = parts + 1, 0
        used += unit
    return parts
