"""Turn a message into a mail: the same words as text and as HTML, in one plain frame, with one-click unsubscribe.

The frame comes from ``templates/mail``; the words come from the pathway and are escaped, never read as a template.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from followup.kit.mail.build import MailDraft, build_mail
from followup.messaging.calling import Call
from followup.ports import OutgoingEmail


@dataclass(frozen=True, slots=True)
class MailFrame:
    """What every mail of the house shares. ``unsubscribe_url`` signs a link for a contact point."""

    templates: Path
    unsubscribe_url: Callable[[uuid.UUID], str]


def compose(call: Call, frame: MailFrame, *, now: datetime) -> OutgoingEmail:
    """Return the finished mail of one call. Raises MailError for a header that must not be sent."""
    assert call.email_message_id is not None
    link = frame.unsubscribe_url(call.contact_point_id) if call.contact_point_id else None
    words = {
        "clinic_name": call.clinic_name,
        "subject": call.subject or call.clinic_name,
        "paragraphs": call.body.split("\n\n"),
        "unsubscribe_url": link,
        "language": call.language,
    }
    environment = _environment(frame.templates)
    html = css_inline.inline(environment.get_template("frame.html").render(words))
    text = environment.get_template("frame.txt").render(words)
    mail = build_mail(
        MailDraft(
            sender=call.sender, sender_name=call.clinic_name, to=call.to, subject=str(words["subject"]),
            text=text, html=html, message_id=call.email_message_id, sent_at=now,
            in_reply_to=call.in_reply_to, unsubscribe_url=link,
        )
    )  # fmt: skip
    return OutgoingEmail(
        sender=call.sender, to=call.to, raw=mail.as_bytes(), message_id=call.email_message_id
    )


@lru_cache(maxsize=4)
def _environment(folder: Path) -> Environment:
    # Escaping for the HTML frame; the text frame marks its words as safe because nothing reads them as markup.
    return Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
