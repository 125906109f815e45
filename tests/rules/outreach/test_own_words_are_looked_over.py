"""What a person writes to a patient is counted and hinted at; only what can't be sent is refused."""

from __future__ import annotations

import pytest

from followup.clinics.states import Channel
from followup.errors import InvalidInput
from followup.outreach.own_words import LONGEST_MAIL, LookedOver, look_over


def looked(words: str, channel: Channel = Channel.sms, language: str = "en") -> LookedOver:
    return look_over(words, channel=channel, clinic="Riverbend", language=language, names=("Ines", "Ortega"))


def test_a_text_says_whose_it_is_once() -> None:
    assert looked("Can you call us?").body == "Riverbend: Can you call us?"
    assert looked("Riverbend: Can you call us?").body == "Riverbend: Can you call us?"
    assert looked("Can you call us?", Channel.email).body == "Can you call us?"


@pytest.mark.parametrize(
    ("words", "parts"), [("x" * 149, 1), ("x" * 150, 2), ("ł" * 59, 1), ("ł" * 60, 2), ("“quoted”", 1)]
)
def test_parts_are_counted_with_the_name_in_front(words: str, parts: int) -> None:
    assert looked(words).segments == parts


@pytest.mark.parametrize(
    ("words", "language", "hint"),
    [
        ("How is your back pain?", "en", "'back pain' names an illness"),
        ("Don't worry, it will pass", "en", "tells the patient that all is well"),
        ("No se preocupe por eso", "es", "tells the patient that all is well"),
        ("Dear Ines Ortega, please call", "en", "The whole name stands in it"),
        ("See https://clinic.example/a", "en", "not to trust links"),
        ("Your record is 123456789012", "en", "A long number"),
    ],
)
def test_what_a_locked_phone_should_not_show_is_hinted_at_and_not_refused(
    words: str, language: str, hint: str
) -> None:
    assert any(hint in each for each in looked(words, language=language).hints)


def test_plain_words_need_no_second_thought() -> None:
    assert looked("Ines, please call us at 415-555-0112 when you can.").hints == ()


@pytest.mark.parametrize(
    ("words", "channel", "why"),
    [
        (" \n ", Channel.sms, "Write something first"),
        ("x" * 1_000, Channel.sms, "This takes 7 texts"),
        ("x" * (LONGEST_MAIL + 1), Channel.email, "Keep it under 4,000 characters"),
    ],
)
def test_nothing_and_too_much_are_refused_at_their_field(words: str, channel: Channel, why: str) -> None:
    with pytest.raises(InvalidInput, match=why) as refused:
        looked(words, channel)
    assert [each.field for each in refused.value.problems] == ["words"]
