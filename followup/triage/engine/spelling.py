"""Bring a patient's spelling to the words of the lexicon, and never further.

Order: slang table, joined words, endings people drop, sound-alikes, then one edit distance from an unknown word of
five letters or more to a full lexicon word. A general spelling corrector is unsafe here ("chils" became "child").
A corrected word may raise a tier; the engine never lets one lower it.
"""

from __future__ import annotations

from followup.triage.engine.lexicon import Lexicon
from followup.triage.engine.tokens import Tokens

_LETTERS = "abcdefghijklmnopqrstuvwxyzñ"


def respell(tokens: Tokens, speller: Speller) -> None:
    """Fill ``tokens.words`` with lexicon spellings; note in ``tokens.corrected`` which were guessed."""
    lexicon = speller.lexicon
    _expand_slang(tokens, lexicon)
    for index, word in enumerate(tokens.words):
        if len(word) < 4 or not word.isalpha():
            continue
        if word in lexicon.vocabulary or word in lexicon.common:
            continue
        fixed, guessed = speller.lookup(word)
        if fixed != word:
            tokens.words[index] = fixed
            if guessed:
                tokens.corrected.add(index)
    _split_joined(tokens, lexicon)


def _expand_slang(tokens: Tokens, lexicon: Lexicon) -> None:
    slang = lexicon.slang
    words = tokens.words
    if len(words) == 1 or not any(word in slang for word in words):
        return  # alone, "n" and "y" are answers
    plain: list[str] = []
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    marks: set[int] = set()
    for index, word in enumerate(words):
        pieces = slang.get(word) or (word,)
        for piece in pieces:
            if index in tokens.accented_si:
                marks.add(len(out))
            plain.append(tokens.plain[index])
            out.append(piece)
            starts.append(tokens.starts[index])
            ends.append(tokens.ends[index])
    tokens.plain, tokens.words, tokens.starts, tokens.ends = plain, out, starts, ends
    tokens.accented_si = marks


def _split_joined(tokens: Tokens, lexicon: Lexicon) -> None:
    unknown = [
        index
        for index, word in enumerate(tokens.words)
        if len(word) >= 7 and word.isalpha() and not lexicon.knows(word) and word not in lexicon.common
    ]
    for index in reversed(unknown[:20]):
        parts = split_word(tokens.words[index], lexicon)
        if parts is None:
            continue
        first, second = parts
        tokens.words[index : index + 1] = [first, second]
        tokens.plain[index : index + 1] = [tokens.plain[index], second]
        tokens.starts[index : index + 1] = [tokens.starts[index]] * 2
        tokens.ends[index : index + 1] = [tokens.ends[index]] * 2
        tokens.corrected = {mark + 1 if mark > index else mark for mark in tokens.corrected}
        tokens.accented_si = {mark + 1 if mark > index else mark for mark in tokens.accented_si}


def split_word(word: str, lexicon: Lexicon) -> tuple[str, str] | None:
    """Return the two lexicon words that a joined word is made of ("cantbreathe"), or None."""
    if len(word) > 30:
        return None
    for cut in range(len(word) - 3, 2, -1):
        first, second = word[:cut], word[cut:]
        if first in lexicon.vocabulary and second in lexicon.vocabulary:
            return first, second
    return None


class Speller:
    """Finds the lexicon word for an unknown one, and remembers what it found (within bounds)."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._memo: dict[str, tuple[str, bool]] = {}
        self._targets = frozenset(word for word in lexicon.vocabulary if len(word) >= 5 and word.isalpha())
        self._sounds: dict[str, str] = {}
        for word in sorted(lexicon.vocabulary):
            if len(word) >= 4 and word.isalpha():
                self._sounds.setdefault(sound(word), word)

    def lookup(self, word: str) -> tuple[str, bool]:
        """Return (lexicon word, True when it was guessed by distance); the word itself when nothing fits."""
        known = self._memo.get(word)
        if known is None:
            known = self._find(word)
            if len(self._memo) < 50_000:
                self._memo[word] = known
        return known

    def _find(self, word: str) -> tuple[str, bool]:
        lexicon = self.lexicon
        for form in endings(word):
            if form in lexicon.vocabulary or (form in lexicon.common and form != word):
                return form, False
        if lexicon.classes_of(word):
            return word, False
        heard = self._sounds.get(sound(word))
        if heard and heard[0] in sounds_first(word[0]):
            return heard, True
        if len(word) >= 5 and len(word) <= 20:
            near = sorted(self._near(word))
            if near:
                return min(near, key=lambda item: (item[0] != word[0], item)), True
        return word, False

    def _near(self, word: str) -> set[str]:
        """Full lexicon words at Damerau-Levenshtein distance 1 (of 5 letters or more, similarity >= 0.8)."""
        targets = self._targets
        found: set[str] = set()
        for index in range(len(word) + 1):
            head, tail = word[:index], word[index:]
            options = [head + tail[1:]] if len(word) > 5 else []
            if len(tail) > 1:
                options.append(head + tail[1] + tail[0] + tail[2:])
            for letter in _LETTERS:
                options.append(head + letter + tail)
                options.append(head + letter + tail[1:])
            found.update(option for option in options if option in targets)
        return found


def sounds_first(letter: str) -> str:
    """Return which first letters may stand for this one in a sound-alike spelling."""
    groups = ("bv", "szc", "yl", "gj", "kqc", "h", "wuh")
    return letter + "h" + "".join(group for group in groups if letter in group)


#: (ending, what stands for it): dropped g, dropped d, diminutives, superlatives, plurals.
_ENDINGS = (
    ("in", ("ing",)),
    ("aos", ("ados",)),
    ("ao", ("ado",)),
    ("ia", ("ida",)),
    ("aa", ("ada",)),
    ("io", ("ido",)),
    ("ito", ("o", "")),
    ("ita", ("a", "")),
    ("itos", ("o", "")),
    ("itas", ("a", "")),
    ("illo", ("o", "")),
    ("illa", ("a", "")),
    ("isimo", ("o",)),
    ("isima", ("a",)),
    ("es", ("",)),
    ("s", ("",)),
)


def endings(word: str) -> list[str]:
    """Return full forms of an ending people drop or shrink: feelin, sentao, hinchadito, dolores."""
    out = [
        word[: -len(short)] + long
        for short, longs in _ENDINGS
        if word.endswith(short) and len(word) > len(short) + 2
        for long in longs
    ]
    if word.endswith("n") and not word.endswith("in"):
        out.append(word[:-1] + "ing")
    return out


def sound(word: str) -> str:
    """Return a key under which spellings that sound alike in Spanish, or drop doubled letters, meet."""
    out: list[str] = []
    for index, letter in enumerate(word):
        following = word[index + 1 : index + 2]
        if letter == "h" and (not out or out[-1] not in "cspt"):
            continue
        mapped = letter
        if letter == "v":
            mapped = "b"
        elif letter == "z" or (letter == "c" and following in ("e", "i")):
            mapped = "s"
        elif letter == "g" and following in ("e", "i"):
            mapped = "j"
        elif letter in "qk":
            mapped = "c"
        if out and out[-1] == mapped:
            continue
        out.append(mapped)
    return "".join(out).replace("cue", "ce").replace("cui", "ci").replace("ll", "y").replace("ph", "f")
