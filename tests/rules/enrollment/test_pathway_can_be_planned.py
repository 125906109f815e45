"""Findings about a pathway before anybody is enrolled in it (B123, B124), and the shipped one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from followup.clinics.states import Channel
from followup.enrollment.planning.check import check_pathway, check_preferred_hours
from followup.enrollment.planning.facts import ClinicCalendar, DayRule, EnrollmentFacts, PathwayPlan, StepPlan
from followup.enrollment.planning.from_pathway import pathway_plan
from followup.enrollment.planning.plan import plan
from followup.enrollment.rules import WithdrawalReason
from followup.kit.windows import Window
from followup.pathways.library import load_pathway
from followup.pathways.vocabulary import LateRule

CLINIC = ClinicCalendar()
STEP = StepPlan(
    key="check", day=3, at=time(10), window=Window.parse("9-20"), late=LateRule.SEND_UNTIL, late_hours=24
)
SHIPPED = Path(__file__).parents[3] / "templates" / "pathways" / "stem-cell-back"


def findings(*steps: StepPlan) -> tuple[str, ...]:
    return check_pathway(PathwayPlan("p", "1", steps), CLINIC)


def test_b124_a_sound_pathway_has_no_finding() -> None:
    assert findings(replace(STEP, key="before", day=-1), STEP, replace(STEP, key="later", day=10)) == ()


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        pytest.param((STEP, STEP), "Two steps are called check", id="B124-same-key"),
        pytest.param((STEP, replace(STEP, key="other")), "the same minute of day 3", id="B124-same-minute"),
        pytest.param((replace(STEP, day=400),), "days go from -30 to 366", id="B124-400-days"),
        pytest.param(
            (replace(STEP, window=Window.parse("20-22"), at=time(21)),), "share no time", id="B123-no-overlap"
        ),
        pytest.param((replace(STEP, at=time(8)),), "outside its hours", id="outside-its-window"),
        pytest.param((replace(STEP, late_hours=500),), "the most is 168", id="too-late"),
        pytest.param((replace(STEP, channels=()),), "no channel", id="no-channel"),
        pytest.param((replace(STEP, day_rule=DayRule.FIXED_WEEKDAY),), "names a weekday", id="no-weekday"),
        pytest.param((replace(STEP, weekday=2),), "names a weekday", id="weekday-without-rule"),
        pytest.param((STEP, replace(STEP, key="b", at=time(12))), "Day 3 has 2 texts", id="two-a-day"),
        pytest.param(
            tuple(replace(STEP, key=f"d{day}", day=day) for day in (8, 9, 10, 11)),
            "have 4 texts",
            id="four-a-week",
        ),
    ],
)
def test_what_cannot_be_planned_as_written_is_told(steps: tuple[StepPlan, ...], says: str) -> None:
    assert any(says in finding for finding in findings(*steps)), findings(*steps)


def test_a_crowded_week_is_told_once() -> None:
    crowded = findings(*(replace(STEP, key=f"d{day}", day=day) for day in (5, 6, 7, 8, 9, 10, 11)))
    assert crowded == ("Days 8 to 14 have 4 texts (any); the limit is 3.",)


def test_steps_of_different_harvest_methods_may_share_a_minute() -> None:
    assert findings(replace(STEP, harvest="fat"), replace(STEP, key="other", harvest="bone_marrow")) == ()


def test_b123_a_patient_hears_which_steps_their_hours_leave_out() -> None:
    pathway = PathwayPlan("p", "1", (STEP, replace(STEP, key="noon", window=Window.parse("11-13"))))
    assert check_preferred_hours(Window.parse("18-20"), pathway, CLINIC) == (
        "noon goes out 11:00-13:00; between 18:00-20:00 it never can.",
    )


@pytest.mark.parametrize("harvest", ["bone_marrow", "fat"])
@pytest.mark.parametrize("zone", ["America/New_York", "America/Phoenix", "Pacific/Honolulu"])
def test_the_shipped_pathway_is_planned_whole_across_a_change_of_the_clock(harvest: str, zone: str) -> None:
    pathway = pathway_plan(load_pathway(SHIPPED))
    assert check_pathway(pathway, CLINIC) == ()
    facts = EnrollmentFacts(
        performed_on=date(2026, 3, 3), performed_at=time(9), zone=zone, channels=(Channel.sms, Channel.email),
        enrolled_at=datetime(2026, 2, 20, 18, tzinfo=UTC), harvest=harvest,
    )  # fmt: skip
    made = plan(facts, pathway, CLINIC, facts.enrolled_at)
    assert made.notes == ()
    assert made.touchpoints == made.planned
    assert made.touchpoints[0].key == "welcome"
    assert len({(each.channel, each.local_date, each.slot) for each in made.planned}) == len(made.planned)


def test_every_reason_for_leaving_has_a_word() -> None:
    assert WithdrawalReason("died") is WithdrawalReason.DIED
