"""The allowed moves of enrollments and touchpoints, and why a thing stands where it stands.

Pure: no database, clock, network or settings. What is due when is decided in ``planning``; what a row may become is
decided here, and the verbs change rows only along these tables. Sent is sent: nothing leads from a touchpoint that
reached a patient back to ``planned``.
"""

from __future__ import annotations

from enum import StrEnum

from followup.enrollment.states import EnrollmentState, TouchpointState
from followup.kit.states import Moves

ENROLLMENT_MOVES: Moves[EnrollmentState] = Moves(
    {
        EnrollmentState.active: {
            EnrollmentState.paused,
            EnrollmentState.completed,
            EnrollmentState.withdrawn,
        },
        EnrollmentState.paused: {
            EnrollmentState.active,
            EnrollmentState.completed,
            EnrollmentState.withdrawn,
        },
    }
)

TOUCHPOINT_MOVES: Moves[TouchpointState] = Moves(
    {
        TouchpointState.planned: {
            TouchpointState.dispatched,
            TouchpointState.skipped,
            TouchpointState.cancelled,
            TouchpointState.call_task,
        },
        # Handed to the outbox; its text may still be stopped just before the call, or never arrive.
        TouchpointState.dispatched: {
            TouchpointState.answered,
            TouchpointState.unanswered,
            TouchpointState.skipped,
            TouchpointState.call_task,
        },
        # Patients answer late, and a late answer is worth more than a tidy table.
        TouchpointState.unanswered: {TouchpointState.answered},
        # Never sent, and the procedure or the pause that made it impossible was moved: it is due again.
        TouchpointState.skipped: {TouchpointState.planned},
        TouchpointState.cancelled: {TouchpointState.planned},
    }
)

REACHED_THE_PATIENT = frozenset(
    {TouchpointState.dispatched, TouchpointState.answered, TouchpointState.unanswered}
)
"""States of a touchpoint that was handed to a sender: it is never planned, moved or sent again."""


class WithdrawalReason(StrEnum):
    """Why an enrollment ended early. ``died`` stops every text at once and asks nobody anything."""

    PATIENT_ASKED = "patient_asked"
    PROCEDURE_CANCELLED = "procedure_cancelled"
    WRONG_PERSON = "wrong_person"
    MOVED_TO_OTHER_CARE = "moved_to_other_care"
    DIED = "died"
    ENTERED_BY_MISTAKE = "entered_by_mistake"
    NEXT_PROCEDURE = "next_procedure"
