"""Laws of counting and normalizing texts."""

from __future__ import annotations

import os
import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from followup.kit.gsm import (
    GSM7_BASIC,
    GSM7_EXTENSION,
    Encoding,
    count_segments,
    is_gsm7,
    normalize_for_sms,
    strip_accents_outside_gsm7,
)

EXAMPLES = int(os.environ.get("FOLLOWUP_EXAMPLES", "200"))
thoroughly = settings(max_examples=EXAMPLES, deadline=None)

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
LOOKS = st.text(st.sampled_from("abñé ’“”–…€[]\u00a0\u200b\u0301á🌸\r\n\t"), max_size=400)
texts = ANY_TEXT | LOOKS


def test_the_tables_are_those_of_the_standard() -> None:
    assert len(GSM7_BASIC) == 127  # 128 positions, one of which is the escape to the extension
    assert len(GSM7_EXTENSION) == 10
    assert not GSM7_BASIC & GSM7_EXTENSION
    assert not set("áíóúÁÍÓÚ") & GSM7_BASIC
    assert set("éñüÑÜ¿¡É") <= GSM7_BASIC


@thoroughly
@given(texts)
def test_units_are_what_the_alphabet_needs(text: str) -> None:
    counted = count_segments(text)
    if is_gsm7(text):
        assert counted.encoding is Encoding.GSM7
        assert counted.units == len(text) + sum(char in GSM7_EXTENSION for char in text)
    else:
        assert counted.encoding is Encoding.UCS2
        assert counted.units == len(text.encode("utf-16-be")) // 2


@thoroughly
@given(texts)
def test_segments_hold_all_units_and_waste_at_most_one_each(text: str) -> None:
    counted = count_segments(text)
    assert counted.units <= counted.segments * counted.per_segment
    if counted.segments > 1:
        assert counted.units > (counted.segments - 1) * (counted.per_segment - 1)
    assert (counted.segments == 0) is (text == "")


@thoroughly
@given(texts, texts)
def test_a_longer_text_never_takes_fewer_segments(text: str, more: str) -> None:
    assert count_segments(text + more).segments >= count_segments(text).segments


@thoroughly
@given(texts)
def test_normalizing_twice_changes_nothing_more(text: str) -> None:
    once = normalize_for_sms(text)
    assert normalize_for_sms(once) == once


@thoroughly
@given(texts)
def test_normalizing_never_costs_an_alphabet(text: str) -> None:
    if is_gsm7(unicodedata.normalize("NFC", text)):
        assert is_gsm7(normalize_for_sms(text))


@thoroughly
@given(LOOKS)
def test_normalizing_keeps_every_letter_and_digit(text: str) -> None:
    def letters(words: str) -> list[str]:
        plain = unicodedata.normalize("NFC", words.replace("\u200b", ""))
        return re.findall(r"\w", plain)

    assert letters(normalize_for_sms(text)) == letters(text)


@thoroughly
@given(texts)
def test_taking_accents_off_keeps_the_length_and_what_the_alphabet_has(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    plain = strip_accents_outside_gsm7(text)
    assert len(plain) == len(composed)
    assert all(
        after == before or before not in GSM7_BASIC for before, after in zip(composed, plain, strict=True)
    )
