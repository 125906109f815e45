"""The mail catcher through the standard SMTP client, and the clinic's mailbox that holds the answers."""

from __future__ import annotations

import smtplib
from email import message_from_bytes, policy
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
import requests

from followup.lab import Lab

PATIENT = "ines@patients.example"
CLINIC = "care@clinic.example"


def mail(subject="How are you?", body="Your pain today, 0 to 10?\n"):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Clinic <{CLINIC}>", PATIENT, subject
    message["Message-ID"] = "<touchpoint-7@clinic.example>"
    message["Reply-To"] = "reply+token@clinic.example"
    message.set_content(body)
    message.add_alternative(f"<p>{body}</p>", subtype="html")
    return message


@pytest.fixture
def send(lab):
    address = urlsplit(lab.smtp_url)

    def go(message=None, *, timeout=10.0):
        with smtplib.SMTP(address.hostname, address.port, timeout=timeout) as smtp:
            smtp.send_message(message or mail(), from_addr=CLINIC, to_addrs=[PATIENT])

    return go


def mailbox(lab, since=0):
    listed = requests.get(lab.mailbox_url.removeprefix("lab+"), params={"since": since}, timeout=5).json()
    return [
        message_from_bytes(requests.get(one["url"], timeout=5).content, policy=policy.default)
        for one in listed["mails"]
    ]


def test_a_mail_is_caught_and_waited_for(lab, send):
    send()
    caught = lab.expect_mail(PATIENT, "pain today")
    assert (caught.subject, caught.sender) == ("How are you?", CLINIC)
    assert caught.body("html").startswith("<p>")
    lab.expect_nothing_else()


def test_a_mail_nobody_expected_is_named(lab, send):
    send(mail("Surprise"))
    with pytest.raises(AssertionError, match="Surprise"):
        lab.expect_nothing_else()
    with pytest.raises(AssertionError, match="Surprise"):
        lab.expect_mail(PATIENT, "something else", within=0.05)


def test_an_answer_lies_in_the_clinics_mailbox_as_a_raw_mail(lab, send):
    send()
    lab.answer_mail(lab.expect_mail(PATIENT), "Seven, and it is worse")
    (answer,) = mailbox(lab)
    assert (answer["To"], answer["Subject"]) == ("reply+token@clinic.example", "Re: How are you?")
    assert answer["In-Reply-To"] == "<touchpoint-7@clinic.example>"
    text = answer.get_content()
    assert text.startswith("Seven, and it is worse")
    assert "> Your pain today, 0 to 10?" in text


def test_the_mailbox_is_read_from_where_one_stopped(lab, send):
    for number in range(3):
        lab.puts_in_mailbox(f"From: {PATIENT}\r\nSubject: {number}\r\n\r\nhello\r\n".encode())
    assert [one["Subject"] for one in mailbox(lab, since=1)] == ["1", "2"]
    assert requests.get(f"{lab.url}/lab/mailbox/9", timeout=5).status_code == 404


def test_answers_are_kept_as_files_where_a_folder_is_given(tmp_path):
    with Lab.started(mail_folder=tmp_path / "mails") as lab:
        lab.puts_in_mailbox(b"Subject: raw\r\n\r\n\xff\x00 not a mail")
        (file,) = (tmp_path / "mails").iterdir()
        assert file.read_bytes() == b"Subject: raw\r\n\r\n\xff\x00 not a mail"


@pytest.mark.parametrize("code", [421, 451, 452, 550, 554])
def test_a_mail_can_be_refused(lab, send, code):
    lab.fault("refuse", on="mail", code=code, to=PATIENT)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send()
    assert refused.value.smtp_code == code
    lab.expect_nothing_else()
    send()
    lab.expect_mail(PATIENT)


@pytest.mark.parametrize("accepted", [True, False])
def test_silence_after_the_mail_was_handed_over(lab, send, accepted):
    lab.fault("hang", on="mail", accepted=accepted)
    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        send(timeout=0.2)
    assert len(lab.mails) == accepted


def test_a_mail_can_bounce(lab, send):
    lab.fault("bounce", on="mail")
    send()
    lab.expect_mail(PATIENT)
    (bounce,) = mailbox(lab)
    assert bounce.get_content_type() == "multipart/report"
    assert bounce["Auto-Submitted"] == "auto-replied"
    status = next(part for part in bounce.walk() if part.get_content_type() == "message/delivery-status")
    assert PATIENT in str(status)
    assert "<touchpoint-7@clinic.example>" in str(bounce)


def test_an_automatic_answer_can_be_sent(lab, send):
    send()
    caught = lab.expect_mail(PATIENT)
    lab.answer_mail(caught, "I am away until Monday", headers={"Auto-Submitted": "auto-replied"})
    assert mailbox(lab)[0]["Auto-Submitted"] == "auto-replied"


def test_without_a_catcher_there_is_no_port():
    with Lab.started(smtp=False) as lab:
        assert lab.server.postbox.port == 0
