"""Collect mails from the mailbox: store each raw, commit, and only then tell the mailbox.

A mail is known by its Message-ID and its content together: a copy is stored once, a forged id takes no other
mail's place.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime

from followup.db.session import Database
from followup.intake.events import IncomingEvent
from followup.intake.first_look import may_be_urgent
from followup.intake.states import EventKind
from followup.intake.store import store
from followup.kit.mail import MailTooLargeError, parse_mail
from followup.log import logger
from followup.ports import Mailbox

_log = logger(__name__)
_MESSAGE_ID = re.compile(rb"(?im)^message-id:\s*<([^<>\s]{1,200})>")


def collect_mails(database: Database, mailbox: Mailbox, *, now: datetime) -> int:
    """Store what the mailbox holds; returns how many mails were new. Raises Unreachable."""
    new = 0
    for raw in mailbox.fetch():
        with database.intake() as session:
            new += store(session, mail_event(raw, now=now))
        mailbox.mark_stored(raw)
    return new


def mail_event(raw: bytes, *, now: datetime) -> IncomingEvent:
    """Return the raw event of one mail; a mail that can't be taken apart is stored all the same."""
    told = _MESSAGE_ID.search(raw[:64_000])
    message_id = told[1].decode("ascii", "replace") if told else ""
    try:
        mail = parse_mail(raw)
    except MailTooLargeError:
        words, kind, is_large = "", EventKind.inbound_email, True
    else:
        words, is_large = mail.new_text, False
        kind = EventKind.bounce if mail.is_bounce else EventKind.inbound_email
    return IncomingEvent(
        kind=kind,
        provider_key=f"{message_id}:{hashlib.sha256(raw).hexdigest()[:32]}",
        payload=raw_payload(raw, too_large=is_large),
        received_at=now,
        urgent_look=may_be_urgent(words),
    )


def raw_payload(raw: bytes, *, too_large: bool = False) -> dict[str, str]:
    """Return the payload of a mail: its bytes as they came, of one too large only the beginning."""
    kept = raw[:64_000] if too_large else raw
    return {"raw": base64.b64encode(kept).decode(), "too_large": "1" if too_large else ""}


def raw_of(payload: Mapping[str, str]) -> bytes:
    """Return the raw bytes of a stored mail."""
    return base64.b64decode(payload.get("raw", ""))
