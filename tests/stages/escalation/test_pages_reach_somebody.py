"""A page that fails moves on at once; one that nobody knows about goes out again; nothing goes backwards."""

from __future__ import annotations

import threading
from datetime import timedelta

from sqlalchemy import select, text

from followup.clinics.states import Channel
from followup.escalation.follow_page import PageReport, track_page
from followup.escalation.models import ReplyCode
from followup.escalation.page import send_pages
from followup.escalation.page_claim import claim_pages, due_pages
from followup.escalation.states import EscalationState, PageState
from followup.staff.models import StaffContactPoint
from tests.stages.escalation.ward import PUBLIC_URL

URGENT = "My leg feels weaker since last night"
EMERGENCY = "I can't breathe and my chest hurts"


def age_leases(ward, seconds: int = 120) -> None:
    """Let machine time pass for every lease: what a test can't wait for."""
    with ward.transaction() as session:
        session.execute(
            text("UPDATE page SET lease_until = lease_until - make_interval(secs => :secs)"),
            {"secs": seconds},
        )


def states_of(ward, name: str, channel: Channel) -> list[PageState]:
    return [page.state for page in ward.page_rows() if ward.who(page) == name and page.channel is channel]


def test_scenario_3_an_undelivered_text_calls_the_same_nurse_at_once(ward, carrier) -> None:
    bea = carrier.phone(ward.people["Bea"].phone)
    bea.cannot_be_reached(30003)
    bea.answers_calls()
    ward.patient_texts("Ines", URGENT)
    opened = ward.now
    ward.deliver()
    bea.expects_call("URGENT case")
    assert ward.now == opened
    assert states_of(ward, "Bea", Channel.sms) == [PageState.undelivered]
    assert "Osei" not in {who for who, _ in ward.pages()}


def test_a_nurse_whom_nothing_reaches_does_not_burn_the_delay_of_her_step(ward, carrier) -> None:
    bea = carrier.phone(ward.people["Bea"].phone)
    bea.cannot_be_reached(30005)
    bea.does_not_answer()
    ward.patient_texts("Ines", URGENT)
    opened = ward.now
    ward.deliver()
    assert ward.now == opened
    carrier.phone(ward.people["Osei"].phone).expects("URGENT case")
    with ward.transaction() as session:
        point = session.query(StaffContactPoint).filter_by(staff_id=ward.people["Bea"].id).one()
        assert point.disabled_reason == "cannot be texted"


def test_scenario_4_voicemail_accepts_nothing_and_the_paging_goes_on(ward, carrier) -> None:
    bea = carrier.phone(ward.people["Bea"].phone)
    bea.lets_voicemail_answer()
    ward.patient_texts("Ines", URGENT)
    ward.deliver()
    ward.after(minutes=3, every=30)
    bea.expects_call("case")
    assert states_of(ward, "Bea", Channel.voice) == [PageState.delivered]
    assert ward.case().state is EscalationState.paging
    ward.after(minutes=3, every=30)
    assert len(states_of(ward, "Bea", Channel.sms)) == 2
    assert "Osei" in {who for who, _ in ward.pages()}


def test_scenario_7_an_answer_that_was_lost_is_settled_by_its_callback(ward, carrier) -> None:
    carrier.fault("reset", on="messages.create", times=1, accepted=True)
    bea = carrier.phone(ward.people["Bea"].phone)
    ward.patient_texts("Ines", URGENT)
    ward.deliver()
    bea.expects("URGENT case")
    assert states_of(ward, "Bea", Channel.sms) == [PageState.delivered]
    age_leases(ward)
    ward.deliver()
    assert states_of(ward, "Bea", Channel.sms) == [PageState.delivered]


def test_scenario_7_without_callback_a_page_in_doubt_goes_out_again(ward, carrier) -> None:
    carrier.fault("reset", on="messages.create", times=1, accepted=False)
    bea = carrier.phone(ward.people["Bea"].phone)
    ward.patient_texts("Ines", URGENT)
    ward.deliver()
    assert states_of(ward, "Bea", Channel.sms) == [PageState.unknown]
    age_leases(ward)
    ward.deliver()
    bea.expects("URGENT case")
    assert states_of(ward, "Bea", Channel.sms) == [PageState.unknown, PageState.delivered]


def test_a_claim_whose_sender_died_is_taken_up_again(ward, carrier) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    with ward.transaction() as session:
        session.execute(
            text(
                "UPDATE page SET state = 'claimed', tries = 1, lease_until = now() - interval '1 s'"
                " WHERE channel = 'sms'"
            )
        )
    ward.deliver()
    assert states_of(ward, "Bea", Channel.sms) == [PageState.unknown]
    age_leases(ward)
    ward.deliver()
    carrier.phone(ward.people["Bea"].phone).expects("URGENT case")


