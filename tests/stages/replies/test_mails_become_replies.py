"""A mail becomes a reply bound to the mail it answers; a robot's, a bounce's or a forger's does what it may."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage

import pytest

from followup.messaging.models import Message
from followup.messaging.states import MessageState
from followup.patients.models import ContactPoint
from followup.patients.states import ContactState
from followup.tasks.states import TaskKind

INES = "ines@mail.example"


@pytest.fixture
def ours(clinic) -> Message:
    """Our mail of the day after, as the patient has it."""
    clinic.enroll(phone=None, email=INES)
    clinic.goes_on(clinic.touchpoint("day-2-marrow").due_at)
    with clinic.session() as session:
        from sqlalchemy import text

        session.execute(text("UPDATE message SET email_message_id = '<' || id || '@followup.example>'"))
    clinic.now += timedelta(minutes=20)
    step = clinic.touchpoint("day-2-marrow")
    [message] = clinic.all(Message, Message.touchpoint_id == step.id)
    return message


def mail(body: str, *, sender: str = INES, answers: str | None = None, **headers: str) -> bytes:
    built = EmailMessage()
    built["From"], built["To"], built["Subject"] = sender, "care@clinic.example", "Re: How are you?"
    built["Message-ID"] = f"<{abs(hash((body, sender, answers)))}@mail.example>"
    if answers:
        built["In-Reply-To"] = answers
    for name, value in headers.items():
        built[name.replace("_", "-")] = value
    built.set_content(body)
    return built.as_bytes()


def test_an_answer_finds_its_question_and_proves_its_sender(clinic, ours):
    clinic.mail(mail("7, and the leg tingles", answers=ours.email_message_id))
    reply = clinic.reply
    assert (reply.touchpoint_id, reply.patient_id) == (ours.touchpoint_id, ours.patient_id)
    assert (reply.is_verified, reply.body) == (True, "7, and the leg tingles")
    assert reply.email_message_id is not None


def test_b106_a_from_address_alone_proves_nothing(clinic, ours):
    clinic.mail(mail("everything is fine"))
    assert (clinic.reply.patient_id, clinic.reply.is_verified) == (ours.patient_id, False)


def test_an_answer_from_another_address_is_about_the_patient_but_unverified(clinic, ours):
    clinic.mail(mail("she fell", sender="son@mail.example", answers=ours.email_message_id))
    assert (clinic.reply.patient_id, clinic.reply.is_verified) == (ours.patient_id, False)


def test_b108_only_the_new_words_count(clinic, ours):
    quoted = (
        "Much better.\n\nOn Tue, Jun 2, 2026, the clinic wrote:\n> Any fever? Reply STOP to end.\n> STOP\n"
    )
    clinic.mail(mail(quoted, answers=ours.email_message_id))
    assert clinic.reply.body == "Much better."
    assert clinic.reply.opt is None
    assert clinic.point.opted_out_at is None


def test_an_opt_out_by_mail_ends_mails_and_is_confirmed(clinic, ours):
    clinic.mail(mail("STOP", answers=ours.email_message_id))
    assert clinic.point.opted_out_at == clinic.now
    assert clinic.said == ["opt-out-confirmed"]
    [said] = clinic.all(Message, Message.text_key == "opt-out-confirmed")
    assert said.in_reply_to == clinic.reply.email_message_id


def test_b106_a_forged_mail_can_stop_but_neither_start_nor_disown(clinic, ours):
    clinic.mail(mail("STOP"))
    assert clinic.point.opted_out_at == clinic.now
    clinic.mail(mail("START"))
    assert clinic.point.opted_out_at == clinic.now
    clinic.mail(mail("you have the wrong person"))
    assert clinic.point.state is ContactState.confirmed
    assert [task.kind for task in clinic.tasks] == [TaskKind.consent, TaskKind.wrong_person]


ROBOTS = {
    "out of office": {"Auto_Submitted": "auto-replied"},
    "old style": {"X_Autoreply": "yes"},
    "a list": {"List_Id": "<news.example>"},
    "bulk": {"Precedence": "bulk"},
    "null sender": {"Return_Path": "<>"},
}


@pytest.mark.fault
@pytest.mark.parametrize("headers", ROBOTS.values(), ids=[f"B107 F82 {name}" for name in ROBOTS])
def test_a_robot_is_recorded_and_never_answered(clinic, ours, headers):
    clinic.mail(mail("I am away until Monday. STOP", answers=ours.email_message_id, **headers))
    assert clinic.replies == []
    assert clinic.said == []
    assert clinic.events[-1].outcome == "automatic"
    assert clinic.point.opted_out_at is None


def test_a_robot_that_names_a_warning_sign_is_for_a_person(clinic, ours):
    clinic.mail(mail("my legs are numb", answers=ours.email_message_id, Precedence="bulk"))
    assert [task.kind for task in clinic.tasks] == [TaskKind.review_reply]


def test_a_stranger_is_answered_once(clinic):
    for words in ("hello", "hello again"):
        clinic.mail(mail(words, sender="who@mail.example"))
    assert [reply.is_verified for reply in clinic.replies] == [False, False]
    assert clinic.said == ["unknown-number"]


def bounce(ours: Message, status: str, action: str = "failed") -> bytes:
    return (
        "From: Mail Delivery System <mailer-daemon@mail.example>\r\nTo: care@clinic.example\r\n"
        "Subject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type="delivery-status";'
        ' boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example\r\n\r\n"
        f"Final-Recipient: rfc822; {INES}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {ours.email_message_id}\r\n\r\n--b--\r\n"
    ).encode()


def test_b107_a_bounce_for_good_marks_the_address_and_asks_a_person(clinic, ours):
    clinic.mail(bounce(ours, "5.1.1"))
    assert clinic.replies == []
    [message] = clinic.all(Message, Message.id == ours.id)
    [point] = clinic.all(ContactPoint)
    assert (message.state, message.error_code) == (MessageState.failed, "5.1.1")
    assert point.state is ContactState.bad
    assert TaskKind.bad_number in [task.kind for task in clinic.tasks]


def test_a_delayed_mail_is_not_a_failed_one(clinic, ours):
    clinic.mail(bounce(ours, "4.4.1", "delayed"))
    [message] = clinic.all(Message, Message.id == ours.id)
    assert message.state is MessageState.accepted
    assert clinic.events[-1].outcome == "bounce_delayed"


def test_b103_a_mail_that_is_too_large_is_not_taken_apart_but_seen_by_a_person(clinic, ours):
    clinic.mail(mail("x") + b"y" * (11 * 1024 * 1024))
    assert clinic.replies == []
    assert clinic.events[-1].outcome == "too_large"
    assert [task.kind for task in clinic.tasks] == [TaskKind.review_reply]


BROKEN = {
    "B104 html only": b"Content-Type: text/html\r\n\r\n<p>My leg is <b>numb</b></p>",
    "B105 bad charset": b"Content-Type: text/plain; charset=klingon\r\n\r\nMy leg is numb",
    "B105 broken base64": b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nTXkgbGVnIGlz",
    "B104 no body": b"\r\n",
}


@pytest.mark.parametrize("rest", BROKEN.values(), ids=list(BROKEN))
def test_what_can_be_read_of_a_broken_mail_is_kept(clinic, ours, rest):
    clinic.mail(f"From: {INES}\r\nTo: care@clinic.example\r\nSubject: my leg\r\n".encode() + rest)
    assert clinic.reply.body in ("My leg is numb", "My leg is", "my leg")
