"""What patients write while a case is open, after it, from unknown numbers, and with STOP in the same breath."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from followup.db.sealed import blind
from followup.escalation.acknowledge import Result, accept
from followup.escalation.close import close_case
from followup.escalation.models import EscalationSignal
from followup.escalation.staff_texts import handle_staff_text
from followup.escalation.states import CaseTier, EscalationState
from followup.intake.states import EventKind
from followup.kit.ids import new_id
from followup.messaging.models import Message
from followup.messaging.states import Purpose
from followup.replies.process import process_events
from followup.staff.models import StaffContactPoint
from followup.staff.on_call import ways_to
from followup.tasks.models import Task
from followup.tasks.states import TaskKind
from tests.stages.escalation.ward import OUR_NUMBER, PUBLIC_URL

URGENT = "My leg feels weaker since last night"
EMERGENCY = "I can't breathe and my chest hurts"


def signals(ward) -> int:
    with ward.transaction() as session:
        return session.scalar(select(func.count()).select_from(EscalationSignal)) or 0


def accept_as(ward, name: str) -> None:
    with ward.transaction() as session:
        accept(
            session,
            ward.cases()[-1].id,
            ward.people[name].id,
            how="code",
            public_url=PUBLIC_URL,
            now=ward.now,
        )


def test_scenario_11_the_same_text_delivered_three_times_is_one_case_with_one_signal(ward) -> None:
    from followup.escalation.respond import respond
    from followup.intake.events import IncomingEvent
    from followup.intake.store import store

    for _ in range(3):
        event = IncomingEvent(
            kind=EventKind.inbound_sms, provider_key="SM" + "a" * 32, received_at=ward.now,
            payload={"From": ward.phones["Ines"], "To": OUR_NUMBER, "Body": URGENT, "MessageSid": "SM" + "a" * 32},
            our_address=OUR_NUMBER,
        )  # fmt: skip
        with ward.database.intake() as session:
            store(session, event)
        process_events(ward.database, now=ward.clock.now)
        respond(ward.database, ward.clock, public_url=PUBLIC_URL)
    assert (len(ward.cases()), signals(ward)) == (1, 1)
    assert ward.told("Ines") == ["safety-urgent"]


def test_scenario_12_a_worse_message_raises_the_case_and_a_kind_one_never_lowers_it(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    accept_as(ward, "Bea")
    ward.clock.advance(timedelta(minutes=1))
    ward.patient_texts("Ines", "I cannot breathe")
    case = ward.case()
    assert (case.tier, case.state) == (CaseTier.emergency, EscalationState.accepted)
    fresh = [page for page in ward.page_rows() if page.due_at == ward.now]
    assert {ward.who(page) for page in fresh} == {"Bea", "Osei"}
    assert ward.told("Ines")[-1] == "safety-emergency"
    assert ward.clocks()["contact"] == timedelta(minutes=10)
    ward.patient_texts("Ines", "ok thanks")
    assert ward.case().tier is CaseTier.emergency


def test_a_worse_message_while_paging_begins_the_ladder_of_an_emergency(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    ward.after(minutes=6)
    ward.patient_texts("Ines", EMERGENCY)
    ward.tick()
    fresh = [page for page in ward.page_rows() if page.due_at == ward.now]
    assert {(ward.who(page), page.channel.value) for page in fresh} == {
        ("Bea", "sms"), ("Bea", "voice"), ("Osei", "sms"), ("Osei", "voice"),
    }  # fmt: skip
    assert ward.case().tier is CaseTier.emergency


def test_two_red_flags_of_one_patient_are_one_case(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.patient_texts("Ines", "Now the leg is numb too")
    assert len(ward.cases()) == 1
    assert signals(ward) == 2


def test_a_case_within_72_hours_of_the_last_one_carries_its_history(ward) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    with ward.transaction() as session:
        close_case(
            session, ward.case().id, disposition="false_alarm", note="Misread.",
            staff=ward.staff(session, "Bea"), now=ward.now,
        )  # fmt: skip
    ward.clock.advance(timedelta(hours=71))
    ward.patient_texts("Ines", URGENT)
    first, second = ward.cases()
    assert second.previous_id == first.id
    ward.tick()


def test_a_red_flag_after_the_conversation_pages_again(ward) -> None:
    from followup.escalation.contact import Attempt, log_attempt
    from followup.escalation.states import ContactOutcome, ContactWay

    ward.patient_texts("Ines", URGENT)
    ward.tick()
    spoke = Attempt(ContactWay.phone, ContactOutcome.reached, read_back=True)
    with ward.transaction() as session:
        log_attempt(session, ward.case().id, spoke, staff=ward.staff(session, "Bea"), now=ward.now)
    ward.clock.advance(timedelta(minutes=5))
    ward.patient_texts("Ines", URGENT)
    assert ward.case().state is EscalationState.paging
    ward.tick()


def test_a_red_flag_from_an_unknown_number_opens_a_case_of_the_clinic(ward) -> None:
    ward.texts_in("+14155550177", EMERGENCY)
    from followup.escalation.respond import respond

    respond(ward.database, ward.clock, public_url=PUBLIC_URL)
    case = ward.case()
    assert (case.patient_id, case.tier) == (None, CaseTier.emergency)
    with ward.transaction() as session:
        message = session.scalars(select(Message)).all()
        assert [each.purpose for each in message] == [Purpose.safety] * len(message)
        assert {each.to for each in message} == {"+14155550177"}
    ward.tick()


def test_scenario_19_a_patient_who_stops_texts_with_a_red_flag_is_told_once_and_called(ward) -> None:
    ward.patient_texts("Ines", "STOP. I have chest pain and can't breathe")
    case = ward.case()
    assert case.tier is CaseTier.emergency
    assert "cannot be texted" in case.flags
    assert ward.told("Ines") == ["opt-out-red-flag"]
    ward.tick()
    ward.after(minutes=20, every=30)
    assert ward.told("Ines") == ["opt-out-red-flag"]
    assert ward.case().state is EscalationState.paging


def test_f79_a_red_flag_from_a_patient_who_opted_out_an_hour_ago_is_escalated_without_a_text(ward) -> None:
    ward.patient_texts("Ines", "STOP")
    ward.clock.advance(timedelta(hours=1))
    ward.patient_texts("Ines", EMERGENCY)
    assert ward.case().tier is CaseTier.emergency
    assert "cannot be texted" in ward.case().flags
    assert "safety-emergency" not in ward.told("Ines")
    ward.tick()


def test_scenario_19_stop_from_a_nurse_disables_the_phone_and_the_next_way_is_used_at_once(
    ward, carrier
) -> None:
    bea = carrier.phone(ward.people["Bea"].phone)
    ward.patient_texts("Ines", URGENT)
    ward.deliver()
    bea.expects("URGENT case")
    bea.sends("STOP")
    ward.deliver()
    bea.expects_call()
    with ward.transaction() as session:
        point = session.scalars(
            select(StaffContactPoint).where(StaffContactPoint.staff_id == ward.people["Bea"].id)
        ).one()
        assert point.disabled_reason == "opted out"
        tasks = session.scalars(select(Task).where(Task.kind == TaskKind.staffing)).all()
        assert len(tasks) == 1


def test_start_from_a_nurse_ends_what_stop_began_and_nothing_else(ward) -> None:
    bea = blind("phone", ward.people["Bea"].phone)

    def says(body: str) -> Result:
        with ward.transaction() as session:
            return handle_staff_text(
                session, ward.clinic_id, from_blind=bea, body=body, cause_id=new_id(), public_url=PUBLIC_URL,
                now=ward.now,
            ).result  # fmt: skip

    assert says("start") is Result.help
    assert says("STOP") is Result.is_stop
    assert says("Start") is Result.is_start
    with ward.transaction() as session:
        assert [way.channel.value for way in ways_to(session, ward.people["Bea"].id)] == ["sms", "voice"]


def test_a_red_flag_in_a_text_of_staff_is_never_lost(ward) -> None:
    ward.texts_in(ward.people["Bea"].phone, "I have crushing chest pain and can't breathe")
    ward.tick()
    case = ward.case()
    assert (case.patient_id, case.tier) == (None, CaseTier.emergency)


def test_small_talk_of_staff_is_answered_a_few_times_and_then_no_more(ward) -> None:
    from followup.escalation.states import PagePurpose

    for _ in range(8):
        ward.texts_in(ward.people["Bea"].phone, "see you at the party tonight")
        ward.tick()
    assert len(ward.page_rows(purpose=PagePurpose.answer)) == 5
    assert ward.cases() == []