def test_silence_of_the_carrier_adds_the_next_channel_after_a_minute(ward, carrier) -> None:
    carrier.fault("callbacks_off", on="messages.create", times=1)
    ward.patient_texts("Ines", URGENT)
    ward.deliver()
    carrier.phone(ward.people["Bea"].phone).expects("URGENT case")
    assert states_of(ward, "Bea", Channel.voice) == [PageState.planned]
    age_leases(ward)
    ward.deliver()
    carrier.phone(ward.people["Bea"].phone).expects_call()
    assert states_of(ward, "Bea", Channel.sms) == [PageState.submitted]


def test_a_carrier_that_asks_to_slow_down_is_asked_again(ward, carrier) -> None:
    carrier.fault("too_many", on="messages.create", times=1)
    ward.patient_texts("Ines", URGENT)
    ward.deliver()
    age_leases(ward)
    ward.deliver()
    carrier.phone(ward.people["Bea"].phone).expects("URGENT case")
    assert states_of(ward, "Bea", Channel.sms) == [PageState.failed, PageState.delivered]


def test_scenario_10_reports_in_any_order_and_number_end_in_delivered(ward, carrier) -> None:
    carrier.fault("callbacks_off", on="messages.create", times=1)
    ward.patient_texts("Ines", URGENT)
    ward.deliver()
    (page,) = [each for each in ward.page_rows() if each.channel is Channel.sms]
    with ward.transaction() as session:
        for status in ("delivered", "sent", "delivered", "queued", "undelivered"):
            report = PageReport(page.provider_id, status)
            assert track_page(session, page.token, report, public_url=PUBLIC_URL, now=ward.now)
    assert states_of(ward, "Bea", Channel.sms) == [PageState.delivered]
    carrier.clear_faults()


def test_a_report_with_an_unknown_token_changes_nothing(ward) -> None:
    with ward.transaction() as session:
        report = PageReport("SM1", "delivered")
        assert not track_page(session, "no-such-token", report, public_url=PUBLIC_URL, now=ward.now)


def test_somebody_with_nothing_but_mail_is_mailed(ward, carrier) -> None:
    from followup.staff.states import StaffRole

    with ward.transaction() as session:
        session.execute(text("DELETE FROM shift"))
    ward.add_staff("Dara", StaffRole.nurse, None, duty="nurse", email="dara@clinic.example")
    ward.patient_texts("Ines", URGENT)
    ward.deliver()
    mail = carrier.expect_mail("dara@clinic.example", "URGENT case", "press Accept")
    assert "Ines" not in str(mail)


def test_a_page_that_is_due_later_is_not_sent_before(ward, carrier) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.deliver()
    assert carrier.phone(ward.people["Bea"].phone).ringing == []
    ward.clock.advance(timedelta(minutes=2))
    ward.deliver()
    carrier.phone(ward.people["Bea"].phone).expects_call()


def test_an_emergency_is_sent_before_older_urgent_pages(ward) -> None:
    ward.add_patient("Tom", "+14155550102")
    ward.patient_texts("Tom", URGENT)
    ward.tick()
    ward.clock.advance(timedelta(seconds=2))
    ward.patient_texts("Ines", EMERGENCY)
    ward.tick()
    with ward.database.engine() as session:
        due = due_pages(session, now=ward.now, many=50)
    with ward.transaction() as session:
        bodies = [page.body for page in claim_pages(session, due, now=ward.now)]
    urgent = ["EMERGENCY" in body for body in bodies]
    assert urgent == [True, True, True, True, False]


def test_two_senders_at_once_send_each_page_once(ward, carrier) -> None:
    for number in range(12):
        ward.add_patient(f"Patient {number}", f"+1415555{150 + number:04d}")
        ward.patient_texts(f"Patient {number}", URGENT)
    ward.tick()
    together = [
        threading.Thread(target=send_pages, args=(ward.database, ward.clock, ward.outside)) for _ in range(2)
    ]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    carrier.wait_idle()
    everything = " ".join(text.body for text in carrier.phone(ward.people["Bea"].phone).inbox)
    with ward.transaction() as session:
        codes = session.scalars(select(ReplyCode.code)).all()
    assert {code: everything.count(code) for code in codes} == dict.fromkeys(codes, 1)
    assert len(codes) == 12
