"""Two open cases become one: nothing is lost, severity only rises, and a stranger's case finds its patient."""

from __future__ import annotations

import pytest

from followup.audit.record import Actor
from followup.errors import ForbiddenState, InvalidInput, NotAllowed
from followup.escalation.audit_cases import audit_cases
from followup.escalation.merge import merge_case
from followup.escalation.states import CaseTier, EscalationState
from followup.replies.identify import identify
from followup.replies.models import Reply
from followup.staff.states import StaffRole
from tests.stages.escalation.ward import PUBLIC_URL

URGENT = "My leg feels weaker since last night"
EMERGENCY = "I can't breathe and my chest hurts"
STRANGER = "+14155550177"


def signals(ward, case) -> int:
    from sqlalchemy import func, select

    from followup.escalation.models import EscalationSignal

    with ward.transaction() as session:
        counted = select(func.count()).where(EscalationSignal.escalation_id == case.id)
        return session.scalar(counted)


@pytest.fixture
def two(ward):
    """Ines' urgent case, and an emergency from a number nobody knows."""
    ward.phones["a stranger"] = STRANGER
    ward.patient_texts("Ines", URGENT)
    ward.patient_texts("a stranger", EMERGENCY)
    ward.tick()
    mine, strangers = sorted(ward.cases(), key=lambda case: case.patient_id is None)
    return mine, strangers


def merge(ward, case, into, name: str = "Bea"):
    with ward.transaction() as session:
        merge_case(
            session, case.id, into.id, staff=ward.staff(session, name), public_url=PUBLIC_URL, now=ward.now
        )


def test_a_merged_case_leaves_its_findings_and_its_tier_to_the_other(ward, two) -> None:
    mine, strangers = two
    merge(ward, strangers, mine)
    stays, gone = sorted(ward.cases(), key=lambda case: case.patient_id is None)
    assert (gone.state, stays.state) == (EscalationState.merged, EscalationState.paging)
    assert (stays.tier, signals(ward, stays)) == (CaseTier.emergency, 2)
    ward.tick()
    assert {page.escalation_id for page in ward.page_rows()} == {stays.id}


def test_a_case_is_not_merged_twice_nor_into_itself(ward, two) -> None:
    mine, strangers = two
    with pytest.raises(InvalidInput):
        merge(ward, mine, mine)
    merge(ward, strangers, mine)
    with pytest.raises(ForbiddenState):
        merge(ward, strangers, mine)
    ward.tick()


def test_cases_of_two_patients_are_never_merged(ward) -> None:
    ward.add_patient("Tom", "+14155550102")
    ward.patient_texts("Ines", URGENT)
    ward.patient_texts("Tom", URGENT)
    ward.tick()
    first, second = ward.cases()
    with pytest.raises(InvalidInput):
        merge(ward, first, second)
    assert {case.state for case in ward.cases()} == {EscalationState.paging}


def test_who_may_not_accept_may_not_merge(ward, two) -> None:
    mine, strangers = two
    ward.add_staff("Alma", StaffRole.coordinator, None)
    with pytest.raises(NotAllowed):
        merge(ward, strangers, mine, "Alma")


def file_with(ward, name: str) -> None:
    with ward.transaction() as session:
        reply = next(each for each in session.query(Reply) if each.patient_id is None)
        identify(session, reply.id, ward.patients[name], now=ward.now, actor=Actor("system"))
    assert audit_cases(ward.database, ward.clock, public_url=PUBLIC_URL).broken == []


def test_a_strangers_case_joins_the_open_one_when_its_reply_is_filed(ward, two) -> None:
    file_with(ward, "Ines")
    stays, gone = sorted(ward.cases(), key=lambda case: case.state is EscalationState.merged)
    assert (stays.patient_id, gone.state) == (ward.patients["Ines"], EscalationState.merged)
    assert signals(ward, stays) == 2
    ward.tick()


def test_a_strangers_case_becomes_the_patients_when_there_is_no_other(ward) -> None:
    ward.phones["a stranger"] = STRANGER
    ward.patient_texts("a stranger", URGENT)
    ward.tick()
    file_with(ward, "Ines")
    assert (ward.case().patient_id, ward.case().state) == (ward.patients["Ines"], EscalationState.paging)
