"""Reads the carrier's markup as far as followup may use it.

Unknown verbs are refused, so that a page flow which would do something else at the real carrier fails here too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree as ET

SPEECH: Final = frozenset({"Say", "Play", "Pause"})
VERBS: Final = SPEECH | {"Gather", "Hangup", "Redirect", "Reject", "Message", "Dial"}


class NotTwimlError(ValueError):
    """The answer is not markup that the carrier understands."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One instruction: its name, attributes, words, and the verbs inside it."""

    name: str
    attributes: dict[str, str]
    words: str
    inside: tuple[Verb, ...] = field(default=())


def read(document: str) -> tuple[Verb, ...]:
    """Return the instructions of a ``<Response>``. Raises NotTwimlError."""
    if "<!DOCTYPE" in document or "<!ENTITY" in document:
        raise NotTwimlError("a document type is not allowed")
    try:
        root = ET.fromstring(document)  # noqa: S314  entities are refused above
    except ET.ParseError as wrong:
        raise NotTwimlError(str(wrong)) from wrong
    if root.tag != "Response":
        raise NotTwimlError("the root is not Response")
    return tuple(_verb(element) for element in root)


def messages(document: str) -> list[str]:
    """The texts that an answer to an inbound text asks the carrier to send."""
    if not document.strip():
        return []
    return [_body(verb) for verb in read(document) if verb.name == "Message"]


def _body(verb: Verb) -> str:
    return "".join(part.words for part in verb.inside if part.name == "Body") or verb.words


def _verb(element: ET.Element) -> Verb:
    if element.tag not in VERBS | {"Body", "Number"}:
        raise NotTwimlError(f"unknown verb {element.tag}")
    words = (
        " ".join((element.text or "").split())
        if element.tag in {"Say", "Play"}
        else (element.text or "").strip()
    )
    return Verb(element.tag, dict(element.attrib), words, tuple(_verb(child) for child in element))
