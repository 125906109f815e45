"""A pathway as the rest of the house sees it: frozen values without a file, a database or a clock.

It is what gets pinned to an enrollment: whatever a clinic changes in the folder tomorrow, today's patients finish
the version they began, unless a person moves them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from followup.errors import NotFound
from followup.pathways.schema import (
    Approval,
    EscalationPolicy,
    FollowUp,
    Question,
    Reminder,
    Silence,
    TriageSettings,
)
from followup.pathways.texts import Text, TextPart
from followup.pathways.vocabulary import (
    Channel,
    Harvest,
    LateRule,
    QuestionKind,
    Status,
    StepKind,
    StepPriority,
    Weekdays,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One planned text. Times are local wall time of the patient; days count from the procedure (day 0)."""

    key: str
    text_key: str
    day: int
    at: time
    window_from: time
    window_until: time
    channels: tuple[Channel, ...]
    harvest: Harvest
    kind: StepKind
    priority: StepPriority
    weekdays: Weekdays
    late_rule: LateRule
    late_hours: int
    question_key: str | None
    question_kind: QuestionKind | None
    red_flags: bool
    requires_answer: bool
    follow_ups: tuple[FollowUp, ...]
    reminder: Reminder | None
    silence: Silence | None

    @property
    def is_safety(self) -> bool:
        """Whether a missed one must become work for a person."""
        return self.priority is StepPriority.SAFETY

    @property
    def call_task_when_late(self) -> bool:
        """Whether a person calls if the text could not go out in time."""
        return self.late_rule is LateRule.CALL_TASK


@dataclass(frozen=True, slots=True)
class Pathway:
    """One version of a pathway, complete with its texts. ``content_hash`` names it for good."""

    id: str
    title: str
    version: str
    status: Status
    approvals: tuple[Approval, ...]
    languages: tuple[str, ...]
    placeholders: tuple[str, ...]
    welcome_key: str
    questions: Mapping[str, Question]
    steps: tuple[Step, ...]
    triage: TriageSettings
    escalation: EscalationPolicy
    long_texts: Mapping[str, str]
    texts: Mapping[tuple[str, str], Text]
    files: Mapping[str, str]
    content_hash: str

    @property
    def is_draft(self) -> bool:
        """Whether the texts still wait for a clinic's approval; every page that shows them says so."""
        return self.status is Status.DRAFT

    def steps_for(self, harvest: Harvest) -> tuple[Step, ...]:
        """The steps of one patient in the order of their days and times."""
        chosen = (step for step in self.steps if step.harvest.serves(harvest))
        return tuple(sorted(chosen, key=lambda step: (step.day, step.at, step.key)))

    def step(self, key: str) -> Step:
        """The step with this key. Raises NotFound."""
        for each in self.steps:
            if each.key == key:
                return each
        raise NotFound(f"The pathway {self.id} has no step {key!r}.")

    def question(self, key: str) -> Question:
        """The question with this key. Raises NotFound."""
        try:
            return self.questions[key]
        except KeyError:
            raise NotFound(f"The pathway {self.id} has no question {key!r}.") from None

    def text(self, key: str, *, language: str, channel: Channel) -> TextPart:
        """The words of a text in this language for this channel. Raises NotFound.

        A language the pathway does not have falls back to its first one, which a clinic sees at enrollment.
        """
        spoken = language if language in self.languages else self.languages[0]
        try:
            return self.texts[key, spoken].parts[channel]
        except KeyError:
            raise NotFound(f"The pathway {self.id} has no text {key!r} in {spoken} for {channel}.") from None
