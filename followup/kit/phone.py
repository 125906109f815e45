"""Phone numbers as people, spreadsheets and machines write them.

A wrong number sends a patient's recovery to a stranger, so this file prefers a refusal with a reason over a guess:
the library behind it happily builds a different number from ``4.155550101E9`` or drops an extension. It must never
return a number that cannot be texted, and never a number that differs from the digits that were written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType

MOST_CHARACTERS = 40
BIDI_MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")

_SCHEME = re.compile(r"^\s*([a-z][a-z+.-]*):", re.IGNORECASE)
_EXCEL_POWER = re.compile(r"^\+?\d(?:[.,]\d*)?e\+?\d+$", re.IGNORECASE)
_EXCEL_DECIMAL = re.compile(r"^\+?\d{7,}[.,]\d{1,2}$")
_EXTENSION = re.compile(r"(?:;?\s*(?:ext(?:ension|n)?\.?|x|anexo)\s*[=:.]?\s*\d+|#\s*\d+)\s*$", re.IGNORECASE)
_SEVERAL = re.compile(r"\d[\d\s().-]{5,}\s*(?:[/,;|&\n]|\bor\b|\band\b|\by\b|\bo\b)\s*[+(\d]", re.IGNORECASE)
_ALLOWED = re.compile(r"[\d\s().+\u2010-\u2015/-]+")
_FICTION = re.compile(r"^\d{3}55501\d\d$")

# Types that no carrier delivers a text to, with the sentence for the person who typed the number.
_NOT_TEXTABLE: dict[int, tuple[str, str]] = {
    PhoneNumberType.TOLL_FREE: (
        "toll-free",
        "This is a toll-free number. Give the patient's own mobile number.",
    ),
    PhoneNumberType.PREMIUM_RATE: (
        "premium",
        "This is a premium-rate number. Give the patient's mobile number.",
    ),
    PhoneNumberType.SHARED_COST: (
        "premium",
        "This is a shared-cost number. Give the patient's mobile number.",
    ),
    PhoneNumberType.FIXED_LINE: ("landline", "This is a landline, which cannot receive texts."),
    PhoneNumberType.PERSONAL_NUMBER: ("not-textable", "This kind of number cannot receive texts."),
    PhoneNumberType.PAGER: ("not-textable", "A pager cannot take part in a conversation."),
    PhoneNumberType.UAN: (
        "not-textable",
        "This is a company's shared number. Give the patient's mobile number.",
    ),
    PhoneNumberType.VOICEMAIL: (
        "not-textable",
        "This is a voicemail number. Give the patient's mobile number.",
    ),
}


class PhoneError(ValueError):
    """A number that was refused; ``code`` for programs, ``message`` for the person who typed it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in E.164 form, and what a person should look at again before saving it."""

    e164: str
    warnings: tuple[str, ...] = ()


def parse_phone(
    text: str,
    *,
    region: str = "US",
    allowed_regions: frozenset[str] = frozenset({"US"}),
    allow_fictional: bool = True,
    own_numbers: frozenset[str] = frozenset(),
) -> Phone:
    """Return the E.164 form of one number that can be texted.

    ``region`` is the ISO country assumed when no country code is written, ``allowed_regions`` the countries this
    clinic texts to, ``own_numbers`` the clinic's senders in E.164 form (texting them would be a loop). Numbers from
    the 555-0100 to 555-0199 range, reserved for fiction, carry a warning. Raises PhoneError.
    """
    written = _cleaned(text)
    for refuse in _REFUSALS:
        refuse(written)
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        raise PhoneError("unreadable", "This could not be read as a phone number.") from None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if e164 in own_numbers:
        raise PhoneError("own-number", "This is the clinic's own texting number, not the patient's.")
    if _is_fictional(number, allowed_regions):
        if not allow_fictional:
            raise PhoneError("fictional", "Numbers from 555-0100 to 555-0199 belong to nobody.")
        return Phone(
            e164, ("This number is from the range reserved for fiction: nobody will receive the texts.",)
        )
    _check_real(number, allowed_regions)
    return Phone(e164)


def mask_phone(e164: str) -> str:
    """Return a form fit for lists and logs that shows the last four digits only: ``••• 0101``."""
    digits = [char for char in e164 if char.isdigit()]
    return "••• " + "".join(digits[-4:]) if len(digits) > 4 else "•••"


def candidate_zones(e164: str) -> tuple[str, ...]:
    """Return the names of the zones in which this number may be, sorted; empty when nothing is known.

    An area code is only a hint: people keep their number when they move. Never store it as the patient's zone.
    """
    from phonenumbers import timezone

    try:
        names = timezone.time_zones_for_number(phonenumbers.parse(e164, None))
    except phonenumbers.NumberParseException:
        return ()
    return tuple(sorted(name for name in names if name != "Etc/Unknown"))


def _cleaned(text: str) -> str:
    for place, char in enumerate(text, start=1):
        if char not in BIDI_MARKS and unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\r\n":
            raise PhoneError("control-character", f"There is an invisible character at position {place}.")
    plain = "".join(_ascii_digit(char) for char in text if char not in BIDI_MARKS).strip()
    plain = re.sub(r"[\u00a0\u2000-\u200a\u202f\u3000]", " ", plain).replace("\uff0b", "+")
    if not plain:
        raise PhoneError("empty", "Give a phone number.")
    if len(plain) > MOST_CHARACTERS and not _SEVERAL.search(plain):
        raise PhoneError("too-long", f"A phone number has at most {MOST_CHARACTERS} characters.")
    scheme = _SCHEME.match(plain)
    if scheme and scheme.group(1).lower() != "tel":
        raise PhoneError("scheme", f"This is a {scheme.group(1)} address, not a phone number for texts.")
    return plain[scheme.end() :].strip() if scheme else plain


def _ascii_digit(char: str) -> str:
    return str(unicodedata.decimal(char)) if unicodedata.category(char) == "Nd" else char


def _refuse_spreadsheet_numbers(written: str) -> None:
    if _EXCEL_POWER.match(written) or _EXCEL_DECIMAL.match(written):
        raise PhoneError(
            "spreadsheet",
            "A spreadsheet made a decimal of this number. Format the column as text and copy again.",
        )


def _refuse_extensions(written: str) -> None:
    if _EXTENSION.search(written):
        raise PhoneError("extension", "A number with an extension cannot receive texts.")


def _refuse_several(written: str) -> None:
    if _SEVERAL.search(written) or sum(char.isdigit() for char in written) > 15:
        raise PhoneError("several", "There is more than one number here. Give the one to text.")


def _refuse_letters(written: str) -> None:
    if not _ALLOWED.fullmatch(written) or written.count("+") > 1 or "+" in written[1:].lstrip("("):
        raise PhoneError("letters", "Give the number in digits only.")


def _refuse_short(written: str) -> None:
    digits = "".join(char for char in written if char.isdigit())
    if not digits:
        raise PhoneError("empty", "Give a phone number.")
    if len(digits) <= 6:
        raise PhoneError("short-code", "Emergency numbers and short codes cannot be a patient's number.")
    if len(digits) == 7:
        raise PhoneError("no-area-code", "The area code is missing.")
    if len(set(digits)) == 1:
        raise PhoneError("placeholder", "This looks like a placeholder, not a number.")
    if digits.startswith("00") and not written.startswith("+"):
        raise PhoneError("double-zero", "Write the country code with a plus sign instead of 00.")


_REFUSALS: tuple[Callable[[str], None], ...] = (
    _refuse_spreadsheet_numbers,
    _refuse_extensions,
    _refuse_several,
    _refuse_letters,
    _refuse_short,
)


def _is_fictional(number: phonenumbers.PhoneNumber, allowed_regions: frozenset[str]) -> bool:
    national = str(number.national_number)
    if number.country_code != 1 or not _FICTION.match(national):
        return False
    # The library calls the range invalid in some area codes; a neighbor in the same area code tells the country.
    neighbor = phonenumbers.PhoneNumber(country_code=1, national_number=int(national[:3] + "2345678"))
    kind = phonenumbers.number_type(neighbor)
    return phonenumbers.region_code_for_number(neighbor) in allowed_regions and kind not in _NOT_TEXTABLE


def _check_real(number: phonenumbers.PhoneNumber, allowed_regions: frozenset[str]) -> None:
    country = phonenumbers.region_code_for_number(number)
    if phonenumbers.is_possible_number(number) and country and country not in allowed_regions:
        raise PhoneError("region", f"This number belongs to {country}. The clinic does not text there.")
    if not phonenumbers.is_valid_number(number):
        raise PhoneError("invalid", "There is no such phone number. Please check the digits.")
    refusal = _NOT_TEXTABLE.get(phonenumbers.number_type(number))
    if refusal:
        raise PhoneError(*refusal)
