"""Every way of writing a phone number that the house knows, by its number in the list of bad inputs."""

from __future__ import annotations

import pytest

from followup.kit.phone import PhoneError, candidate_zones, mask_phone, parse_phone

REAL = "+14155552671"


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("(415) 555-2671", id="B01-parentheses"),
        pytest.param("415.555.2671", id="B01-dots"),
        pytest.param("415 555 2671", id="B01-spaces"),
        pytest.param("1-415-555-2671", id="B02"),
        pytest.param("tel:+1-415-555-2671", id="B04"),
        pytest.param("４１５５５５２６７１", id="B15-full-width"),
        pytest.param("\u0664\u0661\u0665\u0665\u0665\u0665\u0662\u0666\u0667\u0661", id="B15-arabic"),
        pytest.param("\u202a+1 415 555 2671\u202c", id="B19-bidi"),
        pytest.param("+1\u00a0415\u00a0555\u00a02671", id="no-break-spaces"),
        pytest.param("415\u2013555\u20132671", id="dashes"),
        pytest.param("011 1 415 555 2671", id="dialed-from-abroad"),
    ],
)
def test_a_number_is_stored_in_one_form(written: str) -> None:
    assert parse_phone(written).e164 == REAL


@pytest.mark.parametrize(
    ("written", "code"),
    [
        pytest.param("001 415 555 2671", "double-zero", id="B03"),
        pytest.param("415-555-2671 x12", "extension", id="B05-x"),
        pytest.param("415-555-2671 ext. 12", "extension", id="B05-ext"),
        pytest.param("tel:+1-415-555-2671;ext=12", "extension", id="B05-uri"),
        pytest.param("415-555-2671#3", "extension", id="B05-hash"),
        pytest.param("1-800-FLOWERS", "letters", id="B06-letters"),
        pytest.param("1-800-356-9377", "toll-free", id="B06-toll-free"),
        pytest.param("1-800-555-0101", "toll-free", id="B06-toll-free-fiction"),
        pytest.param("911", "short-code", id="B07-911"),
        pytest.param("988", "short-code", id="B07-988"),
        pytest.param("72345", "short-code", id="B07-short-code"),
        pytest.param("555-2671", "no-area-code", id="B08"),
        pytest.param("0000000000", "placeholder", id="B09-zeros"),
        pytest.param("1234567890", "invalid", id="B09-counting"),
        pytest.param("+19005552671", "premium", id="B11"),
        pytest.param("+12645552671", "region", id="B12"),
        pytest.param("+442079460018", "region", id="B13-other-country"),
        pytest.param("4.155550101E9", "spreadsheet", id="B16"),
        pytest.param("4155550101.0", "spreadsheet", id="B17"),
        pytest.param("415-555-2671 / 415-555-2672", "several", id="B18-slash"),
        pytest.param("4155552671 or 4155552672", "several", id="B18-or"),
        pytest.param("4155552671 4155552672", "several", id="B18-space"),
        pytest.param("4155552671\n4155552672", "several", id="B18-lines"),
        pytest.param("+1415\x005552671", "control-character", id="B20"),
        pytest.param("", "empty", id="B23-empty"),
        pytest.param(" \u200e ", "empty", id="B23-blank"),
        pytest.param("()", "empty", id="B23-no-digit"),
        pytest.param("whatsapp:+14155552671", "scheme", id="B24"),
        pytest.param("=4155552671", "letters", id="formula"),
        pytest.param("9" * 5000, "too-long", id="endless"),
        pytest.param("+1500 555 0006", "not-textable", id="personal-number"),
    ],
)
def test_a_number_that_cannot_be_texted_is_refused_with_its_reason(written: str, code: str) -> None:
    with pytest.raises(PhoneError) as refused:
        parse_phone(written)
    assert refused.value.code == code
    assert refused.value.message.endswith((".", "?"))


def test_b13_a_landline_is_refused_where_its_country_tells_it_apart() -> None:
    with pytest.raises(PhoneError) as refused:
        parse_phone("+442079460018", allowed_regions=frozenset({"US", "GB"}))
    assert refused.value.code == "landline"


def test_b12_a_caribbean_number_is_accepted_by_a_clinic_that_texts_there() -> None:
    assert parse_phone("+12642352671", allowed_regions=frozenset({"US", "AI"})).e164 == "+12642352671"


@pytest.mark.parametrize("area", [212, 213, 305, 415, 470, 602, 718, 808, 907])
def test_b10_the_fiction_range_is_accepted_with_a_warning_in_any_area_code(area: int) -> None:
    phone = parse_phone(f"+1{area}5550199")
    assert phone.e164 == f"+1{area}5550199"
    assert len(phone.warnings) == 1


def test_b10_the_fiction_range_can_be_refused() -> None:
    with pytest.raises(PhoneError) as refused:
        parse_phone("+14155550101", allow_fictional=False)
    assert refused.value.code == "fictional"


def test_b21_the_clinics_own_sender_is_refused_however_it_is_written() -> None:
    with pytest.raises(PhoneError) as refused:
        parse_phone("(415) 555-2671", own_numbers=frozenset({REAL}))
    assert refused.value.code == "own-number"


def test_b20_the_position_of_an_invisible_character_is_told() -> None:
    with pytest.raises(PhoneError, match="position 6"):
        parse_phone("+1415\x005552671")


@pytest.mark.parametrize(("number", "masked"), [("+14155550101", "••• 0101"), ("911", "•••"), ("", "•••")])
def test_a_masked_number_shows_four_digits_at_most(number: str, masked: str) -> None:
    assert mask_phone(number) == masked


def test_an_area_code_hints_at_its_zones() -> None:
    assert candidate_zones("+14155552671") == ("America/Los_Angeles",)
    assert candidate_zones("nonsense") == ()
