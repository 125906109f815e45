"""The school grade of a text."""

from __future__ import annotations

import pytest

from followup.kit.readability import count, english_syllables, grade, perspicuity, spanish_syllables

EASY = "How is your pain today? Reply with a number from 0 to 10."
HARD = (
    "Postoperative paresthesia accompanied by deteriorating neurological functionality necessitates immediate "
    "reassessment by the interventional radiologist responsible."
)
FACIL = "¿Cómo está su dolor hoy? Responda con un número del 0 al 10."
DIFICIL = (
    "La parestesia postoperatoria acompañada de deterioro progresivo de la funcionalidad neurológica requiere una "
    "reevaluación inmediata por el especialista intervencionista responsable del procedimiento."
)


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("pain", 1), ("today", 2), ("numbness", 2), ("medicine", 3), ("procedure", 3), ("recovery", 4),
        ("called", 1), ("needed", 2), ("little", 2), ("clinic", 2), ("nurse", 1), ("people", 2), ("worse", 1),
        ("10", 1),
    ],
)  # fmt: skip
def test_english_syllables(word: str, syllables: int) -> None:
    assert english_syllables(word) == syllables


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("dolor", 2), ("día", 2), ("país", 2), ("ciudad", 2), ("aeropuerto", 5), ("guerra", 2), ("pingüino", 3),
        ("quiero", 2), ("muy", 1), ("y", 1), ("buey", 1), ("enfermera", 4), ("leer", 2), ("ahora", 3), ("10", 1),
    ],
)  # fmt: skip
def test_spanish_syllables(word: str, syllables: int) -> None:
    assert spanish_syllables(word) == syllables


@pytest.mark.parametrize(("easy", "hard", "language"), [(EASY, HARD, "en"), (FACIL, DIFICIL, "es")])
def test_a_plain_text_is_below_grade_six_and_jargon_far_above(easy: str, hard: str, language: str) -> None:
    assert grade(easy, language) <= 6
    assert grade(hard, language) > 6


def test_the_english_formula_gives_its_published_value() -> None:
    # 0.39 * 6/1 + 11.8 * 6/6 - 15.59 is below zero; 0.39 * 10/1 + 11.8 * 17/10 - 15.59 = 8.37.
    assert grade("The cat sat on the mat.", "en") == 0.0
    assert grade("Today nurses carry water under seven bridges to sick men.", "en") == pytest.approx(
        8.4, abs=0.01
    )


def test_the_spanish_formula_gives_its_published_value() -> None:
    counted = count(FACIL, "es")
    expected = (
        -0.205 * 100 * counted.sentences / counted.words
        + 0.049 * 100 * counted.syllables / counted.words
        - 3.407
    )
    assert grade(FACIL, "es") == round(expected, 1)


def test_perspicuity_falls_with_difficulty() -> None:
    assert perspicuity(FACIL) > 65
    assert perspicuity(DIFICIL) < 40
    assert perspicuity("") == 100.0


def test_placeholders_links_and_phone_numbers_are_not_prose() -> None:
    plain = "Call us now."
    assert count(
        "Call us {{ clinic.name }} now. https://clinic.example/abcdefg +1 (415) 555-0101", "en"
    ) == count(plain, "en")


def test_a_decimal_number_does_not_end_a_sentence() -> None:
    assert count("A fever of 100.4 or more.", "en").sentences == 1


def test_an_empty_text_has_grade_zero() -> None:
    assert grade("{{ name }} 😭", "en") == 0.0


def test_another_language_is_an_error() -> None:
    with pytest.raises(ValueError, match="no reading grade"):
        grade("Bonjour", "fr")
