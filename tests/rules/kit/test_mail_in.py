"""Reading mail that came in: robots, reports, broken parts and limits."""

from __future__ import annotations

import base64

import pytest

from followup.kit.mail import MailTooLargeError, parse_mail


def a_mail(*headers: str, body: str = "Pain is 3 today.", kind: str = "text/plain; charset=utf-8") -> bytes:
    lines = (
        "From: Ines Calder <ines@example.com>",
        "To: care@riverbend.example",
        "Subject: Re: Your check-in",
        "Message-ID: <r1@example.com>",
        "In-Reply-To: <q1@riverbend.example>",
        "References: <q0@riverbend.example> <q1@riverbend.example>",
        f"Content-Type: {kind}",
        *headers,
    )
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


BOUNCE = b"""From: MAILER-DAEMON@mx.example
To: care@riverbend.example
Subject: Undelivered Mail Returned to Sender
Return-Path: <>
Message-ID: <b1@mx.example>
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="X"

--X
Content-Type: text/plain

I'm sorry, your message could not be delivered.
--X
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; ines@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such
 user
--X
Content-Type: text/rfc822-headers

Message-ID: <q1@riverbend.example>
Subject: Your check-in
--X--
"""


def test_a_reply_is_read_with_what_it_answers() -> None:
    mail = parse_mail(a_mail())
    assert (mail.sender, mail.sender_name) == ("ines@example.com", "Ines Calder")
    assert mail.recipients == ("care@riverbend.example",)
    assert mail.subject == "Re: Your check-in"
    assert mail.new_text == mail.whole_text == "Pain is 3 today."
    assert mail.answers == ("<q1@riverbend.example>", "<q0@riverbend.example>")
    assert mail.may_be_answered


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("Auto-Submitted: auto-replied", id="B107-auto-submitted"),
        pytest.param("Precedence: bulk", id="B107-precedence"),
        pytest.param("Return-Path: <>", id="B107-null-sender"),
        pytest.param("X-Autoreply: yes", id="B107-x-autoreply"),
        pytest.param("List-Id: <spine.lists.example>", id="B107-list"),
    ],
)
def test_f82_a_robot_is_never_answered(header: str) -> None:
    assert not parse_mail(a_mail(header)).may_be_answered


@pytest.mark.parametrize(
    "subject", ["Automatic reply: away", "Out of office", "Respuesta automática: vacaciones"]
)
def test_b107_an_absence_note_is_known_by_its_subject(subject: str) -> None:
    raw = a_mail().replace(b"Re: Your check-in", subject.encode())
    assert parse_mail(raw).is_automatic


@pytest.mark.parametrize(
    "sender", ["MAILER-DAEMON@mx.example", "no-reply@example.com", "bounces+17@mx.example"]
)
def test_b107_a_robot_is_known_by_its_address(sender: str) -> None:
    assert not parse_mail(a_mail().replace(b"ines@example.com", sender.encode())).may_be_answered


def test_a_person_who_says_auto_submitted_no_is_a_person() -> None:
    assert parse_mail(a_mail("Auto-Submitted: no")).may_be_answered


def test_b107_a_bounce_names_the_mail_that_did_not_arrive() -> None:
    mail = parse_mail(BOUNCE)
    assert mail.report is not None
    assert mail.report.recipient == "ines@example.com"
    assert mail.report.status == "5.1.1"
    assert mail.report.original_message_id == "<q1@riverbend.example>"
    assert mail.report.diagnostic == "smtp; 550 5.1.1 No such user"
    assert mail.report.is_permanent
    assert not mail.may_be_answered


def test_a_whole_returned_message_names_itself() -> None:
    raw = BOUNCE.replace(b"text/rfc822-headers", b"message/rfc822")
    report = parse_mail(raw).report
    assert report is not None
    assert report.original_message_id == "<q1@riverbend.example>"


