"""What a person writes to a patient is looked over before it goes: how long it is, and what to think of once more.

Pure. It warns and counts; only what cannot be sent is refused. A text may lie open on a locked phone, and who
writes in a hurry forgets that. Sources of the word lists: ``pathways/forbidden``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from followup.clinics.states import Channel
from followup.errors import InvalidInput
from followup.kit.gsm import count_segments, normalize_for_sms
from followup.pathways.forbidden import EVERYWHERE

# Longer than this nobody reads on a phone, and carriers begin to split or refuse it.
MOST_SEGMENTS = 6
LONGEST_MAIL = 4_000
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"(?<!\d)\d{9,}(?!\d)")


@dataclass(frozen=True, slots=True)
class LookedOver:
    """The words as they will be sent, what they cost in parts (1 for an email), and hints for the writer."""

    body: str
    segments: int
    hints: tuple[str, ...]


def look_over(
    words: str, *, channel: Channel, clinic: str, language: str, names: tuple[str, ...]
) -> LookedOver:
    """Return what would be sent: the clinic's name in front of a text, since the number alone says nothing.

    ``names`` are the words of the patient's name. Raises InvalidInput for nothing at all, or for too much.
    """
    said = "\n".join(line.rstrip() for line in words.strip().splitlines())
    if not said:
        raise InvalidInput("words", "Write something first.")
    if channel is Channel.email:
        if len(said) > LONGEST_MAIL:
            raise InvalidInput("words", f"Keep it under {LONGEST_MAIL:,} characters.")
        return LookedOver(said, 1, tuple(_hints(said, language, names)))
    body = normalize_for_sms(said if said.startswith(f"{clinic}:") else f"{clinic}: {said}")
    segments = count_segments(body).segments
    if segments > MOST_SEGMENTS:
        raise InvalidInput(
            "words", f"This takes {segments} texts. Keep it to {MOST_SEGMENTS}, or write an email."
        )
    return LookedOver(body, segments, tuple(_hints(said, language, names)))


def _hints(said: str, language: str, names: tuple[str, ...]) -> Iterator[str]:
    for rule in EVERYWHERE:
        pattern = rule.patterns.get(language)
        if pattern and (found := pattern.search(said)):
            yield rule.sentence.format(word=found[0])
    if len(names) > 1 and all(
        re.search(rf"(?<!\w){re.escape(each)}(?!\w)", said, re.IGNORECASE) for each in names
    ):
        yield "The whole name stands in it. The first name is enough on a phone that others may see."
    if _LINK.search(said):
        yield "Patients are told not to trust links in texts. Give the phone number instead."
    if _LONG_NUMBER.search(said):
        yield "A long number may be a record or account number, which does not belong into a text."
