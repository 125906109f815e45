"""Laws of planning, for any pathway, clinic, patient, zone and moment.

No touchpoint outside its hours, none lost, none doubled, limits kept, nothing in the past, one late contact at
most, and the same plan whatever the order of the steps. ``FOLLOWUP_EXAMPLES`` sets the number of cases of each law;
with 1200 there are more than ten thousand.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import available_timezones

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from followup.clinics.states import Channel
from followup.enrollment.planning.calendar import hours_on
from followup.enrollment.planning.facts import (
    Anchor,
    Caps,
    ClinicCalendar,
    DayRule,
    EnrollmentFacts,
    PathwayPlan,
    Plan,
    PlannedTouchpoint,
    StepPlan,
    TakenSlot,
)
from followup.enrollment.planning.plan import plan
from followup.enrollment.planning.reasons import Reason
from followup.enrollment.planning.replan import ChangeKind, ExistingTouchpoint, replan
from followup.enrollment.rules import REACHED_THE_PATIENT
from followup.enrollment.states import TouchpointState
from followup.kit.windows import Window, ZoneError, to_local, to_utc, zone
from followup.pathways.vocabulary import LateRule

EXAMPLES = int(os.environ.get("FOLLOWUP_EXAMPLES", "100"))
thoroughly = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def places() -> tuple[str, ...]:
    def is_place(name: str) -> bool:
        try:
            zone(name)
        except ZoneError:
            return False
        return True

    return tuple(sorted(name for name in available_timezones() if is_place(name)))


minutes = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    if draw(st.integers(0, 4)) == 0:
        return Window.all_day()
    start, until = sorted(draw(st.lists(minutes, min_size=2, max_size=2, unique=True)))
    return Window(start, until)


@st.composite
def steps(draw: st.DrawFn, key: str) -> StepPlan:
    rule = draw(st.sampled_from(DayRule))
    return StepPlan(
        key=key,
        day=draw(st.integers(-5, 30)),
        at=draw(minutes),
        window=draw(windows()),
        late=draw(st.sampled_from(LateRule)),
        late_hours=draw(st.sampled_from([0, 1, 6, 24, 48, 168])),
        channels=draw(st.sampled_from([(Channel.sms,), (Channel.email,), (Channel.sms, Channel.email)])),
        harvest=draw(st.sampled_from(["any", "any", "bone_marrow", "fat"])),
        priority=draw(st.integers(1, 3)),
        day_rule=rule,
        weekday=draw(st.integers(0, 6)) if rule is DayRule.FIXED_WEEKDAY else None,
        requires_answer=draw(st.booleans()),
    )


@st.composite
def pathways(draw: st.DrawFn) -> PathwayPlan:
    several = tuple(draw(steps(f"step-{number}")) for number in range(draw(st.integers(1, 10))))
    if draw(st.booleans()):
        welcome = StepPlan(
            key="welcome", day=0, at=time(0), window=Window.all_day(), late=LateRule.SEND_UNTIL, late_hours=72,
            anchor=Anchor.ENROLLMENT, counts=False,
        )  # fmt: skip
        several = (welcome, *several)
    return PathwayPlan("any", "1", several)


@st.composite
def clinics(draw: st.DrawFn) -> ClinicCalendar:
    day = st.dates(date(2026, 1, 1), date(2027, 3, 1))
    return ClinicCalendar(
        text_hours=draw(windows()),
        hours_by_weekday=draw(st.dictionaries(st.integers(0, 6), st.none() | windows(), max_size=2)),
        holidays=frozenset(draw(st.lists(day, max_size=5))),
        caps=Caps(per_day=draw(st.integers(1, 2)), per_week=draw(st.integers(1, 4))),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[EnrollmentFacts, PathwayPlan, ClinicCalendar, datetime]:
    # Around the changes of the clock as often as elsewhere.
    changes = [date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1), date(2026, 4, 5)]
    near_change = st.builds(
        lambda day, n: day - timedelta(days=n), st.sampled_from(changes), st.integers(0, 9)
    )
    performed_on = draw(st.dates(date(2026, 1, 1), date(2027, 2, 1)) | near_change)
    minutes_later = draw(st.integers(-10 * 1440, 35 * 1440))
    now = datetime.combine(performed_on, time(0), tzinfo=UTC) + timedelta(minutes=minutes_later, seconds=7)
    pathway = draw(pathways())
    facts = EnrollmentFacts(
        performed_on=performed_on,
        performed_at=draw(st.none() | minutes),
        zone=draw(st.sampled_from(places())),
        channels=draw(
            st.sampled_from([(Channel.sms,), (Channel.email, Channel.sms), (Channel.sms, Channel.email), ()])
        ),
        enrolled_at=now,
        harvest=draw(st.sampled_from(["bone_marrow", "fat"])),
        preferred_hours=draw(st.none() | windows()),
        sent=frozenset(draw(st.lists(st.sampled_from([step.key for step in pathway.steps]), max_size=3))),
        taken=draw(taken_around(performed_on)),
    )
    return facts, pathway, draw(clinics()), now


@st.composite
def taken_around(draw: st.DrawFn, day: date) -> tuple[TakenSlot, ...]:
    offsets = draw(st.lists(st.integers(-3, 25), max_size=4, unique=True))
    return tuple(
        TakenSlot(Channel.sms, day + timedelta(days=offset), in_first_week=offset <= 7) for offset in offsets
    )


Case = tuple[EnrollmentFacts, PathwayPlan, ClinicCalendar, datetime]


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
