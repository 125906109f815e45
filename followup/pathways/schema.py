"""The form of ``pathway.yaml``: what may stand there, and in which range.

Everything is strict: an unknown name is refused rather than ignored, because a misspelled ``reminder`` that is
silently dropped is a reminder nobody gets. A pathway may make triage more careful than the house rules, never
less. Values pinned in the database are read through this form years later: a field may be added with a default,
none may be tightened or removed within ``format: 1``.
"""

from __future__ import annotations

from dataclasses import field
from datetime import date, time
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from followup.pathways.vocabulary import (
    Channel,
    Harvest,
    LateRule,
    Meaning,
    QuestionKind,
    SilenceAction,
    Status,
    StepKind,
    StepPriority,
    Target,
    Tier,
    Weekdays,
)

STRICT = ConfigDict(strict=True, extra="forbid")

FIRST_DAY, LAST_DAY = -30, 366
"""Days from the procedure a step may stand at; a plan further out belongs into a new enrollment."""

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z_]*$", max_length=40)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Words = Annotated[str, Field(min_length=1, max_length=300)]
Hours = Annotated[int, Field(ge=1, le=168)]
Seconds = Annotated[int, Field(ge=0, le=86_400)]


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class Approval:
    """Who in the clinic read which version, and when."""

    name: Words
    role: Words
    on: date
    note: str = ""


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class Question:
    """One question, asked in a planned text or after the reply to one."""

    kind: QuestionKind
    red_flags: bool = False  # an answer we can't read is treated as urgent, not as unclear
    answers: dict[Meaning, dict[Language, Words]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class FollowUp:
    """A question that is sent only after the reply to the one before it, and only if that reply allows it.

    After an emergency or urgent reply the patient has a safety text to act on: nothing may push it up the screen.
    A ``required`` one must be answered, too, before the step counts as answered and its silence rule rests.
    """

    ask: Key
    required: bool = False
    after: tuple[Literal[Tier.ROUTINE, Tier.SAME_DAY, Tier.UNCLEAR], ...] = (Tier.ROUTINE, Tier.SAME_DAY)


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class Window:
    """Local times between which a text may go out; the end is not included."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class Late:
    """How late the text may still go, counted in hours from its planned time, and what happens afterwards."""

    rule: LateRule
    hours: Annotated[int, Field(ge=0, le=168)] = 0


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class Reminder:
    """One more text if nobody answered. It counts toward the texts a patient may get per day and week."""

    after_hours: Hours
    text: Key


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class Silence:
    """No answer by then is itself a finding."""

    after_hours: Hours
    then: SilenceAction = SilenceAction.CALL_TASK
    tier: Literal[Tier.SAME_DAY, Tier.URGENT] = Tier.SAME_DAY


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class StepForm:
    """One planned text, as it stands in the file."""

    key: Key
    day: Annotated[int, Field(ge=FIRST_DAY, le=LAST_DAY)]
    at: time
    window: Window
    kind: StepKind
    late: Late
    text: Key | None = None  # the text file; the key of the step unless two steps share one
    channel: Literal["any", Channel.SMS, Channel.EMAIL] = "any"
    harvest: Harvest = Harvest.ANY
    priority: StepPriority = StepPriority.NORMAL
    weekdays: Weekdays = Weekdays.ANY
    question: Key | None = None
    follow_ups: tuple[FollowUp, ...] = ()
    requires_answer: bool = False
    reminder: Reminder | None = None
    silence: Silence | None = None


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class TriageSettings:
    """Thresholds of this pathway. Each may only be stricter than the house rule, which is the default."""

    fever_urgent_f: Annotated[float, Field(ge=99.0, le=100.4)] = 100.4
    pain_urgent_at: Annotated[int, Field(ge=5, le=8)] = 8
    pain_same_day_at: Annotated[int, Field(ge=3, le=5)] = 5
    expected_soreness_until_day: Annotated[int, Field(ge=0, le=3)] = 3
    anesthetic_hours: Annotated[int, Field(ge=0, le=12)] = 12


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class PolicyStep:
    """Who is paged when nobody accepted so far. ``voice_after`` counts from the text of the same step."""

    after_seconds: Seconds
    targets: Annotated[tuple[Target, ...], Field(min_length=1)]
    voice_after_seconds: Seconds | None = None


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class PagedTier:
    """Clocks of a tier that pages: seconds, at any hour of the day."""

    steps: Annotated[tuple[PolicyStep, ...], Field(min_length=2)]
    repage_seconds: Annotated[int, Field(ge=60, le=900)]
    accept_within_seconds: Annotated[int, Field(ge=60, le=1_800)]
    contact_within_seconds: Annotated[int, Field(ge=300, le=3_600)]
    document_within_seconds: Annotated[int, Field(ge=600, le=86_400)]  # counted from the contact


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class SameDayTier:
    """Clocks of the coordinators' work list, in minutes while the clinic is open."""

    accept_within_open_minutes: Annotated[int, Field(ge=5, le=240)]
    contact_within_open_minutes: Annotated[int, Field(ge=15, le=480)]
    overdue_becomes: Literal[Tier.URGENT] = Tier.URGENT


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class UnclearTier:
    """How long a reply that was not understood may lie unread: high at any hour, low while the clinic is open."""

    high_minutes: Annotated[int, Field(ge=5, le=30)]
    high_becomes: Literal[Tier.URGENT] = Tier.URGENT
    low_open_minutes: Annotated[int, Field(ge=15, le=120)]


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class EscalationPolicy:
    """Who must look how fast. Routine replies are filed and have no clock."""

    proposal: bool  # true until a clinical lead has set the times
    emergency: PagedTier
    urgent: PagedTier
    same_day: SameDayTier
    unclear: UnclearTier


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class PathwayForm:
    """A whole ``pathway.yaml``."""

    format: Literal[1]
    id: Key
    title: Words
    version: Words
    status: Status
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    placeholders: tuple[Name, ...]
    welcome: Key
    questions: dict[Key, Question]
    steps: Annotated[tuple[StepForm, ...], Field(min_length=1, max_length=200)]
    triage: TriageSettings
    escalation: EscalationPolicy
    approvals: tuple[Approval, ...] = ()
    long_texts: dict[Key, Words] = field(default_factory=dict)  # text key: why it may exceed one SMS
