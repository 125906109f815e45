"""The mail catcher: takes every mail over SMTP, and holds the clinic's mailbox for the mails that answer.

Nothing is ever relayed. Mails to the clinic are raw RFC 5322 files in a folder (or in memory without one), which
a reader polls over HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any, Final

from followup.kit.clock import SystemClock
from followup.lab.carrier import Carrier
from followup.lab.faults import ON_ANSWER, Effect
from followup.lab.journal import Kind
from followup.lab.records import new_sid

LARGEST: Final = 20_000_000
REFUSALS: Final = {
    421: "421 4.3.2 Service not available",
    450: "450 4.2.1 Mailbox busy",
    451: "451 4.3.0 Try again later",
    452: "452 4.2.2 Mailbox full",
    550: "550 5.1.1 No such mailbox",
    552: "552 5.3.4 Message too big",
    554: "554 5.7.1 Rejected",
}


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail that the catcher took."""

    id: str
    sender: str
    to: tuple[str, ...]
    raw: bytes
    at: float
    care_at: str | None

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def subject(self) -> str:
        """Its subject line."""
        return str(self.message.get("Subject", ""))

    def body(self, kind: str) -> str:
        """The body of a kind (``plain`` or ``html``), empty where there is none."""
        part = self.message.get_body((kind,))
        return str(part.get_content()) if part else ""


class Postbox:
    """SMTP catcher and clinic mailbox."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._server: asyncio.Server | None = None
        self.port = 0
        self.mails: list[Mail] = []
        self.mailbox: list[bytes] = []

    @property
    def url(self) -> str:
        """Its address, for SMTP_URL."""
        return f"smtp://{self._carrier.settings.host}:{self.port}"

    async def start(self) -> None:
        """Listen, unless the settings say no."""
        settings = self._carrier.settings
        if not settings.smtp:
            return
        from aiosmtpd.smtp import SMTP

        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(
                self, hostname="lab.invalid", enable_SMTPUTF8=True, data_size_limit=LARGEST, loop=loop
            ),
            settings.host,
            settings.smtp_port,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        """Take a mail, or do what a fault says."""
        carrier = self._carrier
        to = tuple(envelope.rcpt_tos)
        raw: bytes = envelope.original_content
        facts = {"To": to[0], "From": envelope.mail_from or "", "Body": raw.decode(errors="replace")}
        faults = carrier.faults.take("mail", facts)
        trouble = next((fault for fault in faults if fault.do in ON_ANSWER), None)
        if trouble and not trouble.takes_the_text and trouble.do is not Effect.HANG:
            code = trouble.code or 451
            return REFUSALS.get(code, f"{code} refused")
        if trouble is None or trouble.takes_the_text:
            self.take(envelope.mail_from or "", to, raw)
        if trouble and trouble.do is Effect.HANG:
            await asyncio.sleep(trouble.seconds if trouble.seconds is not None else 3600.0)
        if any(fault.do is Effect.BOUNCE for fault in faults):
            self.bounce(self.mails[-1])
        return "250 2.0.0 OK"

    def take(self, sender: str, to: tuple[str, ...], raw: bytes) -> Mail:
        """Keep a mail and write it to the journal."""
        carrier = self._carrier
        mail = Mail(new_sid("mail-"), sender, to, raw, carrier.agenda.now(), carrier.care_now())
        self.mails.append(mail)
        carrier.journal.write(
            Kind.MAIL,
            mail.at,
            id=mail.id,
            sender=sender,
            to=list(to),
            subject=mail.subject,
            care_at=mail.care_at,
        )
        return mail

    def mail(self, mail_id: str) -> Mail | None:
        """One mail by its id."""
        return next((mail for mail in self.mails if mail.id == mail_id), None)

    def reply(self, mail: Mail, words: str, *, headers: Mapping[str, str] | None = None) -> int:
        """Answer a mail as its receiver would, with the usual quotation; return its number in the mailbox."""
        original = mail.message
        answer = EmailMessage()
        answer["From"] = mail.to[0]
        answer["To"] = str(original.get("Reply-To") or original.get("From") or mail.sender)
        subject = mail.subject
        answer["Subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}"
        if message_id := original.get("Message-ID"):
            answer["In-Reply-To"] = answer["References"] = str(message_id)
        for name, value in (headers or {}).items():
            answer[name] = value
        quoted = "\n".join(f"> {line}" for line in mail.body("plain").splitlines())
        answer.set_content(f"{words}\n\nOn {original.get('Date', 'that day')}, the clinic wrote:\n{quoted}\n")
        return self.deliver(answer)

    def bounce(self, mail: Mail, *, reason: str = "550 5.1.1 No such mailbox") -> int:
        """Return a mail to the clinic as undeliverable (RFC 3464); return its number in the mailbox."""
        notice = MIMEMultipart("report")
        notice.set_param("report-type", "delivery-status")
        notice["From"] = "Mail Delivery System <mailer-daemon@lab.invalid>"
        notice["To"] = mail.sender
        notice["Subject"] = "Undelivered Mail Returned to Sender"
        notice["Auto-Submitted"] = "auto-replied"
        status = MIMEBase("message", "delivery-status")
        server, receiver = Message(), Message()
        server["Reporting-MTA"] = "dns; lab.invalid"
        receiver["Final-Recipient"] = f"rfc822; {mail.to[0]}"
        receiver["Action"], receiver["Status"] = "failed", "5.1.1"
        receiver["Diagnostic-Code"] = f"smtp; {reason}"
        status.set_payload([server, receiver])
        for part in (MIMEText("Your message could not be delivered.\n"), status, MIMEMessage(mail.message)):
            notice.attach(part)
        return self.deliver(notice)

    def deliver(self, mail: Message) -> int:
        """Put any mail into the clinic's mailbox; return its number (from 1)."""
        carrier = self._carrier
        now = (carrier.clock or SystemClock()).now()
        for name, value in (("Date", format_datetime(now)), ("Message-ID", make_msgid(domain="lab.invalid"))):
            if name not in mail:
                mail[name] = value
        return self.deliver_raw(mail.as_bytes(policy=policy.SMTP))

    def deliver_raw(self, raw: bytes) -> int:
        """Put raw bytes into the clinic's mailbox, whatever they are; return their number (from 1)."""
        carrier = self._carrier
        self.mailbox.append(raw)
        number = len(self.mailbox)
        folder = carrier.settings.mail_folder
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            Path(folder / f"{number:06}.eml").write_bytes(raw)
        carrier.journal.write(Kind.MAIL_REPLY, carrier.agenda.now(), id=number)
        return number
