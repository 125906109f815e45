"""The ladder: who is paged when, and that it never ends in silence (scenarios 1, 2, 5, 6 and the emergency)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, select

from followup.audit.models import AuditEvent
from followup.enrollment.models import Enrollment
from followup.escalation.states import CaseTier, EscalationState
from followup.staff.models import Shift
from followup.tasks.models import Task
from followup.tasks.states import TaskKind

URGENT = "My leg feels weaker since last night"
EMERGENCY = "I can't breathe and my chest hurts"


def test_scenario_1_an_urgent_reply_pages_the_nurse_who_accepts_by_code(ward, carrier) -> None:
    bea = carrier.phone(ward.people["Bea"].phone)
    ward.patient_texts("Ines", URGENT)
    assert ward.case().tier is CaseTier.urgent
    assert ward.told("Ines") == ["safety-urgent"]
    ward.tick()
    assert ward.pages() == [("Bea", "sms"), ("Bea", "voice")]
    assert ward.page_rows()[1].due_at - ward.now == timedelta(minutes=2)
    ward.after(seconds=90)
    bea.expects("URGENT case", "Reply")
    bea.sends(ward.code_of("Bea"))
    ward.deliver()
    case = ward.case()
    assert case.state is EscalationState.accepted
    assert case.owner_id == ward.people["Bea"].id
    assert ward.pages() == [("Bea", "sms")]
    assert ward.clocks() == {"contact": timedelta(minutes=30), "contact_warning": timedelta(minutes=20)}
    bea.expects(f"Case {case.code} is yours")
    assert ward.case().first_page_at is not None
    ward.after(minutes=5)
    carrier.expect_nothing_else()
    carrier.expect_webhooks_answered()


def test_scenario_2_nobody_answers_and_it_never_ends(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    opened = ward.now
    ward.after(minutes=60, every=10)
    first = {}
    for page in ward.page_rows():
        first.setdefault(ward.who(page), page.due_at - opened)
    assert first == {
        "Bea": timedelta(0),
        "Osei": timedelta(minutes=5),
        "Ruth": timedelta(minutes=10),
        "line": timedelta(minutes=15),
    }
    assert ward.case().state is EscalationState.paging
    assert ward.case().round > 5
    assert ward.told("Ines") == ["safety-urgent", *["nobody-reached-yet"] * 3]
    recent = {ward.who(page) for page in ward.page_rows() if page.due_at > ward.now - timedelta(minutes=6)}
    assert recent == {"Bea", "Osei", "Ruth", "line"}


def test_an_emergency_pages_nurse_and_physician_together_by_text_and_call(ward) -> None:
    ward.patient_texts("Ines", EMERGENCY)
    ward.tick()
    assert sorted(ward.pages()) == [("Bea", "sms"), ("Bea", "voice"), ("Osei", "sms"), ("Osei", "voice")]
    assert {page.due_at for page in ward.page_rows()} == {ward.now}
    assert ward.told("Ines") == ["safety-emergency"]
    ward.after(minutes=3)
    assert "Ruth" in {who for who, _ in ward.pages()}
    ward.after(minutes=3)
    assert ("line", "voice") in ward.pages()


def test_scenario_5_a_gap_at_the_first_step_pages_the_physician_in_the_same_tick(ward) -> None:
    with ward.transaction() as session:
        session.execute(delete(Shift).where(Shift.duty == "nurse"))
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    assert ward.pages() == [("Osei", "sms"), ("Osei", "voice")]
    assert ward.case().flags == ["uncovered: nurse"]
    ward.after(minutes=4)
    with ward.transaction() as session:
        assert session.scalar(select(func.count()).where(Task.kind == TaskKind.staffing)) == 1
        alarms = select(func.count()).where(AuditEvent.action == "nobody on call")
        assert session.scalar(alarms) == 1


def test_scenario_6_with_nobody_on_any_schedule_the_line_is_called_in_the_first_tick(ward) -> None:
    with ward.transaction() as session:
        session.execute(delete(Shift))
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    assert ("line", "voice") in ward.pages()
    assert ("Ruth", "sms") in ward.pages()
    assert ward.case().state is EscalationState.paging
    ward.after(minutes=6)
    assert ward.case().round == 2


def test_an_open_case_holds_the_patients_planned_texts(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    with ward.transaction() as session:
        assert session.scalars(select(Enrollment.held_since)).one() == ward.now
