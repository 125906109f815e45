"""What a text costs: worked examples; the general laws are in tests/properties."""

from __future__ import annotations

import pytest

from followup.kit.gsm import (
    Encoding,
    Segments,
    count_segments,
    is_gsm7,
    normalize_for_sms,
    strip_accents_outside_gsm7,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments(Encoding.GSM7, 0, 0, 160)),
        ("a" * 160, Segments(Encoding.GSM7, 160, 1, 160)),
        ("a" * 161, Segments(Encoding.GSM7, 161, 2, 153)),
        ("a" * 306, Segments(Encoding.GSM7, 306, 2, 153)),
        ("a" * 307, Segments(Encoding.GSM7, 307, 3, 153)),
        ("ñ" * 160, Segments(Encoding.GSM7, 160, 1, 160)),
        ("á" * 70, Segments(Encoding.UCS2, 70, 1, 70)),
        ("á" * 71, Segments(Encoding.UCS2, 71, 2, 67)),
        ("😭" * 35, Segments(Encoding.UCS2, 70, 1, 70)),
        ("😭" * 36, Segments(Encoding.UCS2, 72, 2, 67)),
        pytest.param("€^{}", Segments(Encoding.GSM7, 8, 1, 160), id="B41"),
        pytest.param("€" * 80, Segments(Encoding.GSM7, 160, 1, 160), id="B41-full"),
        pytest.param("Ana 🌸", Segments(Encoding.UCS2, 6, 1, 70), id="B25"),
    ],
)
def test_units_and_segments_are_counted_as_handsets_do(text: str, expected: Segments) -> None:
    assert count_segments(text) == expected


def test_a_character_of_two_units_moves_whole_to_the_next_segment() -> None:
    assert count_segments("a" * 152 + "€" + "a" * 152).segments == 3
    assert count_segments("a" * 151 + "€" + "a" * 153).segments == 2


def test_an_emoji_is_never_split_between_segments() -> None:
    assert count_segments("á" * 66 + "😭" + "á" * 66).segments == 3


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        pytest.param("We’re “here” – call… now", 'We\'re "here" - call... now', id="B40"),
        ("a\u00a0b\u2009c\td", "a b c d"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("line\r\nline\u2028line", "line\nline\nline"),
        ("cafe\u0301", "café"),
        ("e\u200b\u0301", "é"),
        ("¿Cómo está?", "¿Cómo está?"),
        ("👩\u200d⚕\ufe0f", "👩\u200d⚕\ufe0f"),
    ],
)
def test_look_alikes_become_plain_and_words_stay(written: str, sent: str) -> None:
    assert normalize_for_sms(written) == sent


def test_spanish_accents_outside_the_alphabet_can_be_taken_off() -> None:
    plain = strip_accents_outside_gsm7("¿Cómo está su niño? Él llamó a la cigüeña ¡aquí!")
    assert plain == "¿Como esta su niño? Él llamo a la cigüeña ¡aqui!"
    assert is_gsm7(plain)


def test_letters_of_other_scripts_are_left_alone() -> None:
    assert strip_accents_outside_gsm7("й 中 😭") == "й 中 😭"
