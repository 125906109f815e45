"""The texts that belong to no pathway are complete, short, plain, and say what each of them must say."""

from __future__ import annotations

from pathlib import Path

import pytest

from followup.kit.gsm import Encoding, count_segments
from followup.kit.readability import grade
from followup.pathways import forbidden
from followup.pathways.system import LANGUAGES, PATIENT_KEYS, STAFF_KEYS, load_system_texts
from followup.pathways.values import SYSTEM_PLACEHOLDERS, sample, worst_case
from followup.pathways.vocabulary import Channel

TEXTS = load_system_texts(Path(__file__).parents[2] / "templates" / "system")

TWO_PARTS = {"consent-confirmed", "safety-urgent", "safety-unclear"}
"""The only texts that may take two parts: each file says why."""

in_both_languages = pytest.mark.parametrize("language", LANGUAGES)


def words(key: str, language: str, channel: Channel = Channel.SMS, *, longest: bool = False) -> str:
    values = worst_case if longest else sample
    given = values(language, SYSTEM_PLACEHOLDERS)
    return TEXTS.render(key, language=language, channel=channel, values=given).body


@in_both_languages
@pytest.mark.parametrize("key", [*PATIENT_KEYS, *STAFF_KEYS])
def test_a_text_fits_its_parts_and_reads_at_sixth_grade(key: str, language: str) -> None:
    counted = count_segments(words(key, language, longest=True))
    assert counted.encoding is Encoding.GSM7
    assert counted.segments <= (2 if key in TWO_PARTS else 1)
    assert grade(words(key, language), language) <= 6
    assert grade(words(key, language, Channel.EMAIL), language) <= 6


@in_both_languages
@pytest.mark.parametrize("key", PATIENT_KEYS)
def test_a_text_to_a_patient_names_nothing_and_reassures_about_nothing(key: str, language: str) -> None:
    for channel in (Channel.SMS, Channel.EMAIL):
        text = words(key, language, channel)
        for rule in forbidden.EVERYWHERE:
            assert not rule.patterns[language].search(text), text


@in_both_languages
@pytest.mark.parametrize("key", ["safety-emergency", "safety-self-harm", "safety-urgent", "safety-unclear"])
def test_a_safety_text_says_when_to_call_911(key: str, language: str) -> None:
    assert "911" in words(key, language)


@in_both_languages
def test_the_self_harm_text_names_the_line_that_answers_day_and_night(language: str) -> None:
    assert "988" in words("safety-self-harm", language)


@in_both_languages
@pytest.mark.parametrize(
    "key", ["safety-urgent", "nobody-reached-yet", "safety-same-day-closed", "tried-to-call"]
)
def test_who_waits_for_us_gets_the_number_that_is_always_answered(key: str, language: str) -> None:
    assert "415-555-0111" in words(key, language)


@in_both_languages
def test_the_closed_clinic_says_when_it_opens_and_never_today(language: str) -> None:
    text = words("safety-same-day-closed", language).lower()
    assert sample(language, SYSTEM_PLACEHOLDERS)["next_open"].lower() in text
    assert "today" not in text
    assert "hoy" not in text


@in_both_languages
@pytest.mark.parametrize("key", ["opt-out-red-flag", "opt-out-confirmed"])
def test_the_last_text_after_an_opt_out_carries_911(key: str, language: str) -> None:
    assert "911" in words(key, language)


@in_both_languages
@pytest.mark.parametrize("key", ["unknown-number", "unknown-number-red-flag", "wrong-person", *STAFF_KEYS])
def test_a_text_to_anybody_but_the_patient_holds_nothing_of_a_patient(key: str, language: str) -> None:
    given = sample(language, SYSTEM_PLACEHOLDERS) | {
        "patient_first_name": "Xanthippe",
        "procedure_words": "Xanthippe",
        "visit_words": "Xanthippe",
        "harvest_site_words": "Xanthippe",
    }
    for channel in Channel:
        rendered = TEXTS.render(key, language=language, channel=channel, values=given)
        assert "Xanthippe" not in f"{rendered.subject} {rendered.body}"


@in_both_languages
def test_a_page_is_accepted_by_a_code_or_a_key_and_not_by_its_link(language: str) -> None:
    given = sample(language, SYSTEM_PLACEHOLDERS)
    assert given["accept_code"] in words("staff-page", language)
    assert "4. " in words("staff-page", language, Channel.VOICE)
    assert "http" not in words("staff-page", language, Channel.VOICE)
