"""What staff read on a lock screen: typed facts in, words out, and no way in for anything about a patient.

Plain texting is no place for a patient's name, symptom or procedure (CMS memo of 8 February 2024). The words come
from ``templates/system``; the only values they can get are those of ``PageFacts``, each checked against its own
alphabet, so that a wrong caller fails here and not on a nurse's phone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from followup.clinics.states import Channel
from followup.escalation.states import CaseTier
from followup.kit.tokens import CODE_ALPHABET, is_reply_code
from followup.messaging.say import house_texts
from followup.pathways.render import Rendered
from followup.pathways.vocabulary import Channel as TextChannel

STAFF_LANGUAGE = "en"
TIER_WORDS: Mapping[CaseTier, str] = {CaseTier.emergency: "EMERGENCY", CaseTier.urgent: "URGENT"}

_CLINIC = re.compile(r"[A-Za-z0-9][A-Za-z0-9 &.-]{0,19}")
_CASE = re.compile(rf"[{CODE_ALPHABET}]{{3,6}}")
_LINK = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~-]+)*/?")
_STAFF = re.compile(r"[^\W\d_][\w.'’ -]{0,59}")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?: [AP]M)?")


class NotAPageFact(ValueError):
    """A value that may not stand on a lock screen; the value itself is not repeated."""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """All that a page can say. Raises NotAPageFact for anything else than a tier, codes and a link."""

    tier: CaseTier
    clinic_code: str
    case_code: str
    link: str
    reply_code: str | None = None

    def __post_init__(self) -> None:
        _check("clinic code", _CLINIC, self.clinic_code)
        _check("case code", _CASE, self.case_code)
        _check("link", _LINK, self.link)
        if self.reply_code is not None and not is_reply_code(self.reply_code):
            raise NotAPageFact("the reply code is none")

    def values(self) -> dict[str, str]:
        """Return the values for a text; nothing else is ever handed to it."""
        return {
            "tier_word": TIER_WORDS[self.tier],
            "clinic_name": self.clinic_code,
            "case_code": self.case_code,
            "case_code_spoken": ", ".join(self.case_code),
            "case_link": self.link,
            "accept_code": self.reply_code or "",
        }


@dataclass(frozen=True, slots=True)
class Taken:
    """Who accepted, and when by the clinic's clock: a member of staff, never a patient."""

    staff_name: str
    clock: str

    def __post_init__(self) -> None:
        _check("name", _STAFF, self.staff_name)
        _check("time", _CLOCK, self.clock)

    def values(self) -> dict[str, str]:
        """Return the values for a text."""
        return {"staff_name": self.staff_name, "clock_words": self.clock}


@dataclass(frozen=True, slots=True)
class BundleFacts:
    """All that one text about several cases can say: how many, how many emergencies, and the code of each."""

    clinic_code: str
    emergencies: int
    reply_codes: tuple[str, ...]

    def __post_init__(self) -> None:
        _check("clinic code", _CLINIC, self.clinic_code)
        if not all(is_reply_code(each) for each in self.reply_codes):
            raise NotAPageFact("a reply code is none")

    def words(self) -> str:
        """Return the text. Each code accepts one case; the rest is seen after signing in."""
        urgent = f", {self.emergencies} EMERGENCY" if self.emergencies else ""
        return (
            f"followup: {len(self.reply_codes)} open cases{urgent}, {self.clinic_code}. Reply with a code to accept"
            f" that case: {' '.join(self.reply_codes)}. Log in to see all."
        )


def page_words(key: str, channel: Channel, facts: PageFacts, *, taken: Taken | None = None) -> Rendered:
    """Return the words of one page, notice or answer (a key of ``templates/system`` that begins with staff-)."""
    if not key.startswith("staff-"):
        raise NotAPageFact("only texts for staff are pages")
    values = facts.values() | (taken.values() if taken else {})
    texts = house_texts()
    if channel is Channel.voice and TextChannel.VOICE not in texts.texts[key, STAFF_LANGUAGE].parts:
        # A link that is read aloud helps nobody: a call says the tier, the case and the keys.
        key = "staff-page"
    return texts.render(key, language=STAFF_LANGUAGE, channel=TextChannel(channel.value), values=values)


def house_words(key: str) -> str:
    """Return a text for staff that says nothing about any case."""
    return house_texts().render(key, language=STAFF_LANGUAGE, channel=TextChannel.SMS, values={}).body


def _check(what: str, pattern: re.Pattern[str], value: str) -> None:
    if not pattern.fullmatch(value):
        raise NotAPageFact(f"the {what} is none")