@pytest.mark.parametrize(
    ("action", "status"), [(b"delayed", b"4.4.1"), (b"failed", b"4.2.2"), (b"delivered", b"2.0.0")]
)
def test_a_passing_trouble_does_not_condemn_an_address(action: bytes, status: bytes) -> None:
    raw = BOUNCE.replace(b"Action: failed", b"Action: " + action).replace(
        b"Status: 5.1.1", b"Status: " + status
    )
    report = parse_mail(raw).report
    assert report is not None
    assert not report.is_permanent
    assert report.is_failure == (action == b"failed")


def test_a_report_without_a_status_is_an_ordinary_robot() -> None:
    raw = BOUNCE.replace(b"message/delivery-status", b"text/plain")
    mail = parse_mail(raw)
    assert mail.report is None
    assert mail.is_automatic


def test_b104_html_alone_is_read_without_its_scripts_and_styles() -> None:
    html = (
        "<head><style>p{}</style></head><body><p>Pain is&nbsp;4<br>and a <b>fever</b></p><script>x()</script>"
    )
    assert parse_mail(a_mail(body=html, kind="text/html")).new_text == "Pain is 4\nand a fever"


def test_b104_a_mail_with_only_an_attachment_says_nothing_and_names_it() -> None:
    raw = a_mail('Content-Disposition: attachment; filename="winmail.dat"', kind="application/ms-tnef")
    mail = parse_mail(raw)
    assert mail.whole_text == ""
    assert mail.attachments == ("winmail.dat",)


@pytest.mark.parametrize(
    ("raw", "reads"),
    [
        pytest.param(
            a_mail(kind="text/plain; charset=klingon"), "Pain is 3 today.", id="B105-unknown-charset"
        ),
        pytest.param(
            a_mail(body="").replace(b"utf-8", b"us-ascii") + "dolor en la cintur\xf3n".encode("latin-1"),
            "dolor en la cinturón",
            id="B105-lying-charset",
        ),
        pytest.param(
            a_mail("Content-Transfer-Encoding: base64", body="UGFpbiA1*"), "Pain 5", id="B105-broken-base64"
        ),
        pytest.param(
            a_mail("Content-Transfer-Encoding: base64", body=base64.b64encode(b"fever\x00 101").decode()),
            "fever 101",
            id="B29-nul",
        ),
        pytest.param(b"no header at all", "", id="no-header"),
        pytest.param(b"", "", id="nothing"),
        pytest.param(
            a_mail("From: <<<>>>", "To: @@", "Message-ID: <>"), "Pain is 3 today.", id="broken-headers"
        ),
    ],
)
def test_what_can_be_read_is_kept(raw: bytes, reads: str) -> None:
    assert reads in parse_mail(raw).whole_text


def test_b103_a_large_mail_is_refused() -> None:
    with pytest.raises(MailTooLargeError):
        parse_mail(a_mail(body="x" * (10 * 1024 * 1024)))


def test_b103_ten_thousand_attachments_are_refused() -> None:
    parts = "".join(f"--X\r\nContent-Type: image/png\r\n\r\n{n}\r\n" for n in range(10_000))
    with pytest.raises(MailTooLargeError):
        parse_mail(a_mail(body=parts + "--X--", kind='multipart/mixed; boundary="X"'))


def test_b103_parts_without_headers_are_counted_too() -> None:
    parts = "".join(f"--X\r\n\r\n{n}\r\n" for n in range(500))
    with pytest.raises(MailTooLargeError):
        parse_mail(a_mail(body=parts + "--X--", kind='multipart/mixed; boundary="X"'))


@pytest.mark.parametrize("depth", [150, 5000])
def test_b103_a_deep_mail_is_refused(depth: int) -> None:
    levels = "".join(
        f'--B{n}\r\nContent-Type: multipart/mixed; boundary="B{n + 1}"\r\n\r\n' for n in range(depth)
    )
    with pytest.raises(MailTooLargeError):
        parse_mail(a_mail(body=levels, kind='multipart/mixed; boundary="B0"'))
