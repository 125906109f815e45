"""Decisions about assessments that need only facts. Pure: what follows from a tier, and who may change one.

A machine's severity only rises by machine; only a licensed clinician lowers it, with a reason.
"""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum

from followup.replies.states import ReplyState

# How fast a person must look, the most urgent last. "Unclear" may be anything, so it ranks above routine.
TIERS = ("routine", "unclear", "same_day", "urgent", "emergency")

# Findings of one patient within a day count together; what came within minutes is one finding.
FINDINGS_WITHIN = timedelta(hours=24)

_CARD = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)")
_SOCIAL = re.compile(r"(?<!\d)\d{3}[- ]\d{2}[- ]\d{4}(?!\d)")

# Answer words that a text offers and that no one needs to read, by the kind of its question: what they are kept as.
# Words that tell of trouble ("worse", a no to "are you home?") are not here: the engine judges them.
_OFFERED = {
    ("yes_no_ok", "yes"): ("yes_no", "yes"),
    ("yes_no_symptom", "no"): ("yes_no", "no"),
    ("trend", "better"): ("trend", "better"),
    ("trend", "same"): ("trend", "same"),
    ("exercises", "all"): ("exercises", "all"),
    ("exercises", "some"): ("exercises", "some"),
    ("exercises", "not_yet"): ("exercises", "not_yet"),
}

PRIORITIES = {"high": 0, "normal": 1, "low": 2}


class Disposition(StrEnum):
    """What a person did about a reply; each value is what the record shows."""

    answered = "Answered the patient"
    called = "Called the patient"
    no_action = "Read; no action needed"
    handed_on = "Handed to a clinician"
    not_about_care = "Not about care"


def rank(tier: str) -> int:
    """Return how severe a tier is, from 0; raises ValueError for a word that is no tier."""
    return TIERS.index(tier)


def state_after(tier: str, *, is_awaited: bool = False) -> ReplyState:
    """Return where a reply of this tier goes: filed, to the inbox, or (with a case of its own) merely assessed.

    What a person asked for and waits for (``is_awaited``) is never filed unread.
    """
    if tier == "routine":
        return ReplyState.in_review if is_awaited else ReplyState.filed
    return ReplyState.assessed if tier in ("urgent", "emergency") else ReplyState.in_review


def answer_of(question_kind: str, meaning: str) -> tuple[str, str] | None:
    """Return the answer (kind, value) that an offered word stands for; None if a reader has to judge it."""
    return _OFFERED.get((question_kind, meaning))


def with_media(tier: str, priority: str, media_count: int) -> tuple[str, str]:
    """Return tier and priority of a reply that came with pictures: no machine has seen them, so a person does."""
    if media_count and tier == "routine":
        return "unclear", "low"
    return tier, priority


def masked(words: str) -> str:
    """Return a patient's words as a list may show them: what looks like a card or social security number is masked.

    The reply itself keeps them; who opens it reads what was written.
    """
    return _SOCIAL.sub("[number hidden]", _CARD.sub("[number hidden]", words))


def priority_of(tier: str) -> str:
    """Return the priority that a tier chosen by a person gets."""
    return {"routine": "low", "unclear": "normal", "same_day": "normal"}.get(tier, "high")
