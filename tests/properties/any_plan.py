"""Any pathway, clinic, patient, zone and moment: what the laws of planning are tried on."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import available_timezones

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from followup.clinics.states import Channel
from followup.enrollment.planning.facts import (
    Anchor,
    Caps,
    ClinicCalendar,
    DayRule,
    EnrollmentFacts,
    PathwayPlan,
    StepPlan,
    TakenSlot,
)
from followup.kit.windows import Window, ZoneError, zone
from followup.pathways.vocabulary import LateRule

EXAMPLES = int(os.environ.get("FOLLOWUP_EXAMPLES", "60"))
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
