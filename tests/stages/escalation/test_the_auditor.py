"""The auditor finds what should never happen, mends what it can and says so; invariants can really break."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from followup.audit.record import SYSTEM
from followup.escalation.acknowledge import accept
from followup.escalation.audit_cases import audit_cases
from followup.escalation.invariants import COVER, NAMED, QUERIES, broken, thin_cover
from followup.staff.models import Staff
from followup.staff.plan_shifts import plan_shifts
from followup.staff.roster.schedule import Hours, Plan, Rule
from followup.staff.schedules import publish_schedule
from tests.stages.escalation.ward import PUBLIC_URL

URGENT = "My leg feels weaker since last night"

# How each invariant is broken by hand, in SQL that no verb would ever run.
SABOTAGE = {
    "1 every open case has a clock": "UPDATE escalation_timer SET cancelled_at = now()",
    "2 no clock is overdue": "UPDATE escalation_timer SET due_at = due_at - interval '2 h'",
    "3 who pages has paged": (
        "UPDATE page SET state = 'failed'; UPDATE escalation SET opened_at = opened_at - interval '1 h'"
    ),
    "4 an owner if and only if somebody accepted": (
        "UPDATE escalation SET owner_id = (SELECT min(id::text)::uuid FROM staff)"
    ),
    "5 nothing waits to be sent for a closed case": "UPDATE escalation SET state = 'closed'",
    "6 no page rests in a claim": "UPDATE page SET state = 'claimed', lease_until = now() - interval '1 h'",
    "7 every state is the last move's": "UPDATE escalation SET state = 'accepted'",
    "7 no move is missing": (
        "INSERT INTO move (id, clinic_id, thing, thing_id, from_state, to_state, actor, at)"
        " SELECT gen_random_uuid(), clinic_id, 'escalation', id, 'contacted', 'paging', 'system', opened_at"
        " + interval '1 h' FROM escalation"
    ),
    "8 closed means documented by a person": "UPDATE escalation SET state = 'closed'",
    "9 a machine only raises": (
        "INSERT INTO move (id, clinic_id, thing, thing_id, from_state, to_state, actor, at)"
        " SELECT gen_random_uuid(), clinic_id, 'escalation', id, 'tier emergency', 'tier urgent', 'system',"
        " opened_at FROM escalation"
    ),
    "10 every reply is assessed": "UPDATE reply SET state = 'received', received_at = received_at - interval '1 h'",
    "11 what the carrier has is here": "UPDATE sender SET inbound_listed_at = now() - interval '2 h'",
    "12 every red flag has a case": (
        "INSERT INTO assessment SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(),"
        " 'tier', 'urgent'))).* FROM assessment a WHERE a.tier = 'routine'"
    ),
    "14 a page names nobody and nothing": "UPDATE page SET body = body || ' Call 415-555-0101'",
    "one open case per patient": None,  # the database refuses it
    "an open case holds planned texts": "UPDATE enrollment SET held_since = NULL",
}  # fmt: skip


@pytest.fixture
def opened(ward):
    ward.add_patient("Tom", "+14155550102")
    ward.patient_texts("Tom", "Pain is 2 today")
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    return ward


def test_every_invariant_is_known_here() -> None:
    assert set(SABOTAGE) == set(QUERIES)


@pytest.mark.parametrize("name", [name for name, how in SABOTAGE.items() if how])
def test_an_invariant_that_is_broken_is_named(opened, name: str) -> None:
    with opened.transaction() as session:
        for statement in str(SABOTAGE[name]).split("; "):
            session.execute(text(statement))
        session.flush()
        assert any(sentence.startswith(name) for sentence in broken(session, now=opened.now))
        session.rollback()


@pytest.mark.parametrize("words", ["Your procedure", "seen 03/04/1961", "born 1961-03-04", "+14155550101"])
def test_invariant_14_words_that_a_page_may_not_say_are_found(opened, words: str) -> None:
    with opened.transaction() as session:
        session.execute(text("UPDATE page SET body = body || ' ' || :words"), {"words": words})
        assert any(each.startswith("14 a page names nobody") for each in broken(session, now=opened.now))
        session.rollback()


def test_invariant_14_a_patients_name_on_a_page_is_found(opened) -> None:
    with opened.transaction() as session:
        session.execute(text("UPDATE page SET body = body || ' for ines'"))
        assert any(each.startswith(NAMED) for each in broken(session, now=opened.now))
        session.rollback()


def test_the_database_refuses_a_second_open_case_of_a_patient(opened) -> None:
    second = text(
        "INSERT INTO escalation SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid(),"
        " 'code', 'ZZZ'))).* FROM escalation e"
    )
    with pytest.raises(IntegrityError), opened.transaction() as session:
        session.execute(second)


@pytest.fixture
def rostered(ward):
    """The ward with a published roster behind its shifts: Bea day and night, Osei as well."""
    around_the_clock = {"nurse": "Bea", "physician": "Osei", "manager": "Ruth"}
    with ward.transaction() as session:
        session.execute(text("DELETE FROM shift"))
        for duty, name in around_the_clock.items():
            plan = Plan(zone=ZoneInfo("America/Los_Angeles"), rules=(Rule(ward.people[name].id, Hours()),))
            publish_schedule(session, ward.clinic_id, duty, plan, now=ward.now, actor=SYSTEM)
        plan_shifts(session, ward.clinic_id, now=ward.now)
    return ward


def test_invariant_13_a_roster_with_cover_has_nothing_to_tell(rostered) -> None:
    found = audit_cases(rostered.database, rostered.clock, public_url=PUBLIC_URL)
    assert (found.mended, found.broken) == ([], [])


def test_invariant_13_shifts_behind_our_back_are_named_and_made_again(rostered) -> None:
    with rostered.transaction() as session:
        session.execute(text("DELETE FROM shift WHERE duty = 'nurse'"))
    with rostered.transaction() as session:
        assert any(each.startswith(COVER) for each in thin_cover(session, now=rostered.now))
    found = audit_cases(rostered.database, rostered.clock, public_url=PUBLIC_URL)
    assert found.mended == [f"clinic {rostered.clinic_id}: shifts were not as the roster says"]
    assert found.broken == []


def test_invariant_13_a_gap_in_cover_is_told_with_its_time(rostered) -> None:
    with rostered.transaction() as session:
        session.get_one(Staff, rostered.people["Bea"].id).disabled_at = rostered.now
    found = audit_cases(rostered.database, rostered.clock, public_url=PUBLIC_URL)
    assert any("urgent: nobody is on call as nurse" in each for each in found.broken)


def test_an_open_case_without_a_clock_is_wound_up_again(opened) -> None:
    with opened.transaction() as session:
        session.execute(text("UPDATE escalation_timer SET cancelled_at = now()"))
    found = audit_cases(opened.database, opened.clock, public_url=PUBLIC_URL)
    assert found.mended == [f"case {opened.case().code} was paging without a clock"]
    assert found.broken == []
    opened.tick()
    assert "Osei" in {who for who, _ in opened.pages()}


def test_planned_texts_that_were_let_go_are_held_again(opened) -> None:
    with opened.transaction() as session:
        session.execute(text("UPDATE enrollment SET held_since = NULL, hold_reason = NULL"))
    assert len(audit_cases(opened.database, opened.clock, public_url=PUBLIC_URL).mended) == 1


def test_a_quiet_clinic_has_nothing_to_mend(opened) -> None:
    found = audit_cases(opened.database, opened.clock, public_url=PUBLIC_URL)
    assert (found.mended, found.broken) == ([], [])


def test_a_case_of_somebody_who_left_goes_back_to_the_ladder(opened) -> None:
    with opened.transaction() as session:
        accept(
            session,
            opened.case().id,
            opened.people["Osei"].id,
            how="code",
            public_url=PUBLIC_URL,
            now=opened.now,
        )
        session.get_one(Staff, opened.people["Osei"].id).disabled_at = opened.now
    assert len(audit_cases(opened.database, opened.clock, public_url=PUBLIC_URL).mended) == 1
    opened.tick()
    assert opened.case().owner_id is None
    assert opened.page_rows()[-1].staff_id == opened.people["Bea"].id
