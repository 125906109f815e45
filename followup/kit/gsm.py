"""How a carrier counts a text: GSM-7 or UCS-2, units, segments.

A patient's text costs and arrives by segments, and one curly quote turns 160 characters into 70. The tables are
those of 3GPP TS 23.038 (GSM 03.38), section 6.2.1. Normalizing must never change a word: it swaps look-alike
punctuation and blanks only. Taking accents away changes words, so it is a separate step that an author chooses.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

GSM7_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENSION = frozenset("\f^{}\\[~]|€")


class Encoding(StrEnum):
    """The two alphabets of a text message."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


# (units in a text of one segment, units per segment of a longer one): the rest of the 140 bytes is a header.
ROOM: dict[Encoding, tuple[int, int]] = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}

# Look-alikes that writing programs put in by themselves. Letters and digits are never in this table.
LOOK_ALIKES: dict[int, str] = {
    ord(char): plain
    for chars, plain in (
        ("\u2018\u2019\u201a\u201b\u2032\u00b4\u02bc\u02b9\u0060", "'"),
        ("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        ("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2022", "-"),
        ("\u2026", "..."),
        ("\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t", " "),
        ("\u2028\u2029\u0085\u000b", "\n"),
        (
            "\u200b\u2060\ufeff\u00ad\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
            "",
        ),
    )
    for char in chars
}


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text costs: units are septets (GSM-7) or 16-bit units (UCS-2), padding at a border left out."""

    encoding: Encoding
    units: int
    segments: int
    per_segment: int


def is_gsm7(text: str) -> bool:
    """Whether every character is in the basic alphabet or its extension table."""
    return all(char in GSM7_BASIC or char in GSM7_EXTENSION for char in text)


def count_segments(text: str) -> Segments:
    """Count units and segments the way handsets split them; an empty text has none.

    A character of two units (``€`` in GSM-7, an emoji in UCS-2) never straddles a border: it moves to the next
    segment, which is why a text of exactly 306 units may need three.
    """
    encoding = Encoding.GSM7 if is_gsm7(text) else Encoding.UCS2
    widths = [_width(char, encoding) for char in text]
    units = sum(widths)
    single, joined = ROOM[encoding]
    if units <= single:
        return Segments(encoding, units, 1 if text else 0, single)
    return Segments(encoding, units, _pack(widths, joined), joined)


def normalize_for_sms(text: str) -> str:
    """Compose accents (NFC) and swap look-alike punctuation for its GSM-7 form; words stay as they are.

    Applying it twice changes nothing more. Line ends become ``\\n``.
    """
    composed = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    # Composing again: taking out an invisible mark can bring a letter and its accent together.
    return unicodedata.normalize("NFC", composed.translate(LOOK_ALIKES))


def strip_accents_outside_gsm7(text: str) -> str:
    """Replace letters that would force UCS-2 by their base letter: ``á`` becomes ``a``; ``é ñ ü ¿ ¡`` stay.

    Spanish loses meaning with some accents (``si``/``sí``), so this is for authors who choose it for a text.
    """
    return "".join(_base_letter(char) for char in unicodedata.normalize("NFC", text))


def _width(char: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM7:
        return 2 if char in GSM7_EXTENSION else 1
    return 2 if ord(char) > 0xFFFF else 1


def _pack(widths: Iterable[int], room: int) -> int:
    segments, used = 1, 0
    for width in widths:
        if used + width > room:
            segments, used = segments + 1, 0
        used += width
    return segments


def _base_letter(char: str) -> str:
    if char in GSM7_BASIC or char in GSM7_EXTENSION:
        return char
    base = "".join(part for part in unicodedata.normalize("NFD", char) if not unicodedata.combining(part))
    return base if base and is_gsm7(base) else char
