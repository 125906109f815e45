"""Commit claimed messages to ``calling``, right before the carrier is called.

This transaction re-reads consent, opt-out, holds, pauses and the window: what has changed since the message was
queued is seen here, under a lock that an opt-out has to wait for. What may not be called keeps its reason.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from followup.audit.record import moved
from followup.clinics.states import Channel
from followup.db import sealed
from followup.enrollment.advance import advance_touchpoint
from followup.enrollment.states import TouchpointState
from followup.kit.mail.build import new_message_id
from followup.messaging.models import Message
from followup.messaging.rules import Facts, Verdict, may_call
from followup.messaging.states import MessageState, Purpose

# The carrier's answer is waited for at most 20 s; past this the attempt is in doubt.
CALL_LEASE_SECONDS = 45
_FACTS = text(
    """
    SELECT a.id AS attempt_id, a.token, s.address AS sender_address, s.messaging_service_sid,
           m.id AS message_id, m.purpose, m.channel, m.not_after, m.segments,
           m.to_sealed, m.body_sealed, m.subject_sealed, m.language, m.text_key, m.email_message_id,
           m.in_reply_to, m.contact_point_id, m.clinic_id, m.touchpoint_id, m.calls,
           p.state AS contact_state, p.opted_out_at IS NOT NULL AS opted_out,
           p.consented_at IS NOT NULL AS consented,
           e.state AS enrollment_state, e.held_since IS NOT NULL AS is_held,
           c.sending_paused_at IS NOT NULL AS clinic_paused, c.short_name AS clinic_name,
           c.office_phone, c.urgent_phone,
           t.state AS touchpoint_state,
           q.died_at IS NOT NULL AS patient_died
    FROM attempt a
    JOIN message m ON m.id = a.message_id
    JOIN clinic c ON c.id = m.clinic_id
    JOIN sender s ON s.id = m.sender_id
    LEFT JOIN contact_point p ON p.id = m.contact_point_id
    LEFT JOIN enrollment e ON e.id = m.enrollment_id
    LEFT JOIN touchpoint t ON t.id = m.touchpoint_id
    LEFT JOIN patient q ON q.id = m.patient_id
    WHERE a.id = ANY(:attempts) AND a.state = 'claimed' AND a.claimed_by = :pump AND a.lease_until > now()
      AND m.state = 'queued'
    ORDER BY a.id
    FOR UPDATE OF a
    """
)
_RELEASE_ONE = text(
    "UPDATE attempt SET state = 'released', settled_at = now(), settled_by = 'rule' WHERE id = :attempt"
)
_CANCEL = text(
    "UPDATE message SET state = 'cancelled', reason = :reason, final_at = :now"
    " WHERE id = :message AND state = 'queued'"
)
# Looked at again in a minute: what holds it ends by a person's hand, not by asking more often.
_WAIT = text(
    "UPDATE message SET claimable = true, reason = :reason,"
    " not_before = GREATEST(not_before, CAST(:now AS timestamptz) + interval '1 minute')"
    " WHERE id = :message AND state = 'queued'"
)
_LOCK_POINTS = text("SELECT id FROM contact_point WHERE id = ANY(:points) ORDER BY id FOR SHARE")
_POINTS = text(
    "SELECT DISTINCT m.contact_point_id FROM attempt a JOIN message m ON m.id = a.message_id"
    " WHERE a.id = ANY(:attempts) AND m.contact_point_id IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Call:
    """One message that may be called now; committed as ``calling``."""

    attempt_id: uuid.UUID
    message_id: uuid.UUID
    token: str
    purpose: Purpose
    channel: str
    to: str
    body: str
    subject: str | None
    language: str
    text_key: str
    not_after: datetime
    segments: int
    calls: int  # made before this one
    sender: str  # number, messaging service or mail address
    clinic_name: str
    clinic_phone: str
    urgent_phone: str
    contact_point_id: uuid.UUID | None
    email_message_id: str | None
    in_reply_to: str | None


def start_calling(
    session: Session, attempts: Sequence[uuid.UUID], *, pump: uuid.UUID, now: datetime
) -> list[Call]:
    """Commit attempts to ``calling``, right before the calls; what may not be called keeps its reason.

    Returns only what may be called. An attempt whose lease ran out is not among them: somebody else has it.
    """
    points = list(session.scalars(_POINTS, {"attempts": list(attempts)}))
    if points:
        # Shared locks, in one order: an opt-out under way is waited for, and a later one waits for us.
        session.execute(_LOCK_POINTS, {"points": points})
    rows = session.execute(_FACTS, {"attempts": list(attempts), "pump": pump}).all()
    calls: list[Call] = []
    for row in rows:
        decision = may_call(_facts(row), now)
        if decision.verdict is Verdict.call:
            calls.append(_call(row))
        else:
            _put_back(
                session, row, cancel=decision.verdict is Verdict.cancel, reason=decision.reason, now=now
            )
    if calls:
        session.execute(
            text(
                "UPDATE attempt SET state = 'calling', calling_at = now(),"
                " lease_until = now() + make_interval(secs => :lease) WHERE id = ANY(:ids)"
            ),
            {"ids": [each.attempt_id for each in calls], "lease": CALL_LEASE_SECONDS},
        )
    mails = [
        {"id": each.message_id, "mail": each.email_message_id} for each in calls if each.email_message_id
    ]
    if mails:
        # Known before the call: an answer or a bounce finds its question even if we die during the call.
        session.execute(text("UPDATE message SET email_message_id = :mail WHERE id = :id"), mails)
    return calls


def _facts(row: Row[Any]) -> Facts:
    return Facts(
        purpose=Purpose(row.purpose),
        not_after=row.not_after,
        has_contact_point=row.contact_point_id is not None,
        contact_state=row.contact_state,
        opted_out=bool(row.opted_out),
        consented=bool(row.consented),
        enrollment_state=row.enrollment_state,
        is_held=bool(row.is_held),
        clinic_paused=bool(row.clinic_paused),
        patient_died=bool(row.patient_died),
        touchpoint_state=row.touchpoint_state,
    )


def _call(row: Row[Any]) -> Call:
    def opened(column: str) -> str:
        place = sealed.place(Message.__tablename__, column, row.message_id)
        return sealed.ring().open(bytes(getattr(row, column)), place)

    return Call(
        attempt_id=row.attempt_id,
        message_id=row.message_id,
        token=row.token,
        purpose=Purpose(row.purpose),
        channel=row.channel,
        to=opened("to_sealed"),
        body=opened("body_sealed"),
        subject=opened("subject_sealed") if row.subject_sealed is not None else None,
        language=row.language,
        text_key=row.text_key,
        not_after=row.not_after,
        segments=row.segments,
        calls=row.calls,
        sender=row.messaging_service_sid or row.sender_address,
        clinic_name=row.clinic_name,
        clinic_phone=row.office_phone,
        urgent_phone=row.urgent_phone,
        contact_point_id=row.contact_point_id,
        email_message_id=_message_id(row),
        in_reply_to=row.in_reply_to,
    )


def _message_id(row: Row[Any]) -> str | None:
    if row.channel != Channel.email:
        return None
    return new_message_id(row.token, row.sender_address.rpartition("@")[2])


def _put_back(session: Session, row: Row[Any], *, cancel: bool, reason: str, now: datetime) -> None:
    session.execute(_RELEASE_ONE, {"attempt": row.attempt_id})
    if not cancel:
        session.execute(_WAIT, {"message": row.message_id, "reason": reason, "now": now})
        return
    session.execute(_CANCEL, {"message": row.message_id, "reason": reason, "now": now})
    moved(
        session, row.clinic_id, thing="message", thing_id=row.message_id,
        before=MessageState.queued, after=MessageState.cancelled, now=now, reason=reason,
    )  # fmt: skip
    if row.touchpoint_id is not None and row.purpose == Purpose.planned:
        advance_touchpoint(session, row.touchpoint_id, to=TouchpointState.skipped, now=now, reason=reason)
