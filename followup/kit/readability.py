"""The school grade that a text asks of its reader, in English and in Spanish.

Patients read these texts in pain, tired, and often not in their first language; the house writes for grade 6. A
formula only counts syllables and words: it catches what is too hard and never proves that something is clear.

Sources: English, Flesch-Kincaid grade level (Kincaid et al., 1975, Research Branch Report 8-75). Spanish, the grade
level of Crawford (1984, "Fórmula y gráfico para determinar la comprensibilidad de textos del nivel primario en
castellano", Lectura y Vida); perspicuity by Szigriszt-Pazos (1993) with the INFLESZ bands of Barrio-Cantalejo et
al. (2008, An. Sist. Sanit. Navar. 31).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_NOT_PROSE = re.compile(r"\{\{.*?\}\}|https?://\S+|\b\S+@\S+\b|\+?\d[\d().\s-]{6,}\d")
_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)|\n+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[.,:]\d+)?")

# Common words in these texts whose syllables the English rule below gets wrong.
_ENGLISH_SYLLABLES = {
    word: number
    for number, words in (
        (1, "we're you're they're i'm can't don't won't it's you'd hours"),
        (2, "every evening sometimes someone being doing going people"),
        (3, "area idea medicine exercise somebody video"),
        (4, "emergency anesthetic exercises"),
    )
    for word in words.split()
}
_STRONG = "aeoáéó"


@dataclass(frozen=True, slots=True)
class Counts:
    """What the formulas are made of."""

    sentences: int
    words: int
    syllables: int


def grade(text: str, language: str) -> float:
    """Return the school grade of a text in ``en`` or ``es``, never below 0; 0 for a text without words.

    Links, addresses, phone numbers and ``{{ placeholders }}`` are left out, and a number counts as one short word.
    Raises ValueError for another language.
    """
    counts = count(text, language)
    if not counts.words:
        return 0.0
    if language == "en":
        level = 0.39 * counts.words / counts.sentences + 11.8 * counts.syllables / counts.words - 15.59
    else:
        per_hundred = 100 / counts.words
        level = -0.205 * counts.sentences * per_hundred + 0.049 * counts.syllables * per_hundred - 3.407
    return max(0.0, round(level, 1))


def perspicuity(text: str) -> float:
    """Return the Szigriszt-Pazos score of a Spanish text: above 65 is quite easy, 55 to 65 normal (INFLESZ)."""
    counts = count(text, "es")
    if not counts.words:
        return 100.0
    score = 206.835 - 62.3 * counts.syllables / counts.words - counts.words / counts.sentences
    return round(score, 1)


def count(text: str, language: str) -> Counts:
    """Count sentences, words and syllables. Raises ValueError for a language other than ``en`` and ``es``."""
    syllables_of = {"en": english_syllables, "es": spanish_syllables}.get(language)
    if syllables_of is None:
        raise ValueError(f"no reading grade for language {language!r}")
    prose = _NOT_PROSE.sub(" ", unicodedata.normalize("NFC", text))
    sentences = [part for part in _SENTENCE_END.split(prose) if _WORD.search(part)]
    words = [word for part in sentences for word in _WORD.findall(part)]
    return Counts(len(sentences), len(words), sum(syllables_of(word) for word in words))


def english_syllables(word: str) -> int:
    """Estimate the syllables of an English word by its vowel groups; a number counts as one."""
    plain = word.lower().replace("’", "'")
    if plain[0].isdigit():
        return 1
    if plain in _ENGLISH_SYLLABLES:
        return _ENGLISH_SYLLABLES[plain]
    groups = len(re.findall(r"[aeiouy]+", plain))
    groups += len(re.findall(r"i(?:a(?!l\b|n\b|ll)|o(?!n|us))|u[ao](?<!qua)(?<!quo)", plain))
    if re.search(r"[^aeiouyl]e$|[aeiouy]le$|[^aeiouydt]ed$|[^aeiouycgsxzh]es$", plain):
        groups -= 1
    return max(1, groups)


def spanish_syllables(word: str) -> int:
    """Count the syllables of a Spanish word by its rules of hiatus and diphthong; a number counts as one."""
    plain = word.lower()
    if plain[0].isdigit():
        return 1
    plain = re.sub(r"qu(?=[eiéí])", "q", plain)
    plain = re.sub(r"gu(?=[eiéí])", "g", plain)
    plain = re.sub(r"y(?![aeiouáéíóúü])", "i", plain).replace("ü", "u")
    nuclei = 0
    previous = ""
    for char in plain:
        if char in "aeiouáéíóú" and not (previous and _one_syllable(previous, char)):
            nuclei += 1
        previous = char if char in "aeiouáéíóú" else ""
    return max(1, nuclei)


def _one_syllable(first: str, second: str) -> bool:
    """Whether two neighboring vowels share a syllable: not two strong ones, and not a weak one with an accent."""
    if first in "íú" or second in "íú":
        return False
    return not (first in _STRONG and second in _STRONG)
