"""The patients of the story answer the question that stands on their phone, each in their own language."""

from __future__ import annotations

from datetime import timedelta

import pytest

from followup.demo.cohort import cohort
from followup.demo.patients import COHORT, GEORGE, ROSA, TOM

PAIN = "Riverbend: Days 2 and 3 can be the sorest. Pain now, 0 to 10? Urgent, day or night: 312-555-0190"
SIGNS = "Thank you. Any of these? Fever, severe pain, bladder or bowel trouble. Reply NONE or tell us which."


@pytest.mark.parametrize(
    ("text", "day", "answer"),
    [(PAIN, 2, "4"), (PAIN, 6, "2"), (SIGNS, 3, "NONE"), ("You will get no more texts.", 5, None)],
)
def test_tom_answers_the_question_and_nothing_else(text: str, day: int, answer: str | None) -> None:
    answered = TOM.answer(text, day)
    assert (answered[1] if answered else None) == answer


def test_george_says_nothing_for_three_days_and_then_answers() -> None:
    assert [GEORGE.answer(PAIN, day) is not None for day in range(5)] == [False, False, False, True, True]


def test_rosa_tells_on_day_2_that_the_pain_grows() -> None:
    text = "¿Cuánto dolor tiene ahora, de 0 a 10? Haga sus ejercicios. Responda con el número."
    assert [ROSA.answer(text, day)[1] for day in (1, 2, 3)] == ["4", "Hoy me duele más que ayer, un 6", "4"]


def test_everybody_answers_within_the_hour_unless_the_script_says_otherwise() -> None:
    assert all(each.answers_after <= timedelta(hours=1) for each in COHORT)


def test_the_live_demo_has_24_people_with_numbers_of_fiction_in_both_languages_and_harvests() -> None:
    patients = [each.patient for each in cohort()]
    assert len({each.name for each in patients}) == len({each.key for each in patients}) == 24
    assert {(each.language, each.harvest, each.channel) for each in patients} == {
        (language, harvest, channel)
        for language in ("en", "es")
        for harvest in ("fat", "bone_marrow")
        for channel in ("sms", "email")
    }
    assert all("5550" in each.phone or each.email.endswith(".example") for each in patients)
