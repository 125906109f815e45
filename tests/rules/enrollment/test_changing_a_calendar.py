"""The preview of a change: what moves, what was sent, what is now past (F61, F67, F68)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from followup.clinics.states import Channel
from followup.enrollment.planning.facts import (
    ClinicCalendar,
    EnrollmentFacts,
    PathwayPlan,
    Plan,
    StepPlan,
    TakenSlot,
)
from followup.enrollment.planning.plan import plan
from followup.enrollment.planning.reasons import Reason
from followup.enrollment.planning.replan import ChangeKind, ExistingTouchpoint, Replan, replan
from followup.enrollment.states import TouchpointState
from followup.kit.windows import Window
from followup.pathways.vocabulary import LateRule

HOURS = Window.parse("9-20")
STEPS = tuple(
    StepPlan(key=f"day{day}", day=day, at=time(10), window=HOURS, late=LateRule.SEND_UNTIL, late_hours=20)
    for day in (-1, 1, 3, 5)
)
PATHWAY = PathwayPlan("p", "1", STEPS)
CLINIC = ClinicCalendar()
FACTS = EnrollmentFacts(
    performed_on=date(2026, 3, 3),
    performed_at=time(9),
    zone="America/New_York",
    channels=(Channel.sms,),
    enrolled_at=datetime(2026, 2, 20, 15, tzinfo=UTC),
)
FIRST = plan(FACTS, PATHWAY, CLINIC, FACTS.enrolled_at)
MARCH_5 = datetime(2026, 3, 5, 12, tzinfo=UTC)


def rows(made: Plan = FIRST, **states: TouchpointState) -> list[ExistingTouchpoint]:
    return [
        ExistingTouchpoint(
            key=each.key, state=states.get(each.key.replace("-", "_"), each.state), local_date=each.local_date,
            local_time=each.local_time, due_at=each.due_at, day=each.day, reason=each.reason,
        )
        for each in made.touchpoints
    ]  # fmt: skip


SENT = {"day_1": TouchpointState.dispatched, "day1": TouchpointState.answered}


def changed(facts: EnrollmentFacts, existing: list[ExistingTouchpoint], now: datetime = MARCH_5) -> Replan:
    sent = [each for each in existing if each.state in (TouchpointState.dispatched, TouchpointState.answered)]
    facts = replace(
        facts,
        sent=frozenset(each.key for each in sent),
        taken=tuple(TakenSlot(Channel.sms, each.local_date, in_first_week=True) for each in sent),
    )
    return replan(existing, plan(facts, PATHWAY, CLINIC, now), now=now)


def kinds(result: Replan) -> dict[str, ChangeKind]:
    return {change.key: change.kind for change in result.changes}


def test_f67_a_later_date_moves_what_is_open_and_repeats_nothing() -> None:
    result = changed(replace(FACTS, performed_on=date(2026, 3, 10)), rows(**SENT))
    assert kinds(result) == {
        "day-1": ChangeKind.SENT,
        "day1": ChangeKind.SENT,
        "day3": ChangeKind.MOVED,
        "day5": ChangeKind.MOVED,
    }
    moved = result.of_kind(ChangeKind.MOVED)[0]
    assert moved.words == "Moves from Fri, Mar 6, 2026 at 10:00 AM to Fri, Mar 13, 2026 at 10:00 AM."


def test_f67_a_patient_who_was_told_the_old_date_is_told_by_a_person() -> None:
    result = changed(replace(FACTS, performed_on=date(2026, 3, 10)), rows(**SENT))
    assert result.notes[-1] == "The patient was already sent: day-1. Tell them about the change in person."


def test_f67_an_earlier_date_leaves_out_what_is_now_past() -> None:
    result = changed(replace(FACTS, performed_on=date(2026, 2, 28)), rows(**SENT))
    assert kinds(result)["day3"] is ChangeKind.NOW_PAST
    assert kinds(result)["day5"] is ChangeKind.MOVED
    assert result.of_kind(ChangeKind.NOW_PAST)[0].words.startswith("Not sent, day 3 after the procedure")


def test_what_was_skipped_as_late_is_due_again_when_the_date_moves_on() -> None:
    enrolled_late = replace(FACTS, enrolled_at=MARCH_5)
    late = plan(enrolled_late, PATHWAY, CLINIC, MARCH_5)
    assert late.touchpoint("day-1").reason is Reason.TOO_LATE
    result = changed(replace(enrolled_late, performed_on=date(2026, 3, 20)), rows(late))
    assert kinds(result)["day-1"] is ChangeKind.ADDED
    assert result.of_kind(ChangeKind.ADDED)[0].words.startswith("Due again on Thu, Mar 19, 2026")


@pytest.mark.parametrize("reason", [Reason.BY_PERSON, Reason.OPTED_OUT])
def test_what_a_person_ended_does_not_come_back(reason: Reason) -> None:
    existing = [
        replace(each, state=TouchpointState.skipped, reason=reason) if each.key == "day5" else each
        for each in rows(**SENT)
    ]
    result = changed(replace(FACTS, performed_on=date(2026, 3, 10)), existing)
    assert kinds(result)["day5"] is ChangeKind.DECIDED


def test_an_open_call_stays_on_the_work_list() -> None:
    result = changed(FACTS, rows(**SENT, day3=TouchpointState.call_task))
    [call] = result.of_kind(ChangeKind.DECIDED)
    assert call.words == "A person was asked to call instead. That call stays on the work list."


def test_f61_another_zone_keeps_wall_clock_time_and_moves_the_instant() -> None:
    result = changed(replace(FACTS, zone="America/Los_Angeles"), rows(**SENT))
    [first, second] = result.of_kind(ChangeKind.MOVED)
    assert first.after is not None
    assert first.after.local_time == time(10)
    assert first.after.due_at == datetime(2026, 3, 6, 18, tzinfo=UTC)
    assert second.key == "day5"


def test_new_preferred_hours_move_only_what_is_outside_them() -> None:
    assert set(
        kinds(changed(replace(FACTS, preferred_hours=Window.parse("9-12")), rows(**SENT))).values()
    ) == {
        ChangeKind.SENT,
        ChangeKind.SAME,
    }
    result = changed(replace(FACTS, preferred_hours=Window.parse("18-20")), rows(**SENT))
    assert [change.after.local_time for change in result.of_kind(ChangeKind.MOVED) if change.after] == [
        time(18)
    ] * 2


def test_f74_a_step_that_left_the_pathway_is_cancelled_and_a_new_one_added() -> None:
    now = MARCH_5
    steps = (*STEPS[:3], replace(STEPS[3], key="day6", day=6))
    existing = rows(**SENT)
    facts = replace(FACTS, sent=frozenset({"day-1", "day1"}))
    result = replan(existing, plan(facts, PathwayPlan("p", "2", steps), CLINIC, now), now=now)
    assert kinds(result)["day5"] is ChangeKind.CANCELLED
    assert kinds(result)["day6"] is ChangeKind.ADDED


def test_no_change_changes_nothing() -> None:
    result = changed(FACTS, rows(**SENT))
    assert set(kinds(result).values()) == {ChangeKind.SENT, ChangeKind.SAME}
    assert result.notes == ("0 move, 0 are new, 0 are cancelled, 0 are past or have no room, 2 were sent.",)
