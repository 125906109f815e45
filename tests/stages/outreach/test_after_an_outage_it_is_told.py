"""After an outage one report says what was late, left out or given to a person, and which replies waited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from followup.clinics.heartbeat import note_tick
from followup.reporting.after_outage import Report, report
from followup.reporting.outages import Outage, Span, merged, outages
from tests.household import MORNING, TOM, Household

NOON = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SENDING = "texts and emails were not sent"
READING = "replies were not read"


def stood_still(home: Household, loop: str, began: datetime, ended: datetime) -> None:
    """The row that a loop's first round after a gap writes."""
    with home.house.database.engine() as session:
        session.execute(
            text(
                "INSERT INTO outage (id, loop, began_at, ended_at)"
                " VALUES (gen_random_uuid(), :loop, :began, :ended)"
            ),
            {"loop": loop, "began": began, "ended": ended},
        )


def found(home: Household, since: datetime = MORNING) -> list[Outage]:
    with home.house.database.transaction(home.clinic_id) as session:
        return outages(session, since=since, now=home.now)


def told(home: Household) -> Report:
    with home.house.database.transaction(home.clinic_id) as session:
        return report(session, outages(session, since=MORNING, now=home.now)[0], now=home.now)


def test_a_loop_that_comes_back_after_a_gap_leaves_a_row_and_one_that_was_quick_does_not(
    home: Household,
) -> None:
    with home.house.database.engine() as session:
        note_tick(session, "messages.deliver")
        session.execute(text("UPDATE heartbeat SET ticked_at = now() - interval '299 seconds'"))
        note_tick(session, "messages.deliver")
        assert session.scalar(text("SELECT count(*) FROM outage")) == 0
        session.execute(text("UPDATE heartbeat SET ticked_at = now() - interval '2 hours'"))
    with home.house.database.engine() as session:
        note_tick(session, "messages.deliver")
        note_tick(session, "messages.deliver")
    with home.house.database.engine() as session:
        length = session.scalars(text("SELECT ended_at - began_at FROM outage")).all()
    assert [round(each / HOUR, 2) for each in length] == [2]


def test_a_loop_that_is_silent_now_is_an_outage_that_goes_on(home: Household) -> None:
    with home.house.database.engine() as session:
        note_tick(session, "care.respond")
        session.execute(text("UPDATE heartbeat SET ticked_at = now() - interval '6 minutes'"))
    [one] = found(home)
    assert (one.ended_at, one.felt) == (None, (READING,))


def test_loops_that_stood_together_are_one_outage_and_others_are_their_own(home: Household) -> None:
    stood_still(home, "messages.deliver", NOON, NOON + HOUR)
    stood_still(home, "care.respond", NOON + timedelta(seconds=3), NOON + HOUR)
    stood_still(home, "messages.deliver", NOON + 5 * HOUR, NOON + 6 * HOUR)
    home.go_to(NOON + 8 * HOUR)
    later, earlier = found(home)
    assert (earlier.began_at, earlier.ended_at, set(earlier.felt)) == (NOON, NOON + HOUR, {SENDING, READING})
    assert (later.began_at, later.felt) == (NOON + 5 * HOUR, (SENDING,))


@pytest.mark.parametrize(("gap", "stories"), [(timedelta(minutes=1), 1), (timedelta(minutes=3), 2)])
def test_spans_that_nearly_touch_are_one_story(gap: timedelta, stories: int) -> None:
    spans = [Span(NOON, NOON + HOUR, "a"), Span(NOON + HOUR + gap, NOON + 2 * HOUR, "b")]
    assert len(merged(spans, now=NOON + 9 * HOUR)) == stories


def test_a_story_of_which_a_part_goes_on_goes_on() -> None:
    spans = [Span(NOON, NOON + HOUR, "a"), Span(NOON, None, "b"), Span(NOON + 3 * HOUR, NOON + 4 * HOUR, "c")]
    [one] = merged(spans, now=NOON + 9 * HOUR)
    assert (one.ended_at, one.felt) == (None, ("a", "b", "c"))


def test_a_carrier_that_refused_us_is_an_outage_with_its_reason(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.lab.fault("refuse", code=20003, status=401, times=1)
    home.deliver()
    home.pass_time(2 * HOUR)
    home.deliver()  # mended meanwhile
    [one] = found(home)
    assert (one.began_at, one.ended_at) == (MORNING, MORNING + 2 * HOUR)
    assert "20003" in one.felt[0]

    home.pass_time(HOUR)
    said = told(home)
    assert [(each.key, each.state) for each in said.texts] == [("welcome", "accepted")]
    assert said.longest_text == 2 * HOUR
    assert found(home, since=home.now) == []


def test_what_was_due_meanwhile_is_told_by_what_became_of_it(home: Household) -> None:
    """Eight days down: the newest contact goes, older ones are left out or called, and each is in the report."""
    home.enroll()
    home.enroll("Tom Berg", patient__phone=TOM)
    home.dispatch()
    home.deliver()
    until = datetime(2026, 11, 28, 16, 30, tzinfo=UTC)
    stood_still(home, "messages.dispatch", MORNING + HOUR, until)
    home.go_to(until)
    home.dispatch()
    home.deliver()

    said = told(home)
    assert said.contacts_by_state["dispatched"] == 2
    assert sum(said.contacts_by_state.values()) == home.only(
        "SELECT count(*) FROM touchpoint WHERE due_at < :now AND key <> 'welcome'", now=until
    )
    assert set(said.contacts_by_state) <= {"dispatched", "skipped", "call_task"}
    sent = [each for each in said.contacts if each.state == "dispatched"]
    assert {each.patient for each in sent} == {"Ines Duarte", "Tom Berg"}
    assert all(each.waited(home.now) == until - each.since for each in sent)
    assert all(each.reason for each in said.contacts if each.state == "skipped")


def test_what_still_waits_is_told_while_the_outage_goes_on(home: Household) -> None:
    home.enroll()
    home.go_to(MORNING + timedelta(minutes=30))
    stood_still(home, "messages.dispatch", MORNING - HOUR, MORNING + timedelta(minutes=20))
    said = told(home)
    assert [(each.key, each.state, each.at) for each in said.contacts] == [("welcome", "planned", None)]


def test_an_outage_that_nobody_noticed_says_so(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.deliver()
    home.go_to(MORNING + 3 * HOUR)
    stood_still(home, "messages.dispatch", MORNING + HOUR, MORNING + 2 * HOUR)
    assert told(home).is_empty
