"""The tables of cases and pages: no silent end, no way around the conversation, nothing backwards."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from followup.escalation.policy import DEFAULT, read_policy
from followup.escalation.rules import (
    CARRIER_PAGE_STATES,
    CASE_MOVES,
    DISPOSITIONS,
    FALSE_ALARM,
    KEEPS,
    PAGE_MOVES,
    PAGE_RANKS,
    clocks,
    is_higher,
)
from followup.escalation.states import OPEN_STATES, CaseTier, EscalationState, PageState, TimerKind

S = EscalationState
NOW = datetime(2026, 3, 3, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize("state", [S(each) for each in OPEN_STATES])
def test_from_every_open_state_a_case_can_be_closed(state: S) -> None:
    assert S.closed in CASE_MOVES.reachable(state)


@pytest.mark.parametrize("state", [S.closed, S.merged])
def test_an_end_is_an_end(state: S) -> None:
    assert CASE_MOVES.is_final(state)


@pytest.mark.parametrize("state", [S.accepted, S.contacting, S.unreachable, S.contacted])
def test_whoever_has_a_case_can_lose_it_to_the_ladder(state: S) -> None:
    assert CASE_MOVES.allows(state, S.paging)


def test_contacted_comes_only_after_trying() -> None:
    assert CASE_MOVES.before(S.contacted) == {S.contacting, S.unreachable}


@pytest.mark.parametrize("tier", list(CaseTier))
@pytest.mark.parametrize("state", [S(each) for each in OPEN_STATES])
def test_every_open_state_has_a_clock(state: S, tier: CaseTier) -> None:
    started = clocks(state, read_policy(DEFAULT).of(tier), NOW)
    assert started or TimerKind.contact in KEEPS[state]


def test_a_case_pages_at_once() -> None:
    assert clocks(S.paging, read_policy(DEFAULT).urgent, NOW)[TimerKind.step] == NOW


def test_severity_has_one_direction() -> None:
    assert is_higher(CaseTier.emergency, CaseTier.urgent)
    assert not is_higher(CaseTier.urgent, CaseTier.emergency)
    assert not is_higher(CaseTier.urgent, CaseTier.urgent)


@pytest.mark.parametrize("before", list(PageState))
@pytest.mark.parametrize("after", list(PageState))
def test_every_move_of_a_page_goes_forward(before: PageState, after: PageState) -> None:
    if PAGE_MOVES.allows(before, after):
        assert PAGE_RANKS.is_forward(before, after)


@pytest.mark.parametrize("state", [PageState.delivered, PageState.undelivered, PageState.failed])
def test_the_first_final_word_about_a_page_wins(state: PageState) -> None:
    assert not any(PAGE_RANKS.is_forward(state, other) for other in PageState)


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled", "undelivered"])
def test_a_call_that_nobody_took_and_a_text_that_did_not_arrive_are_failures(status: str) -> None:
    assert CARRIER_PAGE_STATES[status] in (PageState.undelivered, PageState.failed)


def test_false_alarm_is_one_of_the_dispositions() -> None:
    assert FALSE_ALARM in DISPOSITIONS
