"""Laws of planning, for any pathway, clinic, patient, zone and moment.

No touchpoint outside its hours, none lost, none doubled, limits kept, nothing in the past, one late contact at
most, and the same plan whatever the order of the steps. ``FOLLOWUP_EXAMPLES`` sets the number of cases of each law;
with 1200 there are more than ten thousand.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from followup.clinics.states import Channel
from followup.enrollment.planning.calendar import hours_on
from followup.enrollment.planning.facts import EnrollmentFacts, PathwayPlan, PlannedTouchpoint, StepPlan
from followup.enrollment.planning.plan import plan
from followup.enrollment.planning.reasons import Reason
from followup.enrollment.states import TouchpointState
from followup.kit.windows import to_local, to_utc, zone
from tests.properties.any_plan import Case, cases, thoroughly


def fitting(facts: EnrollmentFacts, pathway: PathwayPlan) -> dict[str, StepPlan]:
    return {
        step.key: step
        for step in pathway.steps
        if step.harvest in ("any", facts.harvest) and step.key not in facts.sent
    }


@thoroughly
@given(cases())
def test_none_is_lost_and_none_is_doubled(case: Case) -> None:
    facts, pathway, clinic, now = case
    made = plan(facts, pathway, clinic, now)
    assert Counter(each.key for each in made.touchpoints) == Counter(fitting(facts, pathway).keys())
    for each in made.touchpoints:
        assert each.why
        assert each.is_planned is (each.reason is None)


@thoroughly
@given(cases())
def test_nothing_is_planned_outside_its_hours_or_in_the_past(case: Case) -> None:
    facts, pathway, clinic, now = case
    by_key = fitting(facts, pathway)
    for each in plan(facts, pathway, clinic, now).planned:
        hours = hours_on(each.local_date, by_key[each.key], clinic, preferred=facts.preferred_hours)
        assert hours is not None
        assert each.local_time in hours
        assert each.opens_at <= each.due_at < each.closes_at
        assert now <= each.due_at <= each.not_after
        assert to_local(each.due_at, zone(each.zone)) == datetime.combine(each.local_date, each.local_time)
        derived = to_utc(each.local_date, each.local_time, zone(each.zone))
        assert derived.utc == each.due_at or derived.fold
        assert each.channel in facts.channels


@thoroughly
@given(cases())
def test_every_step_stays_on_its_side_of_the_procedure(case: Case) -> None:
    facts, pathway, clinic, now = case
    performed = to_utc(facts.performed_on, facts.performed_at or time(0), zone(facts.zone)).utc
    for each in plan(facts, pathway, clinic, now).planned:
        if each.key == "welcome":
            continue
        if each.day < 0:
            assert each.due_at < performed
            assert each.not_after <= performed
        else:
            assert each.due_at >= performed


@thoroughly
@given(cases())
def test_the_limits_of_day_and_week_are_kept(case: Case) -> None:
    facts, pathway, clinic, now = case
    made = [each for each in plan(facts, pathway, clinic, now).planned if each.key != "welcome"]
    for channel in Channel:
        earlier = [each for each in facts.taken if each.channel is channel]
        slots = [(each.local_date, each.slot) for each in made if each.channel is channel]
        slots += [(each.day, each.slot) for each in earlier]
        assert len(slots) == len(set(slots))
        assert all(1 <= slot <= clinic.caps.per_day for _, slot in slots)
        weekly = [each.local_date for each in made if each.channel is channel and after_week_one(each, case)]
        own = list(weekly)
        weekly += [each.day for each in earlier if not each.in_first_week]
        for start in {day - timedelta(days=back) for day in own for back in range(7)}:
            within = [day for day in weekly if start <= day < start + timedelta(days=7)]
            if any(start <= day < start + timedelta(days=7) for day in own):
                assert len(within) <= clinic.caps.per_week


def after_week_one(each: PlannedTouchpoint, case: Case) -> bool:
    facts, _, clinic, _ = case
    return (each.local_date - facts.performed_on).days > clinic.caps.first_week_days


@thoroughly
@given(cases())
def test_b48_b71_of_what_is_already_past_one_contact_is_kept_at_most(case: Case) -> None:
    facts, pathway, clinic, now = case
    made = plan(facts, pathway, clinic, now).touchpoints
    others = [each for each in made if each.key != "welcome"]
    late_texts = [each for each in others if each.is_planned and "It is late" in each.why]
    late_calls = [
        each
        for each in others
        if each.state is TouchpointState.call_task and each.reason is Reason.TOO_LATE and each.due_at < now
    ]
    assert len(late_texts) + len(late_calls) <= 1


@thoroughly
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_steps_does_not_matter(case: Case, random: object) -> None:
    facts, pathway, clinic, now = case
    shuffled = list(pathway.steps)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    made = plan(facts, pathway, clinic, now)
    assert plan(facts, replace(pathway, steps=tuple(shuffled)), clinic, now) == made
    assert list(made.touchpoints) == sorted(made.touchpoints, key=lambda each: (each.due_at, each.key))


@thoroughly
@given(cases())
def test_nothing_is_planned_ahead_of_the_welcome(case: Case) -> None:
    facts, pathway, clinic, now = case
    made = plan(facts, pathway, clinic, now)
    welcome = next((each for each in made.planned if each.key == "welcome"), None)
    for each in made.planned:
        if welcome and each is not welcome:
            assert each.due_at > welcome.due_at
