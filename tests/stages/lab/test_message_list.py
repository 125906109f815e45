"""The list that reconciliation reads: filters, pages, redaction, deletion."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioRestException

from followup.lab import SENDER, Lab

PATIENT = "+14155550101"
OTHER = "+14155550102"


def test_newest_first_filtered_by_receiver_and_sender(lab, sdk):
    for to, body in ((PATIENT, "one"), (OTHER, "two"), (PATIENT, "three")):
        sdk.messages.create(to=to, from_=SENDER, body=body)
    lab.phone(PATIENT).sends("four")
    lab.wait_idle()
    assert [text.body for text in sdk.messages.list()] == ["four", "three", "two", "one"]
    assert [text.body for text in sdk.messages.list(to=PATIENT)] == ["three", "one"]
    assert [text.body for text in sdk.messages.list(from_=PATIENT)] == ["four"]
    assert [text.body for text in sdk.messages.list(to=SENDER, from_=OTHER)] == []


def test_pages_follow_each_other_while_new_texts_arrive(lab, sdk):
    for number in range(7):
        sdk.messages.create(to=PATIENT, from_=SENDER, body=str(number))
    page = sdk.messages.page(to=PATIENT, page_size=3)
    seen = [text.body for text in page]
    sdk.messages.create(to=PATIENT, from_=SENDER, body="newer")
    while page := page.next_page():
        seen += [text.body for text in page]
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


def test_the_sdk_walks_all_pages_by_itself(lab, sdk):
    for number in range(5):
        sdk.messages.create(to=PATIENT, from_=SENDER, body=str(number))
    assert len(sdk.messages.list(page_size=2)) == 5
    assert len(sdk.messages.list(limit=3)) == 3


def test_days_are_filtered_in_both_directions(sdk_for):
    with Lab.started(stepped=True) as lab:
        sdk = sdk_for(lab)
        sdk.messages.create(to=PATIENT, from_=SENDER, body="early")
        lab.wait_idle()
        lab.advance(3 * 86_400)
        sdk.messages.create(to=PATIENT, from_=SENDER, body="late")
        lab.wait_idle()
        today = datetime.now(UTC)
        between = today + timedelta(days=2)
        assert [text.body for text in sdk.messages.list(date_sent_before=between)] == ["early"]
        assert [text.body for text in sdk.messages.list(date_sent_after=between)] == ["late"]
        assert sdk.messages.list(date_sent=between) == []
        day = sdk.messages.list()[0].date_sent
        assert [text.body for text in sdk.messages.list(date_sent=day)] == ["late"]


def test_a_text_that_was_not_sent_yet_has_no_day(sdk_for):
    with Lab.started(stepped=True) as lab:
        sdk = sdk_for(lab)
        sdk.messages.create(to=PATIENT, from_=SENDER, body="waiting")
        assert sdk.messages.list(date_sent=datetime.now(UTC)) == []
        assert [text.date_sent for text in sdk.messages.list()] == [None]


def test_a_body_can_be_emptied_once_the_text_is_sent(lab, sdk):
    sent = sdk.messages.create(to=PATIENT, from_=SENDER, body="private")
    lab.wait_idle()
    assert sdk.messages(sent.sid).update(body="").body == ""
    assert sdk.messages(sent.sid).fetch().body == ""


def test_a_text_on_its_way_can_be_neither_emptied_nor_deleted(sdk_for):
    with Lab.started(stepped=True) as lab:
        sent = sdk_for(lab).messages.create(to=PATIENT, from_=SENDER, body="private")
        for change in (lambda text: text.update(body=""), lambda text: text.delete()):
            with pytest.raises(TwilioRestException) as refused:
                change(sdk_for(lab).messages(sent.sid))
            assert refused.value.code == 20009


def test_a_deleted_text_is_gone_from_the_list_but_not_from_the_phone(lab, sdk):
    sent = sdk.messages.create(to=PATIENT, from_=SENDER, body="private")
    lab.wait_idle()
    assert sdk.messages(sent.sid).delete()
    assert sdk.messages.list() == []
    lab.phone(PATIENT).expects("private")


def test_phone_numbers_can_be_read_and_given_their_webhooks(lab, sdk, clinic):
    (number,) = sdk.incoming_phone_numbers.list(phone_number=SENDER)
    sdk.incoming_phone_numbers(number.sid).update(sms_url=f"{clinic.url}/sms#rc=5&rp=all")
    lab.phone(PATIENT).sends("hello")
    assert len(clinic.forms("/sms")) == 1
    assert sdk.incoming_phone_numbers(number.sid).fetch().sms_url.endswith("/sms#rc=5&rp=all")


def test_an_account_can_be_looked_up(lab, sdk):
    assert sdk.api.accounts(lab.account.sid).fetch().status == "active"
