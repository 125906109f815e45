"""Commit claimed messages to ``calling``, right before the carrier is called.

This transaction re-reads consent, opt-out, holds, pauses and the window: what has changed since the message was
queued is seen here, under a lock that an opt-out has to wait for. What may not be called keeps its reason.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from followup.clinics.states import Channel
from followup.db import sealed
from followup.db.restore import PAUSED
from followup.kit.mail.build import new_message_id
from followup.log import logger
from followup.messaging.models import Message
from followup.messaging.put_back import put_back, quarantine
from followup.messaging.rest import is_by_carrier
from followup.messaging.rules import CALL, SENDING_PAUSED, Facts, Verdict, may_call
from followup.messaging.states import Purpose
from followup.messaging.stop import stopped_wordings

_log = logger(__name__)

# The carrier's answer is waited for at most 20 s; past this the attempt is in doubt.
CALL_LEASE_SECONDS = 45
_FACTS = text(
    """
    SELECT a.id AS attempt_id, a.token, a.state AS attempt_state,
           s.address AS sender_address, s.messaging_service_sid,
           s.paused_until IS NULL OR s.paused_until <= :now AS sender_may_probe,
           m.id AS message_id, m.purpose, m.channel, m.not_after, m.segments, m.round,
           m.to_sealed, m.body_sealed, m.subject_sealed, m.language, m.text_key, m.email_message_id,
           m.in_reply_to, m.contact_point_id, m.clinic_id, m.touchpoint_id, m.calls, m.patient_id,
           p.state AS contact_state, p.opted_out_at IS NOT NULL AS opted_out,
           p.consented_at IS NOT NULL AS consented,
           e.state AS enrollment_state, e.held_since IS NOT NULL AS is_held,
           c.sending_paused_at IS NOT NULL AS clinic_paused, c.sending_paused_reason,
           COALESCE(c.sending_paused_reason LIKE :restored, false)
               AND COALESCE(r.received_at, m.queued_at) <= c.sending_paused_at AS may_be_repeated,
           c.short_name AS clinic_name, c.office_phone, c.urgent_phone,
           t.state AS touchpoint_state,
           q.died_at IS NOT NULL AS patient_died,
           m.round > 1 AND EXISTS (
               SELECT 1 FROM message n WHERE n.touchpoint_id = m.touchpoint_id AND n.purpose = m.purpose
                 AND n.round < m.round AND n.state = 'delivered') AS arrived_before
    FROM attempt a
    JOIN message m ON m.id = a.message_id
    JOIN clinic c ON c.id = m.clinic_id
    JOIN sender s ON s.id = m.sender_id
    LEFT JOIN contact_point p ON p.id = m.contact_point_id
    LEFT JOIN enrollment e ON e.id = m.enrollment_id
    LEFT JOIN touchpoint t ON t.id = m.touchpoint_id
    LEFT JOIN patient q ON q.id = m.patient_id
    LEFT JOIN reply r ON r.id = m.cause_id
    WHERE a.id = ANY(:attempts) AND a.claimed_by = :pump AND a.lease_until > now() AND m.state = 'queued'
      AND (a.state = 'claimed' OR a.state = 'calling' AND :again)
    ORDER BY a.id
    FOR UPDATE OF a
    """
)
# Shared locks, in one order: an opt-out, a withdrawal or a hold under way is waited for; a later one waits for us.
_LOCK_POINTS = text("SELECT id FROM contact_point WHERE id = ANY(:ids) ORDER BY id FOR SHARE")
_LOCK_ENROLLMENTS = text("SELECT id FROM enrollment WHERE id = ANY(:ids) ORDER BY id FOR SHARE")
_WHOSE = text(
    "SELECT m.contact_point_id, m.enrollment_id FROM attempt a JOIN message m ON m.id = a.message_id"
    " WHERE a.id = ANY(:attempts)"
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
    session: Session, attempts: Sequence[uuid.UUID], *, pump: uuid.UUID, now: datetime, again: bool = False
) -> list[Call]:
    """Commit attempts to ``calling``, right before the calls; what may not be called keeps its reason.

    Returns only what may be called. An attempt whose lease ran out is not among them: somebody else has it.
    ``again``: the first time ended without an answer of the database, and none of them has been called since.
    """
    _lock_what_may_stop_them(session, attempts)
    asked = {"attempts": list(attempts), "pump": pump, "now": now, "again": again, "restored": f"{PAUSED}%"}
    rows = session.execute(_FACTS, asked).all()
    stopped = stopped_wordings(session, rows[0].clinic_id, {row.text_key for row in rows}) if rows else ()
    calls: list[Call] = []
    has_probed = False
    for row in rows:
        decision = may_call(_facts(row, stopped), now)
        if decision.reason == SENDING_PAUSED and not has_probed and _may_probe(row):
            has_probed, decision = True, CALL
        call = _call(row) if decision.verdict is Verdict.call else None
        if decision.verdict is not Verdict.call:
            put_back(session, row, decision, now=now)
        elif call is None:
            quarantine(session, row.message_id, "it could not be read", now=now)
        else:
            calls.append(call)
    _commit_to_calling(session, calls, now=now)
    return calls


def _lock_what_may_stop_them(session: Session, attempts: Sequence[uuid.UUID]) -> None:
    whose = session.execute(_WHOSE, {"attempts": list(attempts)}).all()
    for lock, ids in (
        (_LOCK_POINTS, {row.contact_point_id for row in whose}),
        (_LOCK_ENROLLMENTS, {row.enrollment_id for row in whose}),
    ):
        if known := [each for each in ids if each is not None]:
            session.execute(lock, {"ids": known})


def _may_probe(row: Row[Any]) -> bool:
    """While the carrier refuses our account, one message at a time finds out whether somebody mended it."""
    return is_by_carrier(row.sending_paused_reason) and bool(row.sender_may_probe)


def _commit_to_calling(session: Session, calls: Sequence[Call], *, now: datetime) -> None:
    if calls:
        session.execute(
            text("UPDATE message SET called_at = :now WHERE id = ANY(:ids)"),
            {"ids": [each.message_id for each in calls], "now": now},
        )
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


def _facts(row: Row[Any], stopped: Collection[str]) -> Facts:
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
        arrived_before=bool(row.arrived_before),
        text_stopped=row.text_key in stopped,
        may_be_repeated=bool(row.may_be_repeated),
    )


def _call(row: Row[Any]) -> Call | None:
    """Open the sealed parts; None for a row that can't be opened, which must not hold up the others."""
    try:
        return _opened(row)
    except Exception as error:  # noqa: BLE001 - a broken row, or one sealed with a key that is gone
        _log.error("message can't be opened", message_id=str(row.message_id), error=type(error).__name__)
        return None


def _opened(row: Row[Any]) -> Call:
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
