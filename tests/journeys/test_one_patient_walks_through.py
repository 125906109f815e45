"""The main job from end to end: enrolled, texted, answered, triaged, paged, accepted by text, closed."""

from __future__ import annotations

import re

from sqlalchemy import select

from followup.enrollment.models import Enrollment
from followup.escalation.close import close_case
from followup.escalation.contact import Attempt, log_attempt
from followup.escalation.states import ContactOutcome, ContactWay, EscalationState
from followup.messaging.states import Purpose
from followup.patients.models import ContactPoint
from followup.staff.models import Staff
from tests.cast import BEA, INES, MRS_LINDQVIST, NUMBER
from tests.journeys.town import Town
from tests.waiting import wait_for

PATIENCE = 60.0


def code_in(page: str) -> str:
    """The code that accepts the case of a page."""
    found = re.search(r"Reply (\w+) to accept", page)
    assert found, page
    return found[1]


def test_a_warning_sign_is_paged_accepted_by_text_and_closed_with_what_was_done(town: Town) -> None:
    town.worker()
    town.clinic.enroll(INES)
    ines = town.lab.phone(INES.phone)
    ines.expects("Riverbend", "STOP", within=PATIENCE)
    town.goes_on_to_the_check_in()
    ines.expects("Pain now", within=PATIENCE)

    ines.sends("my leg feels weaker since last night")
    ines.expects("alerting a nurse", within=PATIENCE)
    bea = town.lab.phone(BEA)
    page = bea.expects("URGENT case", within=PATIENCE)
    assert "Ines" not in page.body
    assert "leg" not in page.body

    bea.sends(code_in(page.body), to=NUMBER)
    bea.expects("is yours", within=PATIENCE)
    case = town.case()
    assert case is not None
    assert (case.state, case.owner_id) == (EscalationState.accepted, town.clinic.staff("bea"))

    with town.clinic.session() as session:
        nurse = session.get_one(Staff, town.clinic.staff("bea"))
        spoke = Attempt(ContactWay.phone, ContactOutcome.reached, read_back=True, note="Comes in at two.")
        log_attempt(session, case.id, spoke, staff=nurse, now=town.clock.now())
        close_case(
            session, case.id, disposition="seen_today", note="Exam today.", staff=nurse, now=town.clock.now()
        )
    closed = town.case()
    assert closed is not None
    assert (closed.state, closed.disposition) == (EscalationState.closed, "seen_today")
    with town.clinic.session() as session:
        assert session.scalars(select(Enrollment.held_since)).one() is None
    town.lab.expect_webhooks_answered()


def test_stop_with_a_fever_ends_the_texts_and_still_reaches_a_nurse(town: Town) -> None:
    town.worker()
    town.clinic.enroll(MRS_LINDQVIST)
    greta = town.lab.phone(MRS_LINDQVIST.phone)
    greta.expects("Riverbend", "STOP", within=PATIENCE)
    town.goes_on_to_the_check_in()
    greta.expects("Pain now", within=PATIENCE)

    greta.sends("STOP please, I have a fever of 102 and chills")
    last = greta.expects("911", within=PATIENCE)
    town.lab.phone(BEA).expects("case", within=PATIENCE)
    wait_for(lambda: town.case() is not None)

    with town.clinic.session() as session:
        assert session.scalars(select(ContactPoint.opted_out_at)).one() is not None
    after = [each for each in town.messages() if each.purpose in (Purpose.consent, Purpose.safety)]
    assert [each.purpose for each in after] == [Purpose.consent]
    assert "No more texts" in last.body
    greta.expects_nothing()
