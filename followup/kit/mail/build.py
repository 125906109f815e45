"""One mail to one person: the same words as text and as HTML, with the headers that make it a good citizen.

Headers are where mail is attacked, so a line break in a name or subject is refused, never repaired. One-click
unsubscribe follows RFC 8058, threading RFC 5322 (3.6.4), and Auto-Submitted RFC 3834, so that no autoresponder
starts a loop with us. That a subject names no diagnosis and no procedure is the author's duty, not checked here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

# The library encodes a long header word (a signed link, a message id) as if it were foreign text, which breaks it
# for the receiver; RFC 5322 allows lines up to 998 characters.
POLICY = SMTP.clone(max_line_length=998)

_BREAKS = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+>")


class MailError(ValueError):
    """A header value that must not be sent; ``field`` names it, the message is for the person who wrote it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDraft:
    """What goes into one mail. Addresses are checked ones (``parse_address``); ``sent_at`` is an aware instant."""

    sender: str
    to: str
    subject: str
    text: str
    html: str
    message_id: str
    sent_at: datetime
    sender_name: str = ""
    to_name: str = ""
    reply_to: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    unsubscribe_url: str | None = None
    is_automatic: bool = True


def new_message_id(token: str, domain: str) -> str:
    """Return ``<token@domain>``; the token is what a reply is matched by, so it is random and says nothing.

    Raises MailError if the two do not make a message id.
    """
    message_id = f"<{token}@{domain}>"
    if not _MESSAGE_ID.fullmatch(message_id):
        raise MailError("message_id", "A message id is made of letters, digits and a domain.")
    return message_id


def build_mail(draft: MailDraft) -> EmailMessage:
    """Return the message, ready for SMTP (``as_bytes()`` gives CRLF lines). Raises MailError."""
    mail = EmailMessage(policy=POLICY)
    mail["From"] = _address("sender", draft.sender, name=draft.sender_name)
    mail["To"] = _address("to", draft.to, name=draft.to_name)
    mail["Subject"] = _one_line("subject", draft.subject)
    mail["Date"] = format_datetime(draft.sent_at)
    mail["Message-ID"] = _id("message_id", draft.message_id)
    if draft.reply_to:
        mail["Reply-To"] = _address("reply_to", draft.reply_to)
    if draft.in_reply_to:
        mail["In-Reply-To"] = _id("in_reply_to", draft.in_reply_to)
        earlier = draft.references or (draft.in_reply_to,)
        mail["References"] = " ".join(_id("references", each) for each in earlier)
    if draft.is_automatic:
        mail["Auto-Submitted"] = "auto-generated"
    if draft.unsubscribe_url:
        mail["List-Unsubscribe"] = f"<{_https('unsubscribe_url', draft.unsubscribe_url)}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(_storable(draft.text), cte="quoted-printable")
    mail.add_alternative(_storable(draft.html), subtype="html", cte="quoted-printable")
    return mail


def _one_line(field: str, value: str) -> str:
    if _BREAKS.search(value):
        raise MailError(field, "There is a line break or control character in a header of a mail.")
    return value


def _address(field: str, address: str, *, name: str = "") -> Address:
    display_name = _one_line(f"{field}_name", name)
    _one_line(field, address)
    try:
        return Address(display_name, addr_spec=address)
    except (ValueError, IndexError) as error:
        raise MailError(field, "This is not a mail address.") from error


def _id(field: str, value: str) -> str:
    if not _MESSAGE_ID.fullmatch(value):
        raise MailError(field, "This is not a message id.")
    return value


def _https(field: str, url: str) -> str:
    # RFC 8058 asks for https; a blank or bracket would end the header's value early.
    if not re.fullmatch(r"https://[^\s<>,]+", url):
        raise MailError(field, "One-click unsubscribe needs an https address.")
    return url


def _storable(words: str) -> str:
    return words.encode("utf-8", errors="replace").decode("utf-8")
