"""What an enrollment and a touchpoint may become."""

from __future__ import annotations

import pytest

from followup.enrollment.rules import ENROLLMENT_MOVES, REACHED_THE_PATIENT, TOUCHPOINT_MOVES
from followup.enrollment.states import EnrollmentState, TouchpointState
from followup.kit.states import ForbiddenMove


def test_an_enrollment_that_ended_stays_ended() -> None:
    assert ENROLLMENT_MOVES.is_final(EnrollmentState.withdrawn)
    assert ENROLLMENT_MOVES.is_final(EnrollmentState.completed)


def test_an_enrollment_is_paused_and_resumed() -> None:
    ENROLLMENT_MOVES.check(EnrollmentState.active, EnrollmentState.paused)
    ENROLLMENT_MOVES.check(EnrollmentState.paused, EnrollmentState.active)


@pytest.mark.parametrize("state", [TouchpointState.answered, TouchpointState.unanswered])
def test_what_reached_a_patient_is_never_planned_again(state: TouchpointState) -> None:
    assert TouchpointState.planned not in TOUCHPOINT_MOVES.reachable(state)


@pytest.mark.parametrize("state", sorted(REACHED_THE_PATIENT))
def test_nothing_goes_straight_from_a_sender_back_to_planned(state: TouchpointState) -> None:
    with pytest.raises(ForbiddenMove):
        TOUCHPOINT_MOVES.check(state, TouchpointState.planned)


def test_only_a_planned_touchpoint_is_dispatched() -> None:
    assert TOUCHPOINT_MOVES.before(TouchpointState.dispatched) == {TouchpointState.planned}


def test_a_late_answer_still_counts() -> None:
    TOUCHPOINT_MOVES.check(TouchpointState.unanswered, TouchpointState.answered)


def test_every_state_has_a_place_in_the_tables() -> None:
    assert TOUCHPOINT_MOVES.reachable(TouchpointState.planned) == set(TouchpointState)
    assert ENROLLMENT_MOVES.reachable(EnrollmentState.active) == set(EnrollmentState)
