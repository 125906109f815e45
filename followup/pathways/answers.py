"""Recognizes the answer words that a text offered.

"Reply OK" is a promise that OK will be understood. A reply that is an offered word and nothing else has the
meaning the pathway gave it, in any of its languages. Anything more ("OK but my leg is numb") is left to triage:
this must never look for a word inside a reply.
"""

from __future__ import annotations

import unicodedata

from followup.pathways.schema import Question
from followup.pathways.vocabulary import Meaning

_AROUND = " \t\n.,;:!?¡¿\"'()[]*-"


def offered_meaning(question: Question, reply: str) -> Meaning | None:
    """What the whole reply means if it is one of the words this question offered; None if it is anything else.

    Capitals, accents and punctuation around the word do not count. Every language counts: one phone, two languages.
    """
    said = _folded(reply)
    for meaning, words in question.answers.items():
        if said and said in {_folded(word) for word in words.values()}:
            return meaning
    return None


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.strip(_AROUND).casefold())
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())
