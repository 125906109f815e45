"""Laws of changing a plan: nothing that was sent is repeated, nothing is lost, nothing moves without a cause."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from followup.enrollment.planning.facts import Plan
from followup.enrollment.planning.plan import plan
from followup.enrollment.planning.replan import ChangeKind, ExistingTouchpoint, replan
from followup.enrollment.rules import REACHED_THE_PATIENT
from followup.enrollment.states import TouchpointState
from tests.properties.any_plan import Case, cases, thoroughly


def existing_of(made: Plan, states: list[TouchpointState]) -> list[ExistingTouchpoint]:
    return [
        ExistingTouchpoint(
            key=each.key,
            state=state if each.is_planned else each.state,
            local_date=each.local_date,
            local_time=each.local_time,
            due_at=each.due_at,
            day=each.day,
            reason=each.reason,
        )
        for each, state in zip(made.touchpoints, states, strict=False)
    ]


@thoroughly
@given(cases(), st.integers(-20, 20), st.data())
def test_f67_a_moved_date_repeats_nothing_and_loses_nothing(
    case: Case, days: int, data: st.DataObject
) -> None:
    facts, pathway, clinic, now = case
    facts = replace(facts, sent=frozenset())
    made = plan(facts, pathway, clinic, now)
    count = len(made.touchpoints)
    states = data.draw(st.lists(st.sampled_from(TouchpointState), min_size=count, max_size=count))
    existing = existing_of(made, states)
    sent = frozenset(each.key for each in existing if each.state in REACHED_THE_PATIENT)
    moved = replace(facts, performed_on=facts.performed_on + timedelta(days=days), sent=sent)
    result = replan(existing, plan(moved, pathway, clinic, now), now=now)
    assert Counter(change.key for change in result.changes) == Counter(each.key for each in existing)
    assert {change.key for change in result.of_kind(ChangeKind.SENT)} == sent
    for change in result.changes:
        assert change.words
        if change.key in sent or change.kind is ChangeKind.DECIDED:
            assert change.after is None
        if change.kind in (ChangeKind.MOVED, ChangeKind.ADDED):
            assert change.after is not None
            assert change.after.due_at >= now


@thoroughly
@given(cases())
def test_planning_again_without_a_change_moves_nothing(case: Case) -> None:
    facts, pathway, clinic, now = case
    made = plan(facts, pathway, clinic, now)
    existing = existing_of(made, [TouchpointState.planned] * len(made.touchpoints))
    kinds = {change.kind for change in replan(existing, made, now=now).changes}
    assert kinds <= {ChangeKind.SAME, ChangeKind.DECIDED}
