"""Who replies exactly what the text offered is understood; who says more is left to triage."""

from __future__ import annotations

from pathlib import Path

import pytest

from followup.pathways.answers import offered_meaning
from followup.pathways.library import load_library
from followup.pathways.render import for_sms
from followup.pathways.schema import Question
from followup.pathways.vocabulary import Meaning, QuestionKind

LIBRARY = load_library(Path(__file__).parents[3] / "templates" / "pathways")
OFFERED = [
    pytest.param(question, meaning, word, id=f"{pathway.id}-{key}-{word}")
    for pathway in LIBRARY.pathways.values()
    for key, question in pathway.questions.items()
    for meaning, words in question.answers.items()
    for word in sorted(set(words.values()))
]

EXERCISES = Question(
    kind=QuestionKind.EXERCISES,
    answers={
        Meaning.NOT_YET: {"en": "NOT YET", "es": "TODAVÍA NO"},
        Meaning.ALL: {"en": "ALL", "es": "TODOS"},
    },
)


@pytest.mark.parametrize(("question", "meaning", "word"), OFFERED)
def test_every_shipped_answer_word_is_understood_as_people_type_it(
    question: Question, meaning: Meaning, word: str
) -> None:
    for typed in (word, word.lower(), for_sms(word), f" {word.title()}. ", f'"{word}"!'):
        assert offered_meaning(question, typed) is meaning


@pytest.mark.parametrize(
    "reply", ["not yet but my leg is numb", "all of it hurts", "", "...", "no", "todavía"]
)
def test_anything_more_or_less_is_left_to_triage(reply: str) -> None:
    assert offered_meaning(EXERCISES, reply) is None


def test_one_phone_may_speak_two_languages() -> None:
    assert offered_meaning(EXERCISES, "todavia  no") is Meaning.NOT_YET
    assert offered_meaning(EXERCISES, "Not yet") is Meaning.NOT_YET
