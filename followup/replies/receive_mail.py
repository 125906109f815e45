"""Understand a mail: whose answer it is, to which question, or what a mail server says about one of ours.

A From address can be forged, so a mail proves its sender only by answering one of our mails from the address that
mail went to; any other is kept and triaged as unverified. Robots are never answered. Only the new words are judged:
our own quoted text asks about fever and names STOP.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from followup.clinics.models import Sender
from followup.clinics.states import Channel
from followup.db.sealed import blind
from followup.intake.collect import raw_of
from followup.intake.first_look import may_be_urgent
from followup.intake.models import ProviderEvent
from followup.kit.mail import MailTooLargeError, ParsedMail, parse_mail
from followup.messaging.consequences import apply
from followup.messaging.models import Message
from followup.messaging.rules import after_refusal
from followup.patients.models import ContactPoint, Patient
from followup.ports import Refusal
from followup.replies.keep import Written, keep, one_at_a_time
from followup.replies.match import Candidate, Found, Match, find
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

_LOOK_DUE = timedelta(hours=2)
_CLINIC_OF_ADDRESS = text(
    "SELECT clinic_id FROM sender WHERE channel = 'email' AND lower(address) = ANY(:addresses) LIMIT 1"
)
_CLINIC_OF_MAIL = text("SELECT clinic_id FROM message WHERE email_message_id = ANY(:ids) LIMIT 1")


def clinic_of_mail(engine: Session, payload: Mapping[str, str]) -> uuid.UUID | None:
    """Return the clinic a mail was written to: by our mail that it answers, else by its recipients."""
    try:
        mail = parse_mail(raw_of(payload))
    except MailTooLargeError:
        return None
    ids = list(mail.answers)
    if mail.report is not None and mail.report.original_message_id:
        ids.append(mail.report.original_message_id)
    found: uuid.UUID | None = engine.scalar(_CLINIC_OF_MAIL, {"ids": ids}) if ids else None
    return found or engine.scalar(_CLINIC_OF_ADDRESS, {"addresses": _ours(mail.recipients)})


def receive_mail(session: Session, event: ProviderEvent, *, now: datetime) -> str:
    """Understand one inbound mail; returns the outcome."""
    assert event.clinic_id is not None
    mail = parse_mail(raw_of(event.payload))
    if mail.is_bounce:
        return _bounce(session, mail, now=now)
    if event.payload.get("too_large"):
        _ask_to_look(session, event, "A mail arrived that is too large to read here.", now=now)
        return "too_large"
    if not mail.may_be_answered:
        if may_be_urgent(mail.new_text):
            # A robot's words rarely name a symptom; if these do, a person decides whether it was one.
            _ask_to_look(session, event, "A mail that looks automatic names a warning sign.", now=now)
        return "automatic"
    address = mail.sender.casefold()
    address_blind = blind("email", address)
    one_at_a_time(session, event.clinic_id, address_blind)
    thread = _answered(session, mail)
    match, is_verified = _match(session, address_blind, thread)
    written = Written(
        event_id=event.id,
        clinic_id=event.clinic_id,
        sender_id=_sender(session, mail, thread),
        channel=Channel.email,
        address=address,
        address_blind=address_blind,
        body=mail.new_text or mail.subject,
        media_count=len(mail.attachments),
        received_at=event.received_at,
        carrier_acts=False,
        is_verified=is_verified,
        may_be_answered=not mail.is_automatic,
        email_message_id=mail.message_id,
        threaded=thread.touchpoint_id if thread else None,
    )
    keep(session, written, match, now=now)
    return "reply"


def receive_bounce(session: Session, event: ProviderEvent, *, now: datetime) -> str:
    """Understand one delivery report of a mail server; returns the outcome."""
    return _bounce(session, parse_mail(raw_of(event.payload)), now=now)


def _match(session: Session, address_blind: bytes, thread: Message | None) -> tuple[Match, bool]:
    """Find who wrote, and whether that is proved: an answer to our mail, from the address it went to."""
    match = find(session, Channel.email, address_blind)
    if thread is None or thread.contact_point_id is None:
        return match, False
    written_to = next(
        (each for each in match.candidates if each.contact_point_id == thread.contact_point_id), None
    )
    if written_to is not None and not written_to.is_wrong_person:
        return Match(Found.patient, match.candidates, written_to), True
    if match.candidates:
        return match, False
    # Answered from another address, perhaps a relative's: about this patient, but nobody we know.
    return Match(Found.patient, (), _patient_of(session, thread)), False


def _patient_of(session: Session, thread: Message) -> Candidate:
    point = session.get_one(ContactPoint, thread.contact_point_id)
    patient = session.get_one(Patient, point.patient_id)
    return Candidate(
        contact_point_id=point.id, patient_id=patient.id, language=patient.language, is_current=True,
        is_wrong_person=False, is_opted_out=point.opted_out_at is not None,
    )  # fmt: skip


def _answered(session: Session, mail: ParsedMail) -> Message | None:
    """Return our mail that this one answers, the nearest first."""
    found = {
        each.email_message_id: each
        for each in session.scalars(select(Message).where(Message.email_message_id.in_(mail.answers[:20])))
    }
    return next((found[each] for each in mail.answers if each in found), None)


def _sender(session: Session, mail: ParsedMail, thread: Message | None) -> uuid.UUID:
    if thread is not None:
        return thread.sender_id
    ours = select(Sender.id).where(Sender.channel == Channel.email)
    written_to = session.scalar(ours.where(Sender.address.in_(_ours(mail.recipients))).limit(1))
    return written_to or session.scalars(ours.order_by(Sender.recorded_at).limit(1)).one()


def _ours(recipients: Sequence[str]) -> list[str]:
    """Return the recipients as a sender row may know them: in small letters, with and without a plus tag."""
    addresses = [each.casefold() for each in recipients[:50]]
    plain = [
        f"{local.partition('+')[0]}@{domain}"
        for local, _, domain in (each.partition("@") for each in addresses)
    ]
    return list(dict.fromkeys([*addresses, *plain]))


def _bounce(session: Session, mail: ParsedMail, *, now: datetime) -> str:
    report = mail.report
    if report is None or not report.is_failure:
        return "bounce_delayed"
    message = session.scalar(
        select(Message).where(Message.email_message_id == (report.original_message_id or "")).limit(1)
    )
    if message is None:
        return "bounce_of_nothing_known"
    consequence = after_refusal(
        _refusal(report.status), tries=message.calls, now=now, not_after=message.not_after
    )
    apply(session, message.id, consequence=consequence, code=report.status, now=now)
    return "bounce"


def _refusal(status: str) -> Refusal:
    """Class of an enhanced status code. Source: RFC 3463: x.1 address, x.2 mailbox, x.7 policy."""
    if status.startswith("4") or status == "5.2.2":
        return Refusal.temporary
    if status.startswith(("5.1", "5.2", "5.4", "5.0")):
        return Refusal.bad_number
    return Refusal.blocked if status.startswith("5.7") else Refusal.unknown


def _ask_to_look(session: Session, event: ProviderEvent, what: str, *, now: datetime) -> None:
    assert event.clinic_id is not None
    open_task(
        session, event.clinic_id, kind=TaskKind.review_reply, now=now, due_at=now + _LOOK_DUE,
        subject_id=event.id, priority="high", reason=f"{what} Please look into the mailbox.",
    )  # fmt: skip
