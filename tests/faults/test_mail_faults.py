"""F81, F82: what a mail server and other machines on the mail do."""

from __future__ import annotations

import dataclasses
import socket
from datetime import timedelta

import pytest
from pydantic import SecretStr

from followup.bootstrap import outside_of
from followup.gateways.mailbox import mailbox_of
from followup.intake.collect import collect_mails
from followup.messaging.pump import PumpLimits
from tests.faults.case import Case
from tests.faults.listener import Listener

IMPATIENT = PumpLimits(run_seconds=10, call_seconds=2)
TOMS = "tom@patients.example"


def by_mail(case: Case) -> None:
    case.home.enroll(
        name="Tom Berg", patient__phone="", patient__email=TOMS, channel="email", consent__sms=False
    )
    case.home.dispatch()


def move_mail(case: Case, url: str) -> None:
    settings = case.home.house.settings.model_copy(update={"smtp_url": SecretStr(url)})
    case.home.house = dataclasses.replace(case.home.house, settings=settings, outside=outside_of(settings))


USUAL: dict[str, bytes | None] = {
    "EHLO": b"250 ok", "MAIL": b"250 ok", "RCPT": b"250 ok", "DATA": b"354 go", ".": b"250 taken",
}  # fmt: skip


class MailServer(Listener):
    """A mail server that says what its script wants to each command; None: it hangs. ``took``: mails it got."""

    def __init__(self, script: dict[str, bytes | None]) -> None:
        super().__init__()
        self._answers = USUAL | script
        self.took = 0

    def serve(self, line: socket.socket) -> None:
        with line, line.makefile("rb") as asked:
            line.sendall(b"220 here\r\n")
            in_data = False
            for said in asked:
                if in_data and said != b".\r\n":
                    continue
                word = "." if in_data else said[:4].decode().strip().upper()
                self.took += in_data
                answer = self._answers.get(word, b"221 bye")
                if answer is None:
                    self.over.wait(20)
                if answer in (None, b"cut"):
                    return
                in_data = answer.startswith(b"354")
                line.sendall(answer + b"\r\n")


# What the server does, and what our call comes to.
TROUBLES: dict[str, tuple[dict[str, bytes | None], str, str | None]] = {
    "F81-451-at-sender": ({"MAIL": b"451 later"}, "refused", "not_processed"),
    "F81-450-at-recipient": ({"RCPT": b"450 busy"}, "refused", "temporary"),
    "F81-550-at-recipient": ({"RCPT": b"550 nobody here"}, "refused", "bad_number"),
    "F81-554-after-data": ({".": b"554 spam"}, "refused", "bad_text"),
    "F81-cut-before-data": ({"DATA": b"cut"}, "refused", "not_processed"),
    "F81-cut-after-data": ({".": b"cut"}, "in_doubt", None),
    "F81-hang-after-data": ({".": None}, "in_doubt", None),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_a_mail_server_in_trouble_delays_refuses_or_leaves_a_doubt(case: Case, name: str) -> None:
    script, state, refusal = TROUBLES[name]
    by_mail(case)
    case.injected()
    server = MailServer(script)
    with server.listening() as port:
        url = f"smtp://127.0.0.1:{port}"
        move_mail(case, url)
        case.home.deliver(limits=IMPATIENT)
        assert case.home.rows("SELECT state, refusal FROM attempt") == [(state, refusal)]
        assert case.home.only("SELECT sending_paused_at FROM clinic") is None
        assert server.took <= 1
    move_mail(case, case.lab.smtp_url)
    if refusal in ("not_processed", "temporary"):
        case.home.pass_time(timedelta(minutes=11))
        case.recovers(lambda: len(case.lab.mails) == 1)
        return
    case.machine_time_passes(16)
    case.recovers(lambda: case.open_tasks() & {"unconfirmed_send", "call_missed_text", "bad_number"} != set())
    assert case.lab.mails == []


def test_f81_a_mail_server_that_refuses_us_stops_mails_and_no_texts(case: Case) -> None:
    by_mail(case)
    case.home.enroll()
    case.home.dispatch()
    case.injected()
    with MailServer({"MAIL": b"530 who are you"}).listening() as port:
        url = f"smtp://127.0.0.1:{port}"
        move_mail(case, url)
        case.deliver(limits=IMPATIENT)
        assert len(case.texts()) == 1
        assert case.open_tasks() == {"sending_paused"}
    move_mail(case, case.lab.smtp_url)
    case.home.pass_time(timedelta(minutes=1))
    case.recovers(lambda: len(case.lab.mails) == 1)
    assert case.open_tasks() == set()


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List-Id": "<news.example>"},
        {"Return-Path": "<>"},
    ],
    ids=["F82-auto-reply", "F82-bulk", "F82-B107-mailing-list", "F82-null-sender"],
)
def test_a_machine_that_answers_our_mail_gets_no_answer(case: Case, headers: dict[str, str]) -> None:
    by_mail(case)
    case.deliver()
    case.injected()
    mail = case.lab.expect_mail(TOMS)
    case.lab.answer_mail(mail, "I am out of the office until Monday.", headers=headers)
    collect_mails(case.home.house.database, mailbox_of(SecretStr(case.lab.mailbox_url)), now=case.home.now)
    case.tick()
    case.tick()
    assert case.home.only("SELECT count(*) FROM message WHERE purpose IN ('answer', 'safety')") == 0
    assert len(case.lab.mails) == 1
    case.normal()
