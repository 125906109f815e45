"""The values that may stand in a text, with the longest each may be expected to become.

The list is closed: a text can say nothing about a patient that is not here, and nothing here names a diagnosis
or what was done. Lengths are proved with the worst case, so that a text which fits in the preview fits on the
phone of Maximiliano, too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from babel.dates import format_datetime

from followup.pathways.vocabulary import Harvest

LONGEST_VALUE = 60
"""Characters. What is longer is not a name or a time but a mistake; it is cut so that a text stays a text."""

_UNSEEN = re.compile(r"[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One value a text may use. ``optional`` ones may be empty and must stand inside an ``if`` on their name."""

    name: str
    meaning: str
    sample: Mapping[str, str]
    worst_case: Mapping[str, str]
    optional: bool = False


def _both(english: str, spanish: str | None = None) -> Mapping[str, str]:
    return MappingProxyType({"en": english, "es": spanish or english})


def _by_name(*placeholders: Placeholder) -> Mapping[str, Placeholder]:
    return MappingProxyType({each.name: each for each in placeholders})


PATHWAY_PLACEHOLDERS = _by_name(
    Placeholder("patient_first_name", "What the patient is called.", _both("Ines"), _both("Maria-Fernanda")),
    Placeholder(
        "clinic_name",
        "The short name of the clinic, at most 20 characters. Choose one that names no illness.",
        _both("Riverbend Clinic"),
        _both("Riverbend Med Center"),
    ),
    Placeholder("clinic_phone", "The number for questions.", _both("415-555-0100"), _both("(415) 555-0100")),
    Placeholder(
        "urgent_phone",
        "The number that is answered day and night.",
        _both("415-555-0111"),
        _both("(415) 555-0111"),
    ),
    Placeholder(
        "procedure_words",
        "Day and time of the procedure.",
        _both("Tue, Mar 3 at 9:00 AM", "martes 3 de marzo, 9:00 AM"),
        _both("Wed, Sep 23 at 10:30 AM", "miércoles 23 de septiembre, 10:30 AM"),
    ),
    Placeholder(
        "visit_words",
        "Day and time of the next follow-up visit; empty while none is booked.",
        _both("Tue, Mar 10 at 2:00 PM", "martes 10 de marzo, 2:00 PM"),
        _both("Wed, Sep 23 at 10:30 AM", "miércoles 23 de septiembre, 10:30 AM"),
        optional=True,
    ),
    Placeholder(
        "harvest_site_words",
        "The place where the cells were taken, in the patient's words.",
        _both("the back of your hip", "la cadera"),
        _both("the back of your hip", "la parte de atrás de la cadera"),
    ),
    Placeholder(
        "next_open",
        "When the clinic opens next.",
        _both("Monday at 8:00 AM", "el lunes a las 8:00 AM"),
        _both("Wednesday at 10:00 AM", "el miércoles a las 10:00 AM"),
    ),
)
"""What the texts of a pathway may use."""

SYSTEM_PLACEHOLDERS: Mapping[str, Placeholder] = MappingProxyType(
    {
        **PATHWAY_PLACEHOLDERS,
        **_by_name(
            Placeholder("case_code", "The short public name of a case.", _both("7K4"), _both("7K4M")),
            Placeholder(
                "case_code_spoken", "The same, to be read aloud.", _both("7, K, 4"), _both("7, K, 4, M")
            ),
            Placeholder("accept_code", "What staff reply to accept.", _both("7K4A"), _both("7K4MA")),
            Placeholder(
                "tier_word", "How fast.", _both("URGENT", "URGENTE"), _both("EMERGENCY", "EMERGENCIA")
            ),
            Placeholder(
                "case_link",
                "The address of the case; it asks for a sign-in or a button, and opening it accepts nothing.",
                _both("https://followup.example/c/7K4"),
                _both("https://followup.riverbend-clinic.example/c/7K4M"),
            ),
            Placeholder("staff_name", "Who accepted.", _both("B. Osei"), _both("Alexandra Montgomery")),
            Placeholder(
                "clock_words",
                "A time of the day.",
                _both("2:14 AM"),
                _both("12:14 AM"),
            ),
            Placeholder(
                "shift_link",
                "The address where staff confirm a shift with a button; opening it confirms nothing.",
                _both("https://followup.example/s/3fJ2kQ9xT7bLwYdR5mZc1A"),
                _both("https://followup.riverbend-clinic.example/s/3fJ2kQ9xT7bLwYdR5mZc1A"),
            ),
            Placeholder("sign_in_code", "Six digits.", _both("482913"), _both("482913")),
        ),
    }
)
"""What the texts of the house (safety, opt-out, pages) may use."""

