"""The texts of the house: safety answers, opt-out, help, pages to staff.

They belong to no pathway, because a red flag gets the same words whatever was done. All are loaded and checked at
start-up: the text that says "call 911" must not be found missing at three in the morning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from followup.errors import NotFound
from followup.pathways.findings import Finding, PathwayRefused, Severity
from followup.pathways.render import Rendered, render, template_findings
from followup.pathways.texts import FILE_NAME, Text, TextPart, read_text
from followup.pathways.values import SYSTEM_PLACEHOLDERS
from followup.pathways.vocabulary import Channel

LANGUAGES = ("en", "es")

PATIENT_KEYS = (
    "consent-confirmed",
    "opt-out-confirmed",
    "opt-out-red-flag",
    "opt-in-confirmed",
    "help",
    "safety-emergency",
    "safety-self-harm",
    "safety-urgent",
    "safety-same-day-open",
    "safety-same-day-closed",
    "safety-unclear",
    "routine-thanks",
    "routine-question",
    "media-received",
    "nobody-reached-yet",
    "tried-to-call",
    "unknown-number",
    "unknown-number-red-flag",
    "wrong-person",
    "service-down",
)
STAFF_KEYS = (
    "staff-page",
    "staff-page-again",
    "staff-accepted",
    "staff-already-accepted",
    "staff-passed-on",
    "staff-code-unknown",
    "staff-contact-warning",
    "staff-contact-due",
    "staff-unreachable",
    "staff-hand-over",
    "staff-still-yours",
    "staff-document-due",
    "staff-new-signal",
    "staff-closed",
    "staff-verify-number",
    "staff-test-page",
    "staff-shift-reminder",
)
"""Every text that code sends by name. A file that is missing, or that no code sends, is refused on loading."""


@dataclass(frozen=True, slots=True)
class SystemTexts:
    """All texts of the house, by key and language."""

    texts: Mapping[tuple[str, str], Text]

    def render(self, key: str, *, language: str, channel: Channel, values: Mapping[str, str]) -> Rendered:
        """The finished words. Raises NotFound for an unknown key, MissingValue for a missing value.

        A language we do not have gets English. An email without words of its own uses those of the text message.
        """
        return render(self.part(key, language=language, channel=channel), values, channel)

    def part(self, key: str, *, language: str, channel: Channel) -> TextPart:
        """The words before any value is put in."""
        text = self.texts.get((key, language)) or self.texts.get((key, LANGUAGES[0]))
        if text is None:
            raise NotFound(f"There is no text {key!r}.")
        return text.parts.get(channel) or text.parts[Channel.SMS]


def load_system_texts(folder: Path) -> SystemTexts:
    """Load ``templates/system``. Raises PathwayRefused with everything that is missing or wrong."""
    texts: dict[tuple[str, str], Text] = {}
    findings: list[Finding] = []
    for path in sorted(folder.glob("*.txt")):
        if match := FILE_NAME.match(path.name):
            content = path.read_text(encoding="utf-8-sig")
            text, problems = read_text(content, file=path.name, key=match["key"], language=match["language"])
            texts[text.key, text.language] = text
            findings += problems
    findings += _findings(texts)
    if findings:
        raise PathwayRefused(folder.name, findings)
    return SystemTexts(MappingProxyType(texts))


def _findings(texts: Mapping[tuple[str, str], Text]) -> Iterator[Finding]:
    wanted = {(key, language) for key in (*PATIENT_KEYS, *STAFF_KEYS) for language in LANGUAGES}
    for key, language in wanted ^ set(texts):
        sentence = "Nothing sends this text." if (key, language) in texts else "This text file is missing."
        yield _finding(key, language, sentence)
    for (key, language), text in texts.items():
        if Channel.SMS not in text.parts:
            yield _finding(key, language, "The words for --- sms --- are missing.")
        for part in text.parts.values():
            if not part.subject:
                yield _finding(key, language, "An email needs a line that starts with subject: at the top.")
            yield from template_findings(part, SYSTEM_PLACEHOLDERS)


def _finding(key: str, language: str, sentence: str) -> Finding:
    return Finding(f"{key}.{language}.txt", 1, 1, Severity.ERROR, sentence)
