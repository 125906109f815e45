"""Reads the text files of a pathway: one file per text and language, for all channels together.

They stand side by side so that a reviewer sees at once when the email says something else than the text message.

    # A line that starts with # is a note for the reviewer and is never sent.
    subject: Are you home?
    --- sms ---
    {{ clinic_name }}: Are you home?
    --- email ---
    Hello {{ patient_first_name }},

Lines of one paragraph may be broken anywhere; an empty line starts a new paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from followup.pathways.findings import Finding, Severity
from followup.pathways.vocabulary import Channel

FILE_NAME = re.compile(r"(?P<key>[a-z][a-z0-9]*(?:-[a-z0-9]+)*)\.(?P<language>[a-z]{2})\.txt\Z")

_SECTION = re.compile(r"---\s*(?P<channel>[a-z]+)\s*---\s*\Z")
_SUBJECT = re.compile(r"subject:\s*(?P<subject>.*?)\s*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TextPart:
    """The words for one channel as they were written, before any value is put in.

    ``line`` is the line of the file on which ``source`` begins.
    """

    file: str
    line: int
    source: str
    subject: str | None = None
    subject_line: int = 1


@dataclass(frozen=True, slots=True)
class Text:
    """One text in one language."""

    key: str
    language: str
    parts: Mapping[Channel, TextPart]


def read_text(content: str, *, file: str, key: str, language: str) -> tuple[Text, list[Finding]]:
    """Split one text file into its channels; what can't be read becomes a finding with its line."""
    reader = _Reader(file)
    for number, line in enumerate(content.splitlines(), start=1):
        reader.take(number, line)
    parts = {
        channel: TextPart(file, line, "\n".join(lines), reader.subject, reader.subject_line)
        for channel, (line, lines) in reader.sections.items()
    }
    return Text(key, language, MappingProxyType(parts)), reader.findings


class _Reader:
    """Takes a file line by line: first the subject, then the parts."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.subject: str | None = None
        self.subject_line = 1
        self.sections: dict[Channel, tuple[int, list[str]]] = {}
        self.findings: list[Finding] = []
        self._current: list[str] | None = None

    def take(self, number: int, line: str) -> None:
        if section := _SECTION.match(line):
            self._begin(section["channel"], number)
        elif self._current is not None:
            # A note keeps its line, so that what is found below it is found at the right place.
            self._current.append("#" if line.startswith("#") else line)
        elif header := _SUBJECT.match(line):
            self.subject, self.subject_line = header["subject"], number
        elif line.strip() and not line.startswith("#"):
            self._refuse(
                number,
                "Words before the first part are not sent. Put them under --- sms --- or --- email ---.",
            )

    def _begin(self, word: str, number: int) -> None:
        channel = next((each for each in Channel if each.value == word), None)
        self._current = []
        if channel is None or channel in self.sections:
            self._refuse(number, "The parts of a text are --- sms --- and --- email ---, each at most once.")
        else:
            self.sections[channel] = (number + 1, self._current)

    def _refuse(self, number: int, sentence: str) -> None:
        self.findings.append(Finding(self.file, number, 1, Severity.ERROR, sentence))


def paragraphs(source: str) -> list[str]:
    """The paragraphs of a part, each on one line except for list lines, which begin with "- "."""
    found: list[list[str]] = [[]]
    for raw in source.splitlines():
        line = " ".join(raw.split())
        if line == "#":
            continue
        if not line:
            found.append([])
        elif line.startswith("- ") or not found[-1]:
            found[-1].append(line)
        else:
            found[-1][-1] = f"{found[-1][-1]} {line}"
    return ["\n".join(lines) for lines in found if lines]