_DAY_AND_TIME = {"en": "EEE, MMM d 'at' h:mm a", "es": "EEEE d 'de' MMMM, h:mm a"}
_OPENING = {"en": "EEEE 'at' h:mm a", "es": "'el' EEEE 'a las' h:mm a"}
_CLOCK = {"en": "h:mm a", "es": "h:mm a"}

_HARVEST_SITES: Mapping[tuple[Harvest, str], str] = {
    (Harvest.BONE_MARROW, "en"): "the back of your hip",
    (Harvest.BONE_MARROW, "es"): "la cadera",
    (Harvest.FAT, "en"): "your belly",
    (Harvest.FAT, "es"): "el abdomen",
}


def worst_case(language: str, names: Mapping[str, Placeholder] = PATHWAY_PLACEHOLDERS) -> dict[str, str]:
    """The longest expected value of every placeholder, for proving lengths."""
    return {name: each.worst_case.get(language, each.worst_case["en"]) for name, each in names.items()}


def sample(language: str, names: Mapping[str, Placeholder] = PATHWAY_PLACEHOLDERS) -> dict[str, str]:
    """An ordinary invented patient, for previews."""
    return {name: each.sample.get(language, each.sample["en"]) for name, each in names.items()}


def clean(value: str) -> str:
    """One line without invisible characters; a right-to-left mark in a name must not turn a text around."""
    visible = _UNSEEN.sub(" ", unicodedata.normalize("NFC", value))
    return " ".join(visible.split())[:LONGEST_VALUE]


def day_and_time_words(local: datetime, language: str) -> str:
    """A local wall time as a patient reads it: "Tue, Mar 3 at 9:00 AM"."""
    return _format(local, _DAY_AND_TIME, language)


def opening_words(local: datetime, language: str) -> str:
    """When the clinic opens, from the local wall time: "Monday at 8:00 AM"."""
    return _format(local, _OPENING, language)


def clock_words(local: datetime, language: str) -> str:
    """A local time of the day: "2:14 AM"."""
    return _format(local, _CLOCK, language)


def harvest_site_words(harvest: Harvest, language: str) -> str:
    """The usual site in the patient's words; an enrollment that names another site overrides it."""
    return _HARVEST_SITES.get((harvest, language), _HARVEST_SITES[harvest, "en"])


def phone_words(e164: str) -> str:
    """A US number as people write it, because digits in groups are read aloud with fewer mistakes."""
    digits = e164.removeprefix("+1")
    if len(digits) == 10 and digits.isdigit():
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    return e164


def _format(local: datetime, patterns: Mapping[str, str], language: str) -> str:
    pattern = patterns.get(language, patterns["en"])
    locale = f"{language if language in patterns else 'en'}_US"
    # Babel puts narrow no-break spaces before AM; one of them makes an SMS three times as long. Its Spanish "a. m."
    # would end half of our sentences with two periods, and people here read AM in both languages.
    words = " ".join(format_datetime(local.replace(tzinfo=None), pattern, locale=locale).split())
    return words.replace("a. m.", "AM").replace("p. m.", "PM").replace("a.m.", "AM").replace("p.m.", "PM")
