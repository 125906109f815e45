"""Understand one raw event of a clinic: an inbound text becomes a reply, a delivery report moves its message.

Runs in one transaction of the clinic, under the lock of the event's row; repeating it changes nothing. Texts of
staff are left to the escalation stage. What can't come from a person's phone is recorded and not answered.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.clinics.models import Clinic, Sender
from followup.clinics.states import Channel
from followup.db.sealed import blind
from followup.doorbell import ring
from followup.intake.first_look import may_be_urgent
from followup.intake.models import ProviderEvent
from followup.intake.spool import SAFETY_TEXT
from followup.intake.states import EventKind
from followup.intake.waiting import STAFF_TEXT
from followup.kit.tokens import find_reply_codes
from followup.messaging.carrier_errors import classify
from followup.messaging.track import Report, track_by_provider_id, track_by_token
from followup.replies.keep import Written, keep, one_at_a_time
from followup.replies.match import Found, Match, find
from followup.replies.media import note_media
from followup.replies.receive_mail import receive_bounce, receive_mail
from followup.staff.models import StaffContactPoint

_E164 = re.compile(r"\+[1-9]\d{6,14}")
# What carriers put where the sender is hidden: "anonymous" and its kin on a telephone keypad.
_NOBODY = frozenset(["+266696687", "+7378742833", "+2562533", "+8656696", "+464"])
_FAILED = frozenset(["failed", "undelivered", "canceled"])


def receive(session: Session, event: ProviderEvent, *, now: datetime) -> None:
    """Understand one event whose row is locked, and close it with its outcome (except what is left to others)."""
    match event.kind:
        case EventKind.inbound_sms:
            outcome = _text(session, event, now=now)
        case EventKind.sms_status:
            outcome = _report(session, event, now=now)
        case EventKind.inbound_email:
            outcome = receive_mail(session, event, now=now)
        case EventKind.bounce:
            outcome = receive_bounce(session, event, now=now)
        case _:
            outcome = "not_ours"
    event.outcome = outcome
    if outcome != STAFF_TEXT:
        event.processed_at = now


def _text(session: Session, event: ProviderEvent, *, now: datetime) -> str:
    assert event.clinic_id is not None
    fields = event.payload
    address, body = fields.get("From", ""), fields.get("Body", "")
    is_phone = bool(_E164.fullmatch(address)) and address not in _NOBODY
    if not is_phone and not may_be_urgent(body):
        return "sender_cannot_be_answered"
    address_blind = blind("phone", address)
    one_at_a_time(session, event.clinic_id, address_blind)
    match = find(session, Channel.sms, address_blind) if is_phone else Match(Found.stranger)
    if is_phone and _is_from_staff(session, address_blind, match, body):
        ring(session, "care.escalate")
        return STAFF_TEXT
    clinic = session.get_one(Clinic, event.clinic_id)
    written = Written(
        event_id=event.id,
        clinic_id=event.clinic_id,
        sender_id=_sender(session, event, fields),
        channel=Channel.sms,
        address=address,
        address_blind=address_blind,
        body=body,
        media_count=_media_count(fields),
        received_at=event.received_at,
        opt_out_type=fields.get("OptOutType", ""),
        carrier_acts=bool(clinic.settings.get("carrier_answers_keywords", True)),
        may_be_answered=is_phone,
        was_told=bool(fields.get(SAFETY_TEXT)),
    )
    note_media(session, keep(session, written, match, now=now), fields)
    return "reply"


def _is_from_staff(session: Session, address_blind: bytes, match: Match, body: str) -> bool:
    """Whether a staff phone wrote; one that is a patient's phone, too, speaks as staff only with a reply code."""
    # A disabled phone too: a nurse who sent STOP may still accept by code, and START has to be heard.
    is_staff = session.scalar(
        select(StaffContactPoint.id).where(StaffContactPoint.address_blind == address_blind).limit(1)
    )
    return is_staff is not None and (not match.candidates or bool(find_reply_codes(body)))


def _sender(session: Session, event: ProviderEvent, fields: Mapping[str, str]) -> uuid.UUID:
    found = session.scalar(
        select(Sender.id).where(Sender.channel == Channel.sms, Sender.address == event.our_address)
    )
    if found is not None:
        return found
    service = fields.get("MessagingServiceSid", "")
    return session.scalars(
        select(Sender.id)
        .where(Sender.channel == Channel.sms, Sender.messaging_service_sid == service)
        .order_by(Sender.recorded_at, Sender.id)
        .limit(1)
    ).one()


def _media_count(fields: Mapping[str, str]) -> int:
    """The announced number, if it is one; what is really there is found out when somebody fetches it."""
    told = fields.get("NumMedia", "0")
    return min(int(told), 10) if told.isdecimal() and len(told) < 4 else 0


def _report(session: Session, event: ProviderEvent, *, now: datetime) -> str:
    fields = event.payload
    status, code = fields.get("MessageStatus", ""), fields.get("ErrorCode", "") or None
    is_failure = status in _FAILED
    report = Report(
        provider_id=fields.get("MessageSid", ""),
        status=status,
        # A code may linger on reports that are no failures; it means nothing there.
        error_code=code if is_failure else None,
        refusal=classify(code) if is_failure and code else None,
    )
    if event.token and track_by_token(session, event.token, report=report, now=now):
        return "status"
    return "status" if track_by_provider_id(session, report, now=now) else "unknown_message"
