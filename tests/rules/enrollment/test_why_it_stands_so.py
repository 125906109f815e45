"""One sentence for every touchpoint, in every state and for every reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from followup.enrollment.planning.reasons import FINAL_REASONS, SENTENCES, Reason
from followup.enrollment.planning.standing import StandingFacts, why
from followup.enrollment.states import EnrollmentState, TouchpointState

DUE = "It was due on Fri, Mar 6, 2026 at 10:00 AM."
AT_TEN = "Sent on Fri, Mar 6, 2026 at 10:00 AM"
TEN = datetime(2026, 3, 6, 15, tzinfo=UTC)
PLANNED = StandingFacts(
    state=TouchpointState.planned,
    zone="America/New_York",
    planned_why="Planned for Fri, Mar 6, 2026 at 10:00 AM (America/New_York), day 3 after the procedure.",
    due_at=TEN,
)
SENT = replace(PLANNED, state=TouchpointState.dispatched, dispatched_at=TEN, message_state="delivered")


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (PLANNED, PLANNED.planned_why),
        (
            replace(PLANNED, enrollment_state=EnrollmentState.paused),
            f"{PLANNED.planned_why} It waits, because the enrollment was paused.",
        ),
        (
            replace(PLANNED, hold_reason="a nurse is looking after an urgent reply."),
            f"{PLANNED.planned_why} It waits: a nurse is looking after an urgent reply.",
        ),
        (SENT, "Sent on Fri, Mar 6, 2026 at 10:00 AM; it was delivered. No answer yet."),
        (
            replace(
                SENT, state=TouchpointState.answered, answered_at=datetime(2026, 3, 6, 15, 4, tzinfo=UTC)
            ),
            "Sent on Fri, Mar 6, 2026 at 10:00 AM; it was delivered. Answered on Fri, Mar 6, 2026 at 10:04 AM.",
        ),
        (
            replace(SENT, state=TouchpointState.unanswered, message_state="undelivered", reminders=1),
            f"{AT_TEN}; the carrier could not deliver it. Nobody answered, after one reminder.",
        ),
        (
            replace(PLANNED, state=TouchpointState.skipped, reason="too_late"),
            f"Not sent: its time had passed, and it may not be sent that late. {DUE}",
        ),
        (
            replace(PLANNED, state=TouchpointState.cancelled, reason="She is in hospital."),
            "Cancelled: She is in hospital. It was due on Fri, Mar 6, 2026 at 10:00 AM.",
        ),
        (
            replace(PLANNED, state=TouchpointState.call_task, reason="no_channel"),
            f"A person was asked to call instead: {SENTENCES[Reason.NO_CHANNEL]}. {DUE}",
        ),
        (
            replace(SENT, message_state="queued"),
            "Handed over on Fri, Mar 6, 2026 at 10:00 AM; it waits for its turn at the sender. No answer yet.",
        ),
    ],
)
def test_the_sentence_says_what_happened(facts: StandingFacts, sentence: str) -> None:
    assert why(facts) == sentence


@pytest.mark.parametrize("state", TouchpointState)
def test_f46_every_state_has_a_sentence_even_with_little_to_say(state: TouchpointState) -> None:
    sentence = why(replace(PLANNED, state=state, message_state="something-new", reminders=2))
    assert sentence.endswith(".")
    assert "None" not in sentence


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_reads_as_part_of_a_sentence_and_names_nothing_medical(reason: Reason) -> None:
    words = SENTENCES[reason]
    assert words[0].islower()
    assert not words.endswith(".")
    assert not any(word in words for word in ("stem", "injection", "back pain", "None"))


def test_what_a_person_decided_is_final() -> None:
    assert Reason.BY_PERSON in FINAL_REASONS
    assert Reason.TOO_LATE not in FINAL_REASONS
