"""One sentence for every touchpoint, whatever became of it: why it was sent then, or why not.

It stands on the timeline, in the API and in the answer of the command line, so it is composed here once. It names
times in the patient's zone and never what a text said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from followup.enrollment.planning.explain import clock_words, day_words
from followup.enrollment.planning.reasons import SENTENCES, Reason
from followup.enrollment.rules import REACHED_THE_PATIENT
from followup.enrollment.states import EnrollmentState, TouchpointState
from followup.kit.windows import to_local, zone

# What became of the text itself, by the state of its message; an unknown one is shown as it is.
_FATES = {
    "queued": "it waits for its turn at the sender",
    "accepted": "the carrier took it",
    "sent": "the carrier sent it on",
    "delivered": "it was delivered",
    "undelivered": "the carrier could not deliver it",
    "failed": "it failed",
    "expired": "it was too old when its turn came, so it was dropped",
    "cancelled": "it was stopped before it left",
}
_NEVER_LEFT = frozenset({"queued", "failed", "expired", "cancelled"})
_NOT_SENT = {
    TouchpointState.skipped: "Not sent",
    TouchpointState.cancelled: "Cancelled",
    TouchpointState.call_task: "A person was asked to call instead",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingFacts:
    """What a row and its surroundings say. Instants are aware UTC; ``message_state`` is None before a text exists.

    ``planned_why`` is the sentence that planning wrote, ``reason`` a word of ``Reason`` or a person's own words,
    ``waits_for`` why a contact that was due has not gone out yet. ``asks``: whether an answer is waited for.
    """

    state: TouchpointState
    zone: str
    planned_why: str
    due_at: datetime
    reason: str | None = None
    dispatched_at: datetime | None = None
    answered_at: datetime | None = None
    reminders: int = 0
    message_state: str | None = None
    enrollment_state: EnrollmentState = EnrollmentState.active
    hold_reason: str | None = None
    waits_for: str | None = None
    asks: bool = True


def why(facts: StandingFacts) -> str:
    """Return why a touchpoint stands where it stands. Raises ZoneError for a zone that is no place."""
    where = zone(facts.zone)
    if facts.state is TouchpointState.planned:
        return facts.planned_why + _waiting_words(facts)
    if facts.state in REACHED_THE_PATIENT:
        return _sent_words(facts, where) + _answer_words(facts, where)
    return f"{_NOT_SENT[facts.state]}: {_reason(facts)}. It was due {_at(facts.due_at, where)}."


def _sent_words(facts: StandingFacts, where: ZoneInfo) -> str:
    left = "Handed over" if facts.message_state in _NEVER_LEFT else "Sent"
    return f"{left} {_at(facts.dispatched_at, where)}{_fate(facts)}."


def _answer_words(facts: StandingFacts, where: ZoneInfo) -> str:
    if facts.state is TouchpointState.answered:
        return f" Answered {_at(facts.answered_at, where)}."
    if facts.state is TouchpointState.dispatched and not facts.asks:
        return ""
    silent = "No answer yet" if facts.state is TouchpointState.dispatched else "Nobody answered"
    return f" {silent}{_reminded(facts)}."


def _waiting_words(facts: StandingFacts) -> str:
    if facts.enrollment_state is EnrollmentState.paused:
        return f" It waits, because {SENTENCES[Reason.PAUSED]}."
    if facts.hold_reason:
        return f" It waits: {facts.hold_reason.rstrip('.')}."
    return f" It waits: {facts.waits_for.rstrip('.')}." if facts.waits_for else ""


def _reason(facts: StandingFacts) -> str:
    if not facts.reason:
        return "no reason was kept"
    known = {reason.value: sentence for reason, sentence in SENTENCES.items()}
    return known.get(facts.reason, facts.reason.rstrip("."))


def _fate(facts: StandingFacts) -> str:
    if facts.message_state is None:
        return ""
    return "; " + _FATES.get(facts.message_state, f"the carrier says {facts.message_state}")


def _reminded(facts: StandingFacts) -> str:
    if not facts.reminders:
        return ""
    return ", after one reminder" if facts.reminders == 1 else f", after {facts.reminders} reminders"


def _at(instant: datetime | None, where: ZoneInfo) -> str:
    if instant is None:
        return "at a time that was not kept"
    local = to_local(instant, where)
    return f"on {day_words(local.date())} at {clock_words(local.time())}"
