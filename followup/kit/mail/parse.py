"""Mail that came in, read without trusting any of it.

A sender's address proves nothing, a charset may lie, a part may be broken, and a robot must never be answered. What
can be read is kept; what is too large is refused before it is taken apart. This file never fetches, runs or writes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses

from followup.kit.mail.html_text import text_of_html
from followup.kit.mail.quotes import new_words
from followup.kit.mail.reports import DeliveryReport, delivery_report

LARGEST_MAIL = 10 * 1024 * 1024
MOST_PARTS = 100
MOST_TEXT = 100_000

_ID = re.compile(r"<[^<>\s]{1,250}>")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_AUTOMATIC_SUBJECT = re.compile(
    r"^\s*(?:auto(?:matic)?[ -]?(?:reply|response)|out of (?:the )?office|"
    r"respuesta autom[aá]tica|fuera de (?:la )?oficina)",
    re.IGNORECASE,
)
_ROBOTS = re.compile(
    r"^(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)(?:[+.-].*)?@", re.IGNORECASE
)


class MailTooLargeError(ValueError):
    """A mail with too many bytes, parts or levels; its sender is told once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedMail:
    """One inbound mail. ``whole_text`` is everything it said, ``new_text`` what was written for this mail.

    The sender is as claimed: anybody can write any address there.
    """

    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    subject: str
    message_id: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    whole_text: str
    new_text: str
    is_automatic: bool
    is_mailing_list: bool
    report: DeliveryReport | None
    attachments: tuple[str, ...]

    @property
    def is_bounce(self) -> bool:
        """Whether a mail server wrote this about one of our mails."""
        return self.report is not None

    @property
    def may_be_answered(self) -> bool:
        """Whether an automatic answer cannot start a loop (RFC 3834)."""
        return not (self.is_automatic or self.is_mailing_list or self.is_bounce or not self.sender)

    @property
    def answers(self) -> tuple[str, ...]:
        """The ids this mail may answer, the most likely first."""
        nearest = (self.in_reply_to,) if self.in_reply_to else ()
        return tuple(dict.fromkeys((*nearest, *reversed(self.references))))


def parse_mail(raw: bytes) -> ParsedMail:
    """Read one mail as it came over the wire. Raises MailTooLargeError; a broken mail is read as far as it goes."""
    if len(raw) > LARGEST_MAIL or len(re.findall(rb"(?im)^content-type:|boundary=", raw)) > 2 * MOST_PARTS:
        raise MailTooLargeError("This mail is too large or has too many parts.")
    try:
        mail = message_from_bytes(raw, policy=default)
        parts = list(mail.walk())
    except RecursionError:
        raise MailTooLargeError("This mail is nested too deeply.") from None
    assert isinstance(mail, EmailMessage)
    if len(parts) > MOST_PARTS:
        raise MailTooLargeError("This mail has too many parts.")
    report = delivery_report(mail)
    whole = _text(mail)
    name, sender = _first_address(mail, "From")
    return ParsedMail(
        sender=sender,
        sender_name=name,
        recipients=tuple(address for _, address in _addresses(mail, "To", "Cc", "Delivered-To") if address),
        subject=_header(mail, "Subject")[:500],
        message_id=next(iter(_ids(mail, "Message-ID")), None),
        in_reply_to=next(iter(_ids(mail, "In-Reply-To")), None),
        references=_ids(mail, "References")[-50:],
        whole_text=whole,
        new_text=new_words(whole),
        is_automatic=_is_automatic(mail, sender),
        is_mailing_list=bool(_header(mail, "List-Id"))
        or _header(mail, "Precedence").lower() in ("list", "bulk"),
        report=report,
        attachments=tuple(
            _clean(part.get_filename() or part.get_content_type()) for part in _attachments(mail)
        ),
    )


def _header(mail: EmailMessage, name: str) -> str:
    try:
        return " ".join(_clean(str(mail.get(name) or "")).split())
    except (MessageError, ValueError, IndexError, AttributeError, TypeError):
        # The library's header parser gives up on some broken headers; a mail without a subject is still a mail.
        return ""


def _ids(mail: EmailMessage, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_ID.findall(_header(mail, name))))


def _addresses(mail: EmailMessage, *names: str) -> list[tuple[str, str]]:
    return getaddresses([_header(mail, name) for name in names if _header(mail, name)])


def _first_address(mail: EmailMessage, name: str) -> tuple[str, str]:
    return next(iter(_addresses(mail, name)), ("", ""))


def _is_automatic(mail: EmailMessage, sender: str) -> bool:
    submitted = _header(mail, "Auto-Submitted").lower()
    return bool(
        (submitted and submitted != "no")
        or _header(mail, "X-Autoreply")
        or _header(mail, "X-Autorespond")
        or _header(mail, "Precedence").lower() in ("bulk", "junk", "auto_reply")
        or _header(mail, "Return-Path") == "<>"
        or _ROBOTS.match(sender)
        or _AUTOMATIC_SUBJECT.match(_header(mail, "Subject"))
    )


def _attachments(mail: EmailMessage) -> list[EmailMessage]:
    return [
        part
        for part in mail.walk()
        if isinstance(part, EmailMessage)
        and not part.is_multipart()
        and (
            part.get_content_disposition() == "attachment"
            or part.get_content_maintype() not in ("text", "message")
        )
    ]


def _text(mail: EmailMessage) -> str:
    """Return the plain part, or the words of the HTML part if the plain one says nothing."""
    for kind, read in (("text/plain", _clean), ("text/html", lambda html: _clean(text_of_html(html)))):
        found = [
            _decoded(part)
            for part in mail.walk()
            if part.get_content_type() == kind and part.get_content_disposition() != "attachment"
        ]
        words = read("\n".join(found)).strip()
        if words:
            return words[:MOST_TEXT]
    return ""


def _decoded(part: object) -> str:
    assert isinstance(part, EmailMessage)
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    for charset in (part.get_content_charset() or "utf-8", "utf-8", "cp1252"):
        try:
            return payload.decode(charset)
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return payload.decode("latin-1")


def _clean(words: str) -> str:
    return _CONTROLS.sub("", words.replace("\r\n", "\n").replace("\r", "\n"))
