"""Mail through a mail server, with the same three answers as a carrier: it has it, it refused it, or nobody knows.

A connection that breaks after the message was handed over is a doubt, not a failure: the server may have it. One
that breaks before that is safe to try again. The library is synchronous; each mail is sent in a thread with a
time-out. The threads are this gateway's own: a mail server that hangs must not take those that the database needs.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from followup.errors import ConfigurationError
from followup.ports import Accepted, InDoubt, Outcome, OutgoingEmail, Refusal, Refused

SECONDS = 15.0
MAILS_AT_ONCE = 20
ACCEPTED, WILL_FORWARD, GO_AHEAD, PERMANENT = 250, 251, 354, 500


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over. Schemes: ``smtp``, ``smtp+starttls``, ``smtps``."""

    host: str
    port: int
    scheme: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @staticmethod
    def from_url(url: str) -> SmtpServer:
        """Read a URL such as ``smtp+starttls://user:secret@mail.example.org:587``; raises ConfigurationError."""
        parts = urlsplit(url)
        ports = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
        if parts.scheme not in ports or not parts.hostname:
            raise ConfigurationError(
                "FOLLOWUP_SMTP_URL must look like smtp+starttls://user:secret@mail.example.org:587"
            )
        return SmtpServer(
            host=parts.hostname,
            port=parts.port or ports[parts.scheme],
            scheme=parts.scheme,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )


class SmtpGateway:
    """Hands mails to one server, one connection per mail: a clinic's mails are few, a hung connection is worse."""

    def __init__(self, server: SmtpServer, *, seconds: float = SECONDS) -> None:
        self._server = server
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(MAILS_AT_ONCE, thread_name_prefix="smtp")

    async def send(self, email: OutgoingEmail) -> Outcome:
        """Hand one mail over; never raises for what the server does."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._send, email)

    def _send(self, email: OutgoingEmail) -> Outcome:
        try:
            connection = self._connect()
        except smtplib.SMTPAuthenticationError as error:
            temporary = error.smtp_code < PERMANENT
            return Refused(
                Refusal.not_processed if temporary else Refusal.configuration, f"smtp {error.smtp_code}"
            )
        except (OSError, smtplib.SMTPException) as error:
            return Refused(Refusal.not_processed, type(error).__name__)
        try:
            return self._hand_over(connection, email)
        finally:
            _leave(connection)

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.scheme == "smtps":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=self._seconds, context=ssl.create_default_context()
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=self._seconds)
        if server.scheme == "smtp+starttls":
            connection.starttls(context=ssl.create_default_context())
        if server.user:
            connection.login(server.user, server.password or "")
        return connection

    def _hand_over(self, connection: smtplib.SMTP, email: OutgoingEmail) -> Outcome:
        try:
            refused = _announce(connection, email)
        except (OSError, smtplib.SMTPException) as error:
            # The words have not left yet.
            return Refused(Refusal.not_processed, type(error).__name__)
        if refused is not None:
            return refused
        try:
            connection.send(_quoted(email.raw))
            code, _ = connection.getreply()
        except (OSError, smtplib.SMTPException) as error:
            return InDoubt(type(error).__name__)
        if code == ACCEPTED:
            return Accepted(email.message_id, "accepted")
        return Refused(Refusal.temporary if code < PERMANENT else Refusal.bad_text, f"smtp {code}")


def _announce(connection: smtplib.SMTP, email: OutgoingEmail) -> Refused | None:
    """Say who writes to whom and ask whether the words may come; a refusal of any of it."""
    connection.ehlo_or_helo_if_needed()
    code, _ = connection.mail(email.sender)
    if code != ACCEPTED:
        temporary = code < PERMANENT
        return Refused(Refusal.not_processed if temporary else Refusal.configuration, f"smtp {code}")
    code, _ = connection.rcpt(email.to)
    if code not in (ACCEPTED, WILL_FORWARD):
        return Refused(_recipient_refusal(code), f"smtp {code}")
    code, _ = connection.docmd("DATA")
    if code != GO_AHEAD:
        return Refused(Refusal.not_processed if code < PERMANENT else Refusal.bad_text, f"smtp {code}")
    return None


def _quoted(raw: bytes) -> bytes:
    """Return a mail as it travels: lines end in CR LF, a leading dot is doubled, a lone dot ends it."""
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n").split(b"\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines) + b"\r\n.\r\n"


def _recipient_refusal(code: int) -> Refusal:
    return Refusal.temporary if code < PERMANENT else Refusal.bad_number


def _leave(connection: smtplib.SMTP) -> None:
    try:
        connection.quit()
    except (OSError, smtplib.SMTPException):
        connection.close()
