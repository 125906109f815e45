"""Upkeep goes round by itself: what has ended is completed, and every loop leaves its tick for /readyz."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

import celeryconfig
from followup.clinics.models import Heartbeat
from followup.enrollment.complete import AFTER_LAST_CONTACT, complete_due
from followup.enrollment.models import Enrollment
from followup.enrollment.states import EnrollmentState
from followup.lab import INSTANT, Lab
from followup.outreach.dispatch import dispatch_due
from followup.reporting.ready import readiness
from followup.settings import Settings
from tests.cast import INES, NUMBER, TOM
from tests.journeys.town import EARLY, Town, a_town
from tests.monitor_outside import listening
from tests.waiting import wait_for

WEEKS_13 = timedelta(days=91)
NOTED = {each["task"] for each in celeryconfig.beat_schedule.values() if float(str(each["schedule"])) <= 5}


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab.started(pace=INSTANT, senders=(NUMBER,)) as started:
        yield started


@pytest.fixture
def town(settings: Settings, lab: Lab, tmp_path: Path) -> Iterator[Town]:
    with a_town(settings, lab, tmp_path) as made:
        yield made


def states(town: Town) -> list[EnrollmentState]:
    with town.clinic.session() as session:
        return list(session.scalars(select(Enrollment.state).order_by(Enrollment.enrolled_at, Enrollment.id)))


def test_a_recovery_is_completed_two_days_after_its_last_contact_and_not_before(town: Town) -> None:
    town.clinic.enroll(INES)
    last = EARLY + WEEKS_13
    dispatch_due(town.house.database, now=last)
    with town.clinic.session() as session:
        ends = session.scalar(text("SELECT max(due_at) FROM touchpoint"))
    assert complete_due(town.house.database, now=ends + AFTER_LAST_CONTACT - timedelta(minutes=1)) == 0
    assert complete_due(town.house.database, now=ends + AFTER_LAST_CONTACT) == 1
    assert states(town) == [EnrollmentState.completed]
    assert complete_due(town.house.database, now=ends + AFTER_LAST_CONTACT) == 0


def test_a_recovery_that_a_case_holds_is_left_alone(town: Town) -> None:
    town.clinic.enroll(INES)
    town.clinic.enroll(TOM)
    dispatch_due(town.house.database, now=EARLY + WEEKS_13)
    with town.clinic.session() as session:
        held = session.scalars(select(Enrollment.id).order_by(Enrollment.enrolled_at, Enrollment.id)).first()
        session.execute(update(Enrollment).where(Enrollment.id == held).values(held_since=EARLY))
    assert complete_due(town.house.database, now=EARLY + WEEKS_13) == 1
    assert sorted(states(town)) == [EnrollmentState.active, EnrollmentState.completed]


def test_loops_that_go_round_make_the_service_ready(town: Town) -> None:
    database = town.house.database
    assert not readiness(database, town.clock.now()).is_ready
    town.worker()

    def ticked() -> set[str]:
        with database.engine() as session:
            return set(session.scalars(select(Heartbeat.name)))

    wait_for(lambda: ticked() >= NOTED, what="the first round of every loop")
    assert readiness(database, town.clock.now()).is_ready


def test_the_monitor_outside_hears_of_a_service_that_does_its_work(town: Town) -> None:
    with listening() as monitor:
        town.environment["FOLLOWUP_DEADMAN_URL"] = monitor.url
        town.worker()

        def heard() -> bool:
            town.ring("upkeep.tell_monitor")
            return "/ping" in monitor.heard

        wait_for(heard, what="a ping", within=60)
        assert set(monitor.heard) == {"/ping"}
