"""The words the engine speaks: what it is told about a reply and what it answers.

Nothing here may know the database, the clock or the settings; a decision made twice from the same text, context
and ruleset is the same decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Tier(StrEnum):
    """How fast a person must look; the order of safety is in ``RANK``."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    SAME_DAY = "same_day"
    UNCLEAR = "unclear"
    ROUTINE = "routine"


RANK = {Tier.ROUTINE: 0, Tier.UNCLEAR: 1, Tier.SAME_DAY: 2, Tier.URGENT: 3, Tier.EMERGENCY: 4}


class QuestionKind(StrEnum):
    """What the patient was asked last; the question carries the polarity of a yes or a no."""

    NONE = "none"
    PAIN_SCORE = "pain_score"
    TEMPERATURE = "temperature"
    TREND = "trend"
    YES_NO_SYMPTOM = "yes_no_symptom"
    YES_NO_OK = "yes_no_ok"
    EXERCISES = "exercises"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Context:
    """What is known about the patient when the text is read.

    ``lang`` is the language on file ("en", "es") or None. ``day`` counts whole days since the procedure (0 is the
    day itself, negative before). ``earlier_values`` holds (day, kind, value) with kind "pain_score" (0-10) or
    "temperature" (degrees Fahrenheit). ``baseline_symptoms`` are concepts or plain words noted at enrollment.
    ``earlier_texts`` were sent within minutes before this one. ``harvest`` names where cells were taken from.
    """

    lang: str | None = None
    channel: str = "sms"
    day: int | None = None
    question_kind: QuestionKind = QuestionKind.NONE
    question_text: str = ""
    earlier_values: tuple[tuple[int, str, float], ...] = ()
    baseline_symptoms: tuple[str, ...] = ()
    earlier_texts: tuple[str, ...] = ()
    open_escalation: bool = False
    same_day_findings: int = 0
    harvest: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing the engine saw: the patient's own letters, where they stand, and the rule that used them.

    ``start`` and ``end`` are character offsets into the text as it was received.
    """

    concept: str
    status: str
    text: str
    start: int
    end: int
    rule: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A structured answer bound to the pending question; ``value`` is a score, degrees, or a word such as "yes"."""

    kind: str
    value: float | str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the engine decided, why, and which ruleset said so."""

    tier: Tier
    priority: str
    concepts: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    unexplained: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    message_key: str = "unclear"
    ruleset: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the decision in the shape of one output line of ``followup triage --jsonl`` (without the id)."""
        return {
            "tier": self.tier.value,
            "priority": self.priority,
            "concepts": list(self.concepts),
            "evidence": [
                {
                    "concept": item.concept,
                    "status": item.status,
                    "text": item.text,
                    "start": item.start,
                    "end": item.end,
                    "rule": item.rule,
                }
                for item in self.evidence
            ],
            "unexplained": list(self.unexplained),
            "answers": [{"kind": item.kind, "value": item.value} for item in self.answers],
            "message_key": self.message_key,
            "ruleset": self.ruleset,
        }


_MESSAGES = {
    Tier.EMERGENCY: "emergency",
    Tier.URGENT: "urgent",
    Tier.SAME_DAY: "same_day",
    Tier.UNCLEAR: "unclear",
    Tier.ROUTINE: "routine",
}


def message_for(tier: Tier, concepts: tuple[str, ...]) -> str:
    """Return which patient text belongs to a tier; thoughts of self-harm have a text of their own."""
    if tier is Tier.EMERGENCY and "self_harm" in concepts and not MEDICAL_EMERGENCIES.intersection(concepts):
        return "self_harm"
    return _MESSAGES[tier]


#: Concepts whose emergency text (call 911) goes before the crisis line's: the body is in danger already.
MEDICAL_EMERGENCIES = frozenset(
    {
        "overdose",
        "breathing",
        "chest_pain",
        "syncope_seizure",
        "bleeding",
        "stroke_signs",
        "throat_face_swelling",
    }
)
