"""Let a sender rest when its carrier has trouble, and let it work again when a message gets through.

Care time, like all that decides when a text goes out. A rest burns no try and loses no message: it only keeps a
pump from knocking at a closed door. Safety texts never rest; they are few, and somebody waits for them.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM
from followup.clinics.models import Clinic
from followup.doorbell import ring
from followup.log import logger
from followup.messaging.rules import REFUSED_ACCOUNT
from followup.tasks.close import close_task
from followup.tasks.models import Task
from followup.tasks.states import TaskKind, TaskState

_log = logger(__name__)


def rest_sender(session: Session, sender_id: uuid.UUID, *, until: datetime, reason: str) -> None:
    """Keep routine pumps from a sender until ``until``; the reason stays until a message gets through."""
    session.execute(
        text(
            "UPDATE sender SET paused_until = GREATEST(COALESCE(paused_until, :until), :until),"
            " pause_reason = :reason WHERE id = :sender"
        ),
        {"until": until, "reason": reason, "sender": sender_id},
    )
    _log.warning("sender rests", sender_id=str(sender_id), reason=reason)


def is_shaky(session: Session, sender_id: uuid.UUID) -> bool:
    """Whether the last thing heard about this sender was trouble: then one message goes first, alone."""
    row = session.execute(
        text(
            "SELECT s.pause_reason, c.sending_paused_reason FROM sender s JOIN clinic c ON c.id = s.clinic_id"
            " WHERE s.id = :sender"
        ),
        {"sender": sender_id},
    ).one()
    return row.pause_reason is not None or is_by_carrier(row.sending_paused_reason)


def sender_works(session: Session, sender_id: uuid.UUID, clinic_id: uuid.UUID, *, now: datetime) -> None:
    """Forget a sender's trouble, and end a pause of the clinic that the carrier had caused."""
    session.execute(
        text(
            "UPDATE sender SET paused_until = NULL, pause_reason = NULL"
            " WHERE id = :sender AND pause_reason IS NOT NULL"
        ),
        {"sender": sender_id},
    )
    clinic = session.get_one(Clinic, clinic_id, with_for_update=True, populate_existing=True)
    mended = [sender_id]
    if clinic.sending_paused_at is not None and is_by_carrier(clinic.sending_paused_reason):
        clinic.sending_paused_at = clinic.sending_paused_reason = None
        mended.append(clinic_id)
        ring(session, "messages.deliver")
        ring(session, "messages.dispatch")
    for task_id in session.scalars(
        select(Task.id).where(
            Task.kind == TaskKind.sending_paused, Task.state == TaskState.open, Task.subject_id.in_(mended)
        )
    ).all():
        close_task(session, task_id, disposition="gone", now=now, actor=SYSTEM)


def is_by_carrier(reason: str | None) -> bool:
    """Whether a pause ends by itself once the carrier takes a message: it caused it."""
    return reason is not None and reason.startswith(REFUSED_ACCOUNT)
