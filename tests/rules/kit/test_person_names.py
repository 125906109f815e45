"""Names as they are written, by their number in the list of bad inputs."""

from __future__ import annotations

import pytest

from followup.kit.names import PersonNameError, first_name, normalize_name, search_words


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("Ana 🌸", id="B25"),
        pytest.param("שרה לוי", id="B26"),
        pytest.param("X", id="B32-one-letter"),
        pytest.param("O'Brien", id="B32-apostrophe"),
        pytest.param("Null", id="B32-null"),
        pytest.param("N/A", id="B32-na"),
        pytest.param("Robert'); DROP TABLE patients;--", id="B33"),
        pytest.param('<script>alert(1)</script>" onmouseover=', id="B34"),
        pytest.param("{{ 7*7 }} ${x} %s {0}", id="B35"),
        pytest.param("=HYPERLINK(1)", id="B36-formula"),
        pytest.param("@SUM(A1)", id="B36-at"),
        pytest.param("می\u200cخواهم", id="joiner-inside"),
    ],
)
def test_a_name_is_kept_as_it_is(name: str) -> None:
    assert normalize_name(name) == name


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("\u200b\u200d", "empty", id="B27"),
        pytest.param("  ", "empty", id="blank"),
        pytest.param("Z" + "\u0301" * 50, "too-many-marks", id="B28"),
        pytest.param("An\x00a", "control-character", id="B29-nul"),
        pytest.param("An\x1ba", "control-character", id="B29-escape"),
        pytest.param("An\ud800a", "encoding", id="B30"),
        pytest.param("Ana\r\nBcc: x@example.com", "line-break", id="B37"),
        pytest.param("Ana\u2028x", "line-break", id="B37-unicode"),
        pytest.param("a" * 121, "too-long", id="limit"),
        pytest.param("a" * 10_000, "too-long", id="B38"),
        pytest.param("👩‍⚕️" * 100, "too-long", id="bytes"),
    ],
)
def test_what_cannot_be_a_name_is_refused(name: str, code: str) -> None:
    with pytest.raises(PersonNameError) as refused:
        normalize_name(name)
    assert refused.value.code == code


def test_b29_the_position_is_told() -> None:
    with pytest.raises(PersonNameError, match="position 3"):
        normalize_name("An\x00a")


def test_b26_a_direction_override_is_stripped() -> None:
    assert normalize_name("Ana \u202eseni") == "Ana seni"


def test_b31_composed_and_decomposed_names_are_one() -> None:
    assert normalize_name("Nu\u0301n\u0303ez") == normalize_name("Núñez")
    assert search_words("Nu\u0301n\u0303ez") == search_words("Núñez") == ("nunez",)


def test_blanks_are_made_single() -> None:
    assert normalize_name("  Ana\t María\u00a0 Ruiz ") == "Ana María Ruiz"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Núñez-O'Brien, Ana", ("nunez", "obrien", "ana")),
        ("O’Brien", ("obrien",)),
        ("STRASSE Straße", ("strasse",)),
        ("🌸", ()),
        ("Ana ANA ana", ("ana",)),
    ],
)
def test_search_words_are_folded(name: str, words: tuple[str, ...]) -> None:
    assert search_words(name) == words


@pytest.mark.parametrize(
    ("name", "greeted"),
    [
        ("Ines Calder", "Ines"),
        ("Mrs. Eva Lindqvist", "Eva"),
        ("Lindqvist, Eva Maria", "Eva"),
        ("Sra. Ana", "Ana"),
        ("X", "X"),
        ("Dr.", "Dr."),
    ],
)
def test_the_first_name_is_greeted(name: str, greeted: str) -> None:
    assert first_name(name) == greeted
