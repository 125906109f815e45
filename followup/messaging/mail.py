"""Turn a message into a mail: the same words as text and as HTML, threaded, with one-click unsubscribe (RFC 8058).

The words come from the pathway and are escaped by the frame, never read as a template.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from followup.kit.mail.build import MailDraft, build_mail
from followup.messaging.calling import Call
from followup.messaging.states import Purpose
from followup.pathways.mail import Frame, frame_mail
from followup.pathways.render import Rendered
from followup.pathways.values import phone_words
from followup.ports import OutgoingEmail


@dataclass(frozen=True, slots=True)
class MailFrame:
    """What every mail of the house shares. ``unsubscribe_url`` signs a link for a contact point."""

    templates: Path
    unsubscribe_url: Callable[[uuid.UUID], str]


def compose(call: Call, frame: MailFrame, *, now: datetime) -> OutgoingEmail:
    """Return the finished mail of one call. Raises MailError for a header that must not be sent."""
    assert call.email_message_id is not None
    # Where an opt-out has just been confirmed there is nothing left to unsubscribe from.
    leaves = call.contact_point_id is not None and call.purpose is not Purpose.consent
    link = frame.unsubscribe_url(call.contact_point_id) if leaves and call.contact_point_id else ""
    mail = frame_mail(
        Rendered(call.body, call.subject or call.clinic_name),
        Frame(
            language=call.language,
            clinic_name=call.clinic_name,
            clinic_phone=phone_words(call.clinic_phone),
            urgent_phone=phone_words(call.urgent_phone),
            unsubscribe_url=link,
        ),
        templates=frame.templates,
    )
    raw = build_mail(
        MailDraft(
            sender=call.sender, sender_name=call.clinic_name, to=call.to, subject=mail.subject, text=mail.text,
            html=mail.html, message_id=call.email_message_id, sent_at=now, in_reply_to=call.in_reply_to,
            # One-click needs https (RFC 8058); on a machine of one's own the link in the mail itself is enough.
            unsubscribe_url=link if link.startswith("https://") else None,
        )
    ).as_bytes()  # fmt: skip
    return OutgoingEmail(sender=call.sender, to=call.to, raw=raw, message_id=call.email_message_id)
