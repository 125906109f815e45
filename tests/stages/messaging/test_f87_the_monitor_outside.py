"""F87: the monitor outside hears of us while all is well, and disturbs nobody when it is away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from followup.clinics.heartbeat import note_tick
from followup.gateways.deadman import tell_monitor
from followup.intake.events import IncomingEvent
from followup.intake.states import EventKind
from followup.intake.store import store
from followup.reporting.ready import LIMITS, Readiness, readiness
from tests.household import Household
from tests.monitor_outside import Monitor, listening


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    with listening() as told:
        yield told


@pytest.fixture
def ticking(home: Household) -> Household:
    """A house whose loops have just gone round."""
    with home.house.database.engine() as session:
        note_tick(session, "messages.deliver")
    return home


def look(home: Household) -> Readiness:
    return readiness(home.house.database, home.now)


def test_f87_a_monitor_hears_that_all_is_well(monitor: Monitor, ticking: Household) -> None:
    assert tell_monitor(monitor.url, is_well=look(ticking).is_well)
    assert monitor.heard == ["/ping"]


def test_f87_it_hears_nothing_when_the_sweeps_stand_still(monitor: Monitor, ticking: Household) -> None:
    age_every_tick(ticking, LIMITS["tick"] + timedelta(seconds=1))

    assert not look(ticking).is_well
    assert not tell_monitor(monitor.url, is_well=look(ticking).is_well)
    assert not tell_monitor(None, is_well=True)
    assert monitor.heard == []


def age_every_tick(home: Household, by: timedelta) -> None:
    with home.house.database.engine() as session:
        session.execute(text("UPDATE heartbeat SET ticked_at = ticked_at - :by"), {"by": by})


def test_f87_what_is_behind_is_told_at_the_address_for_failures(monitor: Monitor, ticking: Household) -> None:
    ticking.enroll()
    ticking.dispatch()  # queued, and nobody sends it
    assert look(ticking).is_well
    ticking.pass_time(LIMITS["due_message"] + timedelta(seconds=1))

    found = look(ticking)
    assert found.is_ready
    assert found.as_json()["behind"] == ["due_message"]
    assert not tell_monitor(monitor.url, is_well=found.is_well, fail_url=f"{monitor.url}/fail")
    assert monitor.heard == ["/ping/fail"]


def test_f87_a_text_that_nobody_has_read_is_behind_while_it_is_still_raw(ticking: Household) -> None:
    with ticking.house.database.intake() as session:
        store(
            session,
            IncomingEvent(EventKind.inbound_sms, "SM1", {"Body": "help"}, received_at=ticking.now),
        )
    assert look(ticking).is_well
    ticking.pass_time(LIMITS["unassessed_reply"] + timedelta(seconds=1))

    assert look(ticking).as_json()["behind"] == ["unassessed_reply"]


def test_f87_held_texts_are_not_behind(ticking: Household) -> None:
    ticking.enroll()
    ticking.dispatch()
    ticking.change("UPDATE enrollment SET held_since = :now", now=ticking.now)
    for _ in range(4):
        ticking.pass_time(LIMITS["due_message"] / 2)
        ticking.deliver()
    assert look(ticking).is_well


def test_f87_a_monitor_that_answers_an_error_has_not_heard_it(monitor: Monitor) -> None:
    monitor.status = 503
    assert not tell_monitor(monitor.url, is_well=True)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/ping", "http://monitor.invalid/x", "not a url"])
def test_f87_a_monitor_that_is_away_is_only_logged(url: str) -> None:
    assert not tell_monitor(url, is_well=True)
