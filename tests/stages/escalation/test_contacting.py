"""Three clocks: accepted, contacted, documented; each climbs by itself; a person with a note ends a case."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from followup.enrollment.models import Enrollment
from followup.errors import ForbiddenState, InvalidInput, NotAllowed
from followup.escalation.acknowledge import accept
from followup.escalation.close import close_case
from followup.escalation.contact import Attempt, log_attempt
from followup.escalation.severity import lower_tier, raise_tier_by_hand
from followup.escalation.states import CaseTier, ContactOutcome, ContactWay, EscalationState, PagePurpose
from followup.escalation.unreachable import Decision, decide_unreachable
from followup.replies.models import Reply
from followup.replies.states import ReplyState
from followup.staff.states import StaffRole
from tests.stages.escalation.ward import PUBLIC_URL

URGENT = "My leg feels weaker since last night"
EMERGENCY = "I can't breathe and my chest hurts"
SPOKE = Attempt(ContactWay.phone, ContactOutcome.reached, read_back=True)
RANG = Attempt(ContactWay.phone, ContactOutcome.no_answer)


@pytest.fixture
def accepted(ward):
    """An urgent case that Bea has accepted."""
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    with ward.transaction() as session:
        accept(
            session, ward.case().id, ward.people["Bea"].id, how="code", public_url=PUBLIC_URL, now=ward.now
        )
    return ward


def attempt(ward, name: str, what: Attempt) -> None:
    with ward.transaction() as session:
        log_attempt(session, ward.case().id, what, staff=ward.staff(session, name), now=ward.now)


def close(ward, name: str = "Bea", *, disposition: str = "advice", note: str = "Come in at nine."):
    with ward.transaction() as session:
        return close_case(
            session, ward.case().id, disposition=disposition, note=note, staff=ward.staff(session, name),
            now=ward.now,
        )  # fmt: skip


def notices(ward, name: str) -> list[str]:
    return [page.body for page in ward.page_rows(purpose=PagePurpose.notice) if ward.who(page) == name]


def test_scenario_15_an_accepted_case_without_an_attempt_climbs_again(accepted) -> None:
    ward = accepted
    ward.after(minutes=20, every=30)
    bodies = [page.body for page in ward.page_rows() if ward.who(page) == "Bea"]
    assert any("still waits for your call" in body for body in bodies)
    assert ward.case().state is EscalationState.accepted
    ward.after(minutes=10, every=30)
    assert ward.case().state is EscalationState.paging
    assert ward.case().owner_id is None
    assert any("no contact on record" in body for body in notices(ward, "Bea"))
    assert "Osei" in {ward.who(page) for page in ward.page_rows() if page.due_at == ward.now}
    assert ward.told("Ines") == ["safety-urgent", "nobody-reached-yet"]
    attempt(ward, "Bea", RANG)
    assert ward.case().state is EscalationState.paging


def test_an_attempt_that_did_not_reach_the_patient_leaves_the_contact_clock_running(accepted) -> None:
    ward = accepted
    ward.after(minutes=10, every=60)
    attempt(ward, "Bea", RANG)
    assert ward.case().state is EscalationState.contacting
    assert ward.clocks()["contact"] == timedelta(minutes=20)
    ward.after(minutes=20, every=60)
    assert ward.case().state is EscalationState.paging


def test_a_contacted_patient_starts_the_clock_of_documentation(accepted) -> None:
    ward = accepted
    attempt(ward, "Bea", SPOKE)
    assert ward.case().state is EscalationState.contacted
    assert ward.clocks() == {"document": timedelta(hours=2)}
    ward.after(hours=4, every=600)
    assert any("Please write what was done" in body for body in notices(ward, "Bea"))
    assert any("Please write what was done" in body for body in notices(ward, "Ruth"))
    assert ward.case().state is EscalationState.contacted


def test_closing_releases_the_patient_and_disposes_of_the_reply(accepted) -> None:
    ward = accepted
    attempt(ward, "Bea", SPOKE)
    closed = close(ward)
    assert (closed.state, closed.disposition) == (EscalationState.closed, "advice")
    assert ward.clocks() == {}
    with ward.transaction() as session:
        assert session.scalars(select(Enrollment.held_since)).one() is None
        assert session.scalars(select(Reply.state)).one() is ReplyState.disposed


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"disposition": "whatever"}, InvalidInput),
        ({"note": "  "}, InvalidInput),
        ({"name": "Ruth"}, NotAllowed),
    ],
)
def test_closing_takes_a_license_a_disposition_and_a_note(accepted, fields, error) -> None:
    attempt(accepted, "Bea", SPOKE)
    with pytest.raises(error):
        close(accepted, **fields)
    assert accepted.case().state is EscalationState.contacted


def test_nothing_is_closed_before_the_patient_was_spoken_to(accepted) -> None:
    with pytest.raises(ForbiddenState):
        close(accepted)


def test_a_false_alarm_is_closed_with_its_reason_at_any_time(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    assert close(ward, disposition="false_alarm", note="Her son wrote by mistake.").closed_at == ward.now
    assert ward.pages() == []


def test_a_conversation_needs_a_read_back_or_the_reason_why_not(accepted) -> None:
    with pytest.raises(InvalidInput):
        attempt(accepted, "Bea", Attempt(ContactWay.phone, ContactOutcome.reached))
    attempt(
        accepted, "Bea", Attempt(ContactWay.phone, ContactOutcome.reached, note="Spoke with the husband.")
    )
    assert accepted.case().state is EscalationState.contacted


def test_whoever_speaks_with_the_patient_has_the_case(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    attempt(ward, "Osei", SPOKE)
    case = ward.case()
    assert (case.state, case.owner_id) == (EscalationState.contacted, ward.people["Osei"].id)
    assert case.accepted_at == ward.now


def test_scenario_16_a_patient_whom_nobody_reaches_is_a_physicians_decision(accepted) -> None:
    ward = accepted
    for _ in range(3):
        attempt(ward, "Bea", RANG)
    assert ward.case().state is EscalationState.unreachable
    assert ward.told("Ines")[-1] == "tried-to-call"
    ward.tick()
    page = [each for each in ward.page_rows() if ward.who(each) == "Osei"][-1]
    assert "we can not reach the patient" in page.body or page.channel.value == "voice"
    with ward.transaction() as session, pytest.raises(NotAllowed):
        decide_unreachable(
            session, ward.case().id, Decision.welfare_check, reason="x", physician=ward.staff(session, "Bea"),
            now=ward.now,
        )  # fmt: skip
    ward.patient_texts("Ines", URGENT)
    assert ward.case().state is EscalationState.contacting
    assert ward.clocks()["contact"] == timedelta(minutes=30)
    latest = [each.body for each in ward.page_rows() if ward.who(each) == "Bea"][-1]
    assert "something new" in latest


def test_a_welfare_check_counts_as_contact_and_is_documented(accepted) -> None:
    ward = accepted
    for _ in range(3):
        attempt(ward, "Bea", RANG)
    ward.tick()
    with ward.transaction() as session:
        decide_unreachable(
            session, ward.case().id, Decision.welfare_check, reason="Lives alone.",
            physician=ward.staff(session, "Osei"), now=ward.now,
        )  # fmt: skip
    assert ward.case().owner_id == ward.people["Osei"].id
    close(ward, "Osei", disposition="welfare_check", note="Police found her well.")


def test_the_physician_is_paged_until_there_is_a_decision(accepted) -> None:
    ward = accepted
    for _ in range(3):
        attempt(ward, "Bea", RANG)
    ward.after(minutes=31, every=60)
    texts = [each for each in ward.page_rows() if ward.who(each) == "Osei" and each.channel.value == "sms"]
    assert len(texts) == 3


def test_a_closed_case_takes_no_attempts(accepted) -> None:
    attempt(accepted, "Bea", SPOKE)
    close(accepted)
    with pytest.raises(ForbiddenState):
        attempt(accepted, "Bea", RANG)


def test_a_closed_case_changes_no_tier(accepted) -> None:
    attempt(accepted, "Bea", SPOKE)
    close(accepted)
    with accepted.transaction() as session:
        staff = accepted.staff(session, "Bea")
        with pytest.raises(ForbiddenState):
            raise_tier_by_hand(
                session, accepted.case().id, reason="x", public_url=PUBLIC_URL, now=accepted.now, staff=staff
            )
        with pytest.raises(ForbiddenState):
            lower_tier(session, accepted.case().id, reason="x", now=accepted.now, staff=staff)


def test_a_coordinator_logs_no_attempts(accepted) -> None:
    accepted.add_staff("Alma", StaffRole.coordinator, "+14155550134")
    with pytest.raises(NotAllowed):
        attempt(accepted, "Alma", RANG)


def test_only_a_licensed_person_lowers_and_says_why(ward) -> None:
    ward.patient_texts("Ines", EMERGENCY)
    ward.tick()
    with ward.transaction() as session:
        with pytest.raises(NotAllowed):
            lower_tier(
                session, ward.case().id, reason="fine", now=ward.now, staff=ward.staff(session, "Ruth")
            )
        with pytest.raises(InvalidInput):
            lower_tier(session, ward.case().id, reason=" ", now=ward.now, staff=ward.staff(session, "Bea"))
        lower_tier(
            session, ward.case().id, reason="Known panic attacks.", now=ward.now,
            staff=ward.staff(session, "Bea"),
        )  # fmt: skip
    assert ward.case().tier is CaseTier.urgent


def test_a_coordinator_may_raise(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    ward.add_staff("Alma", StaffRole.coordinator, "+14155550134")
    with ward.transaction() as session:
        raise_tier_by_hand(
            session, ward.case().id, reason="She sounds faint.", public_url=PUBLIC_URL, now=ward.now,
            staff=ward.staff(session, "Alma"),
        )  # fmt: skip
    ward.tick()
    assert "Osei" in {who for who, _ in ward.pages()}
