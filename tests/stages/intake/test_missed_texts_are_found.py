"""What a webhook missed is in the carrier's list, and found there; the mailbox loses and doubles nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from followup.bootstrap import House, build
from followup.gateways.inbound_list import lister
from followup.gateways.mailbox import LabMailbox
from followup.gateways.twilio import TwilioAccount, TwilioGateway
from followup.intake.collect import collect_mails
from followup.intake.models import ProviderEvent
from followup.intake.reconcile import reconcile_inbound
from followup.lab import API_KEY, API_SECRET, INSTANT, SENDER, Lab
from tests.stages.replies.small_clinic import SmallClinic

INES = "+14155550101"


@pytest.fixture
def lab():
    with Lab.started(pace=INSTANT) as running:
        yield running


@pytest.fixture
def house(settings, rung):
    built = build(settings, ringer=rung.extend)
    yield built
    built.database.dispose()


@pytest.fixture
def clinic(house: House) -> SmallClinic:
    return SmallClinic(house, number=SENDER).open()


def reconcile(lab: Lab, clinic: SmallClinic) -> int:
    account = TwilioAccount(lab.account.sid, API_KEY, API_SECRET, lab.url)
    return reconcile_inbound(
        clinic.house.database, lister(lambda: TwilioGateway(account)), now=lambda: clinic.now
    )


def stored(house: House) -> list[ProviderEvent]:
    with house.database.engine() as session:
        return list(session.scalars(select(ProviderEvent).order_by(ProviderEvent.recorded_at)))


@pytest.mark.fault
def test_f09_f27_a_text_no_webhook_brought_is_found_once(lab, clinic, house, rung):
    clinic.enroll()
    handed = lab.phone(INES).sends("I can't feel my legs")
    assert reconcile(lab, clinic) == 1
    [event] = stored(house)
    assert (event.provider_key, event.urgent_look, event.our_address) == (handed.sid, True, SENDER)
    assert reconcile(lab, clinic) == 0
    clinic.process()
    assert clinic.reply.body == "I can't feel my legs"
    assert "care.process_events" in [bell.name for bell in rung]


def test_a_text_the_webhook_brought_is_not_taken_twice(lab, clinic, house):
    handed = lab.phone(INES).sends("3")
    clinic.store_text("3", sid=handed.sid)
    assert reconcile(lab, clinic) == 0
    assert len(stored(house)) == 1


def test_a_text_found_late_was_received_when_it_was_sent(lab, clinic, house):
    lab.phone(INES).sends("3")
    reconcile(lab, clinic)
    [event] = stored(house)
    assert 0 <= (clinic.now - event.received_at).total_seconds() < 60


def test_a_sender_that_can_not_be_listed_keeps_its_place_and_holds_up_nobody(lab, clinic, house):
    other = SmallClinic(house, number="+14155550198", mailbox="care@other.example").open()
    lab.sender(other.number)
    lab.phone(INES).sends("to the first")
    lab.phone(INES).sends("to the second", to=other.number)
    lab.fault("refuse", on="messages.list", code=20003, status=401, times=1)
    assert reconcile(lab, clinic) == 1
    with house.database.engine() as session:
        marks = session.scalars(text("SELECT inbound_listed_at FROM sender WHERE channel = 'sms'")).all()
    assert sorted(mark is None for mark in marks) == [False, True]
    assert reconcile(lab, clinic) == 1


def test_a_mail_is_stored_before_the_mailbox_is_told(lab, clinic, house):
    lab.server.postbox.deliver_raw(
        b"From: a@mail.example\r\nTo: care@clinic.example\r\nMessage-ID: <1@x>\r\n\r\nhi\r\n"
    )
    mailbox = LabMailbox(lab.mailbox_url.removeprefix("lab+"))
    assert collect_mails(house.database, mailbox, now=clinic.now) == 1
    assert collect_mails(house.database, mailbox, now=clinic.now) == 0
    after_a_crash = LabMailbox(lab.mailbox_url.removeprefix("lab+"))
    assert collect_mails(house.database, after_a_crash, now=clinic.now) == 0
    assert len(stored(house)) == 1


def test_a_forged_message_id_takes_no_other_mails_place(lab, clinic, house):
    for words in (b"hi", b"STOP"):
        lab.server.postbox.deliver_raw(b"From: a@mail.example\r\nMessage-ID: <1@x>\r\n\r\n" + words)
    mailbox = LabMailbox(lab.mailbox_url.removeprefix("lab+"))
    assert collect_mails(house.database, mailbox, now=clinic.now) == 2
