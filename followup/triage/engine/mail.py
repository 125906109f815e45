"""Blank out what the patient did not write: quoted mail, signatures of devices, legal footers, tapbacks.

Blanking keeps every offset. Only lines that are plainly not the patient's own words go; when in doubt the line
stays, because a symptom typed under a quotation must be read.
"""

from __future__ import annotations

import re

_HEADERS = re.compile(
    r"^\s*(?:-{2,}\s?(?:original message|forwarded message|mensaje original|mensaje reenviado)\s?-{0,}"
    r"|on .{4,120} wrote:|el .{4,120} escribi[oó]:"
    r"|sent (?:from|via|using) (?:my )?[\w .-]{2,40}|get outlook for .{2,20}"
    r"|enviado desde (?:mi )?[\w .-]{2,40}|sent from yahoo.{0,40}"
    r"|>.*|\|.*)\s*$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^\s*(?:from|sent|to|cc|subject|date|de|enviado|para|asunto|fecha)\s?:\s.{0,160}$", re.IGNORECASE
)
_DIVIDER = re.compile(
    r"^\s*-{2,}\s?(?:original message|forwarded message|mensaje original|mensaje reenviado)", re.IGNORECASE
)
_FOOTER = re.compile(
    r"^\s*(?:confidentiality notice|aviso de confidencialidad|this (?:e-?mail|message) (?:and|is|may|contains)"
    r"|este (?:correo|mensaje) (?:y|es|puede|contiene))",
    re.IGNORECASE,
)
_TAPBACK = re.compile(
    r"^\s*(?:liked|loved|emphasized|laughed at|disliked|questioned|le gust[oó]|le encant[oó]"
    r"|reaccion[oó] con \S{1,8} a"
    r"|reacted \S{1,8} to)\s+[“\"«](.*?)[”\"»]\s*$",
    re.IGNORECASE | re.DOTALL,
)
_LINES = 400


def own_words(text: str, question_text: str = "") -> str:
    """Return ``text`` with every character that is not the patient's own replaced by a space, same length."""
    tapback = _TAPBACK.match(text) if len(text) < 2000 else None
    if tapback:
        start, end = tapback.span(1)
        return text[: start - 1] + " " * (end - start + 2) + text[end + 1 :]
    if "\n" not in text and ">" not in text:
        return _without_question(text, question_text)
    return _without_question(_blank_lines(text), question_text)


def _blank_lines(text: str) -> str:
    lines = text.split("\n")
    head, tail = lines[:_LINES], lines[_LINES:]
    labelled = sum(1 for line in head if len(line) < 200 and _LABEL.match(line))
    divided = any(_DIVIDER.match(line) for line in head)
    out: list[str] = []
    written = rest_is_quote = False
    for line in head:
        if _DIVIDER.match(line) or _FOOTER.match(line):
            # Without own words above it, what follows may be an answer typed below the quotation: keep it.
            rest_is_quote = rest_is_quote or written
        blank = rest_is_quote or _is_frame(line, labels=labelled > 1 or divided)
        written = written or bool(line.strip() and not blank)
        out.append(" " * len(line) if blank else line)
    return "\n".join(out + tail)


def _is_frame(line: str, *, labels: bool) -> bool:
    if len(line) > 400:
        return False
    return bool(_HEADERS.match(line)) or bool(_FOOTER.match(line)) or (labels and bool(_LABEL.match(line)))


def _without_question(text: str, question_text: str) -> str:
    """Blank our own question where a mail program repeated it word by word."""
    if len(question_text) < 12 or question_text not in text:
        return text
    return text.replace(question_text, " " * len(question_text))
