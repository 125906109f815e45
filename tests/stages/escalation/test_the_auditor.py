"""The auditor finds what should never happen, mends what it can and says so; invariants can really break."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from followup.escalation.acknowledge import accept
from followup.escalation.audit_cases import audit_cases
from followup.escalation.invariants import QUERIES, broken
from followup.staff.models import Staff
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
    "one open case per patient": None,  # the database refuses it
    "an open case holds planned texts": "UPDATE enrollment SET held_since = NULL",
    "every red flag has a case": None,  # signals can't be removed by the product's own login
}  # fmt: skip


@pytest.fixture
def opened(ward):
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
