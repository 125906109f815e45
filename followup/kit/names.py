"""Names of people, kept as they are written.

A name is never corrected, only made storable and findable: ``O'Brien``, ``Null`` and a one-letter name are names,
and so is one that looks like code. Refused is what nobody could have meant (control characters, nothing visible) or
what would break a mail header.
"""

from __future__ import annotations

import re
import unicodedata

MOST_CHARACTERS = 120
MOST_BYTES = 480
MOST_MARKS_ON_A_LETTER = 4

BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE_ENDS = frozenset("\r\n\u0085\u2028\u2029")
# Joiners belong to emoji and to Indic and Persian names, so they are kept; alone they are not a name.
_INVISIBLE = frozenset(
    "\u00ad\u034f\u115f\u1160\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\u3164\ufeff\uffa0"
)
_WORD = re.compile(r"[^\W_]+")
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sr", "sra", "srta", "don", "dona"})


class PersonNameError(ValueError):
    """A name that cannot be stored; ``code`` for programs, the message for the person who typed it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def normalize_name(text: str) -> str:
    """Return the name in NFC, without bidi controls, with single blanks. Raises PersonNameError."""
    _refuse_unstorable(text)
    kept = "".join(char for char in text if char not in BIDI_CONTROLS)
    name = " ".join(unicodedata.normalize("NFC", kept).split())
    if not any(_is_visible(char) for char in name):
        raise PersonNameError("empty", "Give a name.")
    _refuse_too_long(name)
    return name


def search_words(name: str) -> tuple[str, ...]:
    """Return the words of a name folded for search (no case, no accents), in order and once each.

    Blind indexes are made of prefixes of these words; ``Núñez-O'Brien`` gives ``nunez``, ``obrien``.
    """
    without_apostrophes = re.sub(r"(?<=\w)['’ʼ`](?=\w)", "", name)
    apart = unicodedata.normalize("NFKD", without_apostrophes.casefold())
    folded = "".join(char for char in apart if not unicodedata.combining(char)).casefold()
    return tuple(dict.fromkeys(_WORD.findall(folded)))


def first_name(name: str) -> str:
    """Return what to greet with: the first word that is not a title; ``Lindqvist, Eva`` gives ``Eva``."""
    family, comma, given = name.partition(",")
    words = (given if comma and given.strip() else family).split()
    named = [word for word in words if word.rstrip(".").casefold() not in _TITLES]
    return (named or words or [name])[0]


def _refuse_unstorable(text: str) -> None:
    for place, char in enumerate(text, start=1):
        if char in _LINE_ENDS:
            raise PersonNameError(
                "line-break", f"A name is one line; there is a line break at position {place}."
            )
        category = unicodedata.category(char)
        if category == "Cs":
            raise PersonNameError("encoding", f"The character at position {place} is damaged.")
        if category == "Cc" and char != "\t":
            raise PersonNameError("control-character", f"There is a control character at position {place}.")
    if len(text) > MOST_CHARACTERS * 4:
        raise PersonNameError("too-long", f"A name has at most {MOST_CHARACTERS} characters.")


def _refuse_too_long(name: str) -> None:
    marks = 0
    for char in unicodedata.normalize("NFD", name):
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks > MOST_MARKS_ON_A_LETTER:
            raise PersonNameError("too-many-marks", "There are too many accents on one letter.")
    if len(name) > MOST_CHARACTERS or len(name.encode()) > MOST_BYTES:
        raise PersonNameError("too-long", f"A name has at most {MOST_CHARACTERS} characters.")


def _is_visible(char: str) -> bool:
    return not (char.isspace() or char in _INVISIBLE or unicodedata.category(char) in ("Cf", "Mn", "Me"))
