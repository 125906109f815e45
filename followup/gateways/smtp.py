"""Mail through a mail server, with the same three answers as a carrier: it has it, it refused it, or nobody knows.

A connection that breaks after the message was handed over is a doubt, not a failure: the server may have it.
The library is synchronous; each mail is sent in a thread with a time-out.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from followup.errors import ConfigurationError
from followup.ports import Accepted, InDoubt, Outcome, OutgoingEmail, Refusal, Refused

SECONDS = 15.0


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

    async def send(self, email: OutgoingEmail) -> Outcome:
        """Hand one mail over; never raises for what the server does."""
        return await asyncio.to_thread(self._send, email)

    def _send(self, email: OutgoingEmail) -> Outcome:
        try:
            connection = self._connect()
        except smtplib.SMTPAuthenticationError as error:
            return Refused(Refusal.configuration, f"smtp {error.smtp_code}")
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
            connection.sendmail(email.sender, [email.to], email.raw)
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            return Refused(_recipient_refusal(code), f"smtp {code}")
        except smtplib.SMTPSenderRefused as error:
            return Refused(Refusal.configuration, f"smtp {error.smtp_code}")
        except smtplib.SMTPServerDisconnected:
            return InDoubt("disconnected after the mail was handed over")
        except smtplib.SMTPResponseException as error:
            refusal = Refusal.temporary if error.smtp_code < 500 else Refusal.bad_text
            return Refused(refusal, f"smtp {error.smtp_code}")
        except (OSError, smtplib.SMTPException) as error:
            return InDoubt(type(error).__name__)
        return Accepted(email.message_id, "accepted")


def _recipient_refusal(code: int) -> Refusal:
    return Refusal.temporary if code < 500 else Refusal.bad_number


def _leave(connection: smtplib.SMTP) -> None:
    try:
        connection.quit()
    except (OSError, smtplib.SMTPException):
        connection.close()
