"""Turn a text as received into tokens that know where they stand in it.

The offsets always point into the text as the patient sent it, because an explanation quotes the patient's own
letters. Nothing here may judge meaning, drop a letter that could carry a finding, or take more than linear time.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

#: Emoji with a meaning in a recovery text; every other emoji is a plain symbol. Reviewed by hand, kept short.
EMOJI = {
    "🤒": "emojifever",
    "🥵": "emojihot",
    "🥶": "emojicold",
    "🤮": "emojivomit",
    "🤢": "emojinausea",
    "🩸": "emojiblood",
    "💊": "emojipill",
    "😭": "emojicry",
    "😢": "emojisad",
    "😩": "emojiweary",
    "😫": "emojiweary",
    "😖": "emojiweary",
    "😣": "emojiweary",
    "😰": "emojisad",
    "😱": "emojiscared",
    "🚑": "emojiambulance",
    "🆘": "emojihelp",
    "👍": "emojithumbsup",
    "👌": "emojithumbsup",
    "🙌": "emojithumbsup",
    "💪": "emojithumbsup",
    "👎": "emojithumbsdown",
    "🙏": "emojithanks",
    "❤": "emojiheart",
    "💕": "emojiheart",
    "😘": "emojiheart",
    "😊": "emojismile",
    "😀": "emojismile",
    "😁": "emojismile",
    "😃": "emojismile",
    "😄": "emojismile",
    "🙂": "emojismile",
    "🥳": "emojismile",
    "🎉": "emojismile",
    "😂": "emojilaugh",
    "🤣": "emojilaugh",
    "😅": "emojilaugh",
}

BREAKS = frozenset({".", "!", "?", ";", "\n"})
_TOKEN = re.compile(r"[a-zñ]{1,2}[*#@$]{2,6}[a-zñ]{0,6}|[a-zñ]+|[0-9]+(?:[.,:][0-9]+)*|\n|[^\sa-zñ0-9]")
_RUN = re.compile(r"([a-zñ])\1{2,}")
_INVISIBLE = frozenset(
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad\ufe0f"
)
_APOSTROPHES = frozenset("'’‘`´ʼ′")


@dataclass(slots=True)
class Tokens:
    """Parallel lists: ``plain`` as normalized, ``words`` as the lexicon knows them, ``starts``/``ends`` offsets."""

    text: str
    plain: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    corrected: set[int] = field(default_factory=set)
    accented_si: set[int] = field(default_factory=set)

    def quote(self, first: int, last: int) -> tuple[str, int, int]:
        """Return the patient's own letters from token ``first`` to token ``last`` (included), and their offsets."""
        start, end = self.starts[first], max(self.ends[first : last + 1])
        return self.text[start:end], start, end


@lru_cache(maxsize=4096)
def _fold(char: str) -> str:
    """Return what one character becomes: lower case, no accent (the tilde of ñ stays), or nothing."""
    if char in _INVISIBLE:
        return ""
    if char in _APOSTROPHES:
        return "'"
    if char in EMOJI:
        return f" {EMOJI[char]} "
    if char in "\r\u2028\u2029\x0b\x0c":
        return "\n"
    wide = unicodedata.normalize("NFKC", char).lower()
    out = []
    for part in wide:
        if part == "ñ":
            out.append("ñ")
            continue
        decomposed = unicodedata.normalize("NFD", part)
        kept = [c for c in decomposed if not unicodedata.combining(c)]
        out.extend(kept)
    return "".join(out)


def normalize(text: str) -> tuple[str, list[int] | range]:
    """Return the folded text and, for each of its characters, the offset in ``text`` it came from."""
    if text.isascii():
        lowered = text.lower().replace("\r", "\n").replace("`", "'")
        return lowered, range(len(lowered) + 1)
    pieces: list[str] = []
    offsets: list[int] = []
    for index, char in enumerate(text):
        if char == "\u0303" and pieces and pieces[-1].endswith("n"):
            pieces[-1] = pieces[-1][:-1] + "ñ"
            continue
        folded = char.lower() if char.isascii() else _fold(char)
        if char == "\r":
            folded = "\n"
        pieces.append(folded)
        offsets.extend([index] * len(folded))
    offsets.append(len(text))
    return "".join(pieces), offsets


def tokenize(text: str) -> Tokens:
    """Split a text into words, numbers, line breaks and single symbols; apostrophes inside words disappear."""
    folded, offsets = normalize(text)
    tokens = Tokens(text)
    plain, starts, ends = tokens.plain, tokens.starts, tokens.ends
    glue = False
    for match in _TOKEN.finditer(folded):
        piece = match.group()
        first, last = match.span()
        if piece == "'":
            glue = bool(plain) and ends[-1] == _at(offsets, first)
            continue
        if glue and plain[-1].isalpha() and piece.isalpha() and offsets[first] <= ends[-1] + 1:
            plain[-1] += piece
            ends[-1] = offsets[last - 1] + 1
            glue = False
            continue
        glue = False
        if len(piece) > 2 and piece[0].isalpha() and not piece.isalpha():
            piece = "swearword"
        if piece.isalpha() and len(piece) > 2:
            piece = _RUN.sub(r"\1\1", piece)
        plain.append(piece)
        starts.append(offsets[first])
        ends.append(offsets[last - 1] + 1)
        if piece == "si" and text[offsets[first] : offsets[last - 1] + 1].lower() == "sí":
            tokens.accented_si.add(len(plain) - 1)
    tokens.words = list(plain)
    return tokens


def _at(offsets: list[int] | range, index: int) -> int:
    return offsets[index]
