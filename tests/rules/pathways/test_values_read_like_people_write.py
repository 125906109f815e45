"""Dates, hours and numbers stand in a text as a patient would read them aloud."""

from __future__ import annotations

from datetime import datetime

import pytest

from followup.kit.gsm import Encoding, count_segments
from followup.pathways.render import for_sms
from followup.pathways.values import (
    PATHWAY_PLACEHOLDERS,
    SYSTEM_PLACEHOLDERS,
    clean,
    clock_words,
    day_and_time_words,
    harvest_site_words,
    opening_words,
    phone_words,
    worst_case,
)
from followup.pathways.vocabulary import Harvest

LOCAL = datetime(2027, 3, 2, 9, 0)  # noqa: DTZ001 - a local wall time has no zone
LONGEST_LOCAL = datetime(2026, 9, 23, 10, 30)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Tue, Mar 2 at 9:00 AM"), ("es", "martes 2 de marzo, 9:00 AM")]
)
def test_a_day_and_time(language: str, said: str) -> None:
    assert day_and_time_words(LOCAL, language) == said


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Tuesday at 9:00 AM"), ("es", "el martes a las 9:00 AM")]
)
def test_the_opening_of_the_clinic(language: str, said: str) -> None:
    assert opening_words(LOCAL, language) == said


def test_an_unknown_language_reads_english() -> None:
    assert clock_words(LOCAL, "pl") == "9:00 AM"


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_worst_case_is_as_long_as_the_longest_day_of_a_year(language: str) -> None:
    assert len(day_and_time_words(LONGEST_LOCAL, language)) <= len(worst_case(language)["procedure_words"])
    for harvest in (Harvest.BONE_MARROW, Harvest.FAT):
        assert len(harvest_site_words(harvest, language)) <= len(worst_case(language)["harvest_site_words"])


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_value_makes_a_text_message_leave_the_short_alphabet(language: str) -> None:
    for value in (*worst_case(language).values(), day_and_time_words(LOCAL, language)):
        assert count_segments(for_sms(value)).encoding is Encoding.GSM7


def test_a_phone_number_is_written_in_groups() -> None:
    assert phone_words("+14155550101") == "415-555-0101"
    assert phone_words("+447700900123") == "+447700900123"


def test_a_value_is_one_visible_line_of_bounded_length() -> None:
    assert clean("Ines\n\u202eSTOP\u200b  ") == "Ines STOP"
    assert len(clean("x" * 5_000)) == 60


def test_every_value_is_explained_to_the_person_who_writes_texts() -> None:
    for placeholder in (*PATHWAY_PLACEHOLDERS.values(), *SYSTEM_PLACEHOLDERS.values()):
        assert placeholder.meaning.endswith(".")
        assert set(placeholder.sample) == set(placeholder.worst_case) == {"en", "es"}
