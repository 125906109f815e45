"""Every contact answers "why then?" or "why not?" in one sentence, and tells its whole life when asked."""

from __future__ import annotations

import uuid
from datetime import timedelta

from followup.outreach.queries import why_touchpoint
from followup.reporting.timeline import timeline
from followup.reporting.why import life_of
from tests.household import MORNING, Household
from tests.stages.outreach.test_due_contacts import run_until


def step(home: Household, key: str) -> uuid.UUID:
    found: uuid.UUID = home.only("SELECT id FROM touchpoint WHERE key LIKE :key", key=key)
    return found


def why(home: Household, key: str) -> str:
    with home.house.database.transaction(home.clinic_id) as session:
        return why_touchpoint(session, step(home, key))


def life(home: Household, key: str) -> str:
    return "\n".join(life_of(home.house.database, step(home, key)))


def test_a_text_that_asks_nothing_does_not_wait_for_an_answer(home: Household) -> None:
    home.enroll()
    run_until(home, MORNING + timedelta(hours=1))
    assert why(home, "welcome") == "Sent on Fri, Nov 20, 2026 at 10:00 AM; the carrier took it."


def test_a_contact_that_was_put_off_says_what_it_waits_for(home: Household) -> None:
    home.enroll()
    run_until(home, MORNING + timedelta(hours=1))
    home.change("UPDATE clinic SET sending_paused_at = :now, sending_paused_reason = 'moving'", now=home.now)
    home.go_to(MORNING + timedelta(days=1, minutes=1))
    home.dispatch()
    assert why(home, "before-3").endswith("3 days before the procedure. It waits: all sending was paused.")


def test_the_life_of_a_contact_begins_with_its_sentence_and_tells_every_turn(home: Household) -> None:
    home.enroll(patient__email="ines@mail.example")
    run_until(home, MORNING + timedelta(days=4))
    home.lab.fault("refuse", code=30006, times=1)
    run_until(home, MORNING + timedelta(days=6))
    told = life(home, "day-0")

    assert told.splitlines()[:2] == [
        "day-0, by text, day 0",
        "Sent on Tue, Nov 24, 2026 at 6:00 PM; the carrier took it. Nobody answered.",
    ]
    assert "It may go out until Tue, Nov 24, 2026 at 8:00 PM; if it can't, a person calls." in told
    assert "text 1: failed: it could not be delivered (code 30006)" in told
    assert "planned anew: the carrier says this address can't be reached" in told
    assert "email 2: taken by the carrier" in told
    assert "text 1: call 1: refused, code 30006" in told


def test_the_timeline_has_the_sentence_of_every_contact(home: Household) -> None:
    home.enroll()
    run_until(home, MORNING + timedelta(days=2))
    patient = home.only("SELECT id FROM patient")
    with home.house.database.transaction(home.clinic_id) as session:
        line = timeline(session, patient, home.now)
        ids = {row[0] for row in home.rows("SELECT id FROM touchpoint")}
        assert set(line.whys) == ids
        assert line.whys[step(home, "before-3")] == why_touchpoint(session, step(home, "before-3"))
