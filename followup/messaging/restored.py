"""After a backup was restored: nothing is sent until a person says so, and nothing of the lost time is sent again.

The restored rows believe that what went out since the backup is still to come. The carrier's list knows better: who
got a text in the lost time gets none of what was due then. The carrier is asked between the two transactions.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, moved, record
from followup.clinics.models import Clinic
from followup.clinics.states import Channel
from followup.enrollment.advance import advance_touchpoint
from followup.enrollment.models import Touchpoint
from followup.enrollment.states import TouchpointState
from followup.messaging.models import Message
from followup.messaging.states import MessageState
from followup.patients.models import ContactPoint
from followup.ports import CarrierMessage
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

RESTORED = "restored from a backup; a person lets sending go on"
SENT_THEN = "a backup was restored, and the carrier shows a text to this number in the time that was lost"


def hold_after_restore(session: Session, clinic_id: uuid.UUID, *, now: datetime, actor: Actor) -> list[str]:
    """Pause the clinic's sending; return the numbers to ask the carrier about: whoever is due something."""
    clinic = session.get_one(Clinic, clinic_id, with_for_update=True)
    clinic.sending_paused_at, clinic.sending_paused_reason = now, RESTORED
    open_task(
        session, clinic_id, kind=TaskKind.sending_paused, now=now, due_at=now, subject_id=clinic_id,
        priority="high", reason="A backup was restored. Compare what is due with the carrier, then resume.",
    )  # fmt: skip
    record(
        session, clinic_id, actor=actor, action="hold after restore", now=now,
        subject=Subject("clinic", clinic_id),
    )  # fmt: skip
    points = session.scalars(select(ContactPoint).where(ContactPoint.id.in_(_at_stake(session, now))))
    return sorted({point.address for point in points})


def settle_lost_time(
    session: Session, listed: Collection[CarrierMessage], *, since: datetime, now: datetime
) -> int:
    """Leave out what was due for numbers that got a text nobody here knows of; returns how many contacts.

    ``listed``: what the carrier shows, ``since`` the backup was made (machine time); ``now`` is care time.
    """
    known = set(session.scalars(select(Message.provider_id).where(Message.provider_id.is_not(None))))
    told = {
        each.to
        for each in listed
        if each.direction.startswith("outbound")
        and each.created_at >= since
        and each.provider_id not in known
    }
    left_out = 0
    points = session.scalars(select(ContactPoint).where(ContactPoint.id.in_(_at_stake(session, now)))).all()
    for point in points:
        if point.address in told:
            _cancel_queued(session, point, now=now)
            left_out += _leave_out(session, point.patient_id, now=now)
    return left_out


def _at_stake(session: Session, now: datetime) -> list[uuid.UUID]:
    return list(
        session.scalars(
            text(
                "SELECT p.id FROM contact_point p WHERE p.channel = :sms AND ("
                " EXISTS (SELECT 1 FROM touchpoint t WHERE t.patient_id = p.patient_id"
                "   AND t.state IN ('planned', 'dispatched') AND t.due_at <= :now)"
                " OR EXISTS (SELECT 1 FROM message m WHERE m.contact_point_id = p.id AND m.state = 'queued'))"
            ),
            {"sms": Channel.sms, "now": now},
        )
    )


def _cancel_queued(session: Session, point: ContactPoint, *, now: datetime) -> None:
    for message in session.scalars(
        select(Message)
        .where(Message.contact_point_id == point.id, Message.state == MessageState.queued)
        .with_for_update()
    ):
        message.state, message.claimable = MessageState.cancelled, False
        message.reason, message.final_at = SENT_THEN, now
        moved(
            session, message.clinic_id, thing="message", thing_id=message.id, before=MessageState.queued,
            after=MessageState.cancelled, now=now, reason=SENT_THEN,
        )  # fmt: skip


def _leave_out(session: Session, patient_id: uuid.UUID, *, now: datetime) -> int:
    due = session.scalars(
        select(Touchpoint.id).where(
            Touchpoint.patient_id == patient_id,
            Touchpoint.due_at <= now,
            Touchpoint.state.in_([TouchpointState.planned, TouchpointState.dispatched]),
            # What was sent before the backup and is known here stays as it is.
            ~select(Message.id)
            .where(Message.touchpoint_id == Touchpoint.id, Message.state.not_in(["queued", "cancelled"]))
            .exists(),
        )
    ).all()
    return sum(
        advance_touchpoint(session, each, to=TouchpointState.skipped, now=now, reason=SENT_THEN)
        for each in due
    )
