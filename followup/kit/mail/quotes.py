"""The new words of a mail, without the history that mail programs put below them.

Our own texts ask about fever and name STOP; judged as the patient's words they would raise alarms or withdraw
consent. So only the new part is judged, and when in doubt a line counts as new: a false alarm is seen by a person,
a lost sentence by nobody. The whole text is kept by the caller in any case.
"""

from __future__ import annotations

import re

REPLY_MARKERS = {
    "en": "--- Reply above this line ---",
    "es": "--- Responda encima de esta línea ---",
}
"""What our own mails put above their words, so that history is found whatever the mail program does."""

_MARKER = re.compile(
    r"^[>\s]*-{2,}\s*(reply above this line|responda (encima|arriba) de esta l[ií]nea)\s*-{2,}", re.IGNORECASE
)

# A line that introduces quoted text: Gmail, Apple Mail and Outlook on phones, English and Spanish. It names a year
# or a time of day, and the mail program may have wrapped it over two or three lines.
_INTRODUCTION = re.compile(
    r"^(?:on\b(?=.*(?:\d{4}|\d:\d\d)).{6,200}\bwrote:|el\b(?=.*(?:\d{4}|\d:\d\d)).{6,200}\bescribi[oó]:)$",
    re.IGNORECASE,
)
_BEGINS_INTRODUCTION = re.compile(r"^(?:on|el)\b", re.IGNORECASE)
# Outlook: a separator, or a block of headers, and everything below is history.
_SEPARATOR = re.compile(
    r"^-{2,}\s*(?:original message|mensaje original|forwarded message|mensaje reenviado)\s*-{2,}$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^\*?(?:from|de):\*?\s+\S.*$", re.IGNORECASE)
_SENT = re.compile(
    r"^\*?(?:sent|date|enviado(?: el)?|fecha|to|para|subject|asunto):\*?\s+\S.*$", re.IGNORECASE
)

_DEVICE = re.compile(
    r"^(?:sent from (?:my|yahoo|outlook|mail|samsung)|sent via|get outlook for|"
    r"enviado (?:desde|con) (?:mi|yahoo|outlook|correo|el)|obtener outlook|descargar outlook)\b.{0,80}$",
    re.IGNORECASE,
)
MOST_SIGNATURE_LINES = 10


def new_words(whole: str) -> str:
    """Return the words that were written for this mail; the same text if no history is recognized."""
    lines = [line.rstrip() for line in whole.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    kept = _without_history(lines)
    kept = _without_signature([line for line in kept if not line.lstrip().startswith(">")])
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _without_history(lines: list[str]) -> list[str]:
    for place, line in enumerate(lines):
        if _MARKER.match(line):
            return _without_trailing_introduction(lines[:place])
        if _SEPARATOR.match(line.strip()) or _is_header_block(lines, place):
            return _without_rule(lines[:place])
        length = _introduction_length(lines, place)
        if length:
            return [*lines[:place], *_answers_between(lines[place + length :])]
    return lines


def _introduction_length(lines: list[str], place: int) -> int:
    """Return how many lines an introduction takes here; 0 if there is none."""
    joined = ""
    for length, line in enumerate(lines[place : place + 3], start=1):
        # A blank line or a second beginning means that the first line was the patient's own.
        if not line.strip() or (joined and _BEGINS_INTRODUCTION.match(line.strip())):
            return 0
        joined = f"{joined} {line.strip()}".strip()
        if _INTRODUCTION.match(joined):
            return length
    return 0


def _answers_between(below: list[str]) -> list[str]:
    """Return what was written under or between quoted lines; without quote marks all of it is history."""
    if not any(line.lstrip().startswith(">") for line in below):
        return []
    return [line for line in below if not line.lstrip().startswith(">")]


def _is_header_block(lines: list[str], place: int) -> bool:
    if not _FROM.match(lines[place].strip()):
        return False
    following = [line.strip() for line in lines[place + 1 : place + 6] if line.strip()]
    return sum(bool(_SENT.match(line)) for line in following) >= 2


def _without_rule(lines: list[str]) -> list[str]:
    while lines and (not lines[-1].strip() or re.fullmatch(r"[_\s-]{5,}", lines[-1])):
        lines = lines[:-1]
    return lines


def _without_trailing_introduction(lines: list[str]) -> list[str]:
    """Drop what stands between the new words and our marker: ``On … wrote:`` and its like."""
    for place in range(len(lines)):
        if _introduction_length(lines, place) or _is_header_block(lines, place):
            return _without_rule(lines[:place])
    return lines


def _without_signature(lines: list[str]) -> list[str]:
    for place, line in enumerate(lines):
        below = lines[place + 1 :]
        if line.strip() == "--" and len(below) <= MOST_SIGNATURE_LINES:
            return lines[:place]
    return [line for line in lines if not _DEVICE.match(line.strip())]
