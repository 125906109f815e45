"""Pause a clinic's sending, and let it go on: after a restore, for maintenance, or once an account is mended.

Nothing is lost by a pause: texts stay due, their hours and their rules for being late decide what still goes.
Safety texts and pages to staff are never held by it. Who did it, when and why is on record.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.clinics.models import Clinic, Sender
from followup.doorbell import ring
from followup.errors import Conflict, InvalidInput
from followup.messaging.rules import REFUSED_ACCOUNT
from followup.tasks.close import close_task
from followup.tasks.models import Task
from followup.tasks.states import TaskKind, TaskState

LONGEST_REASON = 200


def pause_sending(
    session: Session, clinic_id: uuid.UUID, *, reason: str, now: datetime, actor: Actor
) -> None:
    """Hold everything but safety texts until a person lets it go on. Raises Conflict and InvalidInput.

    ``reason`` is shown on every page of the clinic: plain words without patient data.
    """
    words = " ".join(reason.split())
    if not words or len(words) > LONGEST_REASON or words.startswith(REFUSED_ACCOUNT):
        raise InvalidInput("reason", f"Say in up to {LONGEST_REASON} characters why nothing may be sent.")
    clinic = session.get_one(Clinic, clinic_id, with_for_update=True, populate_existing=True)
    if clinic.sending_paused_at is not None:
        raise Conflict("Sending is paused already.")
    clinic.sending_paused_at, clinic.sending_paused_reason = now, words
    record(
        session, clinic_id, actor=actor, action="pause sending", now=now, reason=words,
        subject=Subject("clinic", clinic_id),
    )  # fmt: skip


def resume_sending(
    session: Session, clinic_id: uuid.UUID, *, now: datetime, actor: Actor, reason: str
) -> None:
    """Let a clinic send again; what is late by now follows its own rule for being late.

    Senders that rest are tried at once: one text first, alone. Raises Conflict if nothing was paused.
    """
    clinic = session.get_one(Clinic, clinic_id, with_for_update=True, populate_existing=True)
    rested = session.scalars(
        update(Sender)
        .where(Sender.clinic_id == clinic_id, Sender.paused_until > now)
        .values(paused_until=None)
        .returning(Sender.id)
    ).all()
    if clinic.sending_paused_at is None and not rested:
        raise Conflict("Sending is not paused.")
    clinic.sending_paused_at = clinic.sending_paused_reason = None
    for task_id in session.scalars(
        select(Task.id).where(
            Task.kind == TaskKind.sending_paused, Task.state == TaskState.open, Task.subject_id == clinic_id
        )
    ).all():
        close_task(session, task_id, disposition="gone", now=now, actor=actor)
    record(
        session, clinic_id, actor=actor, action="resume sending", now=now, reason=reason,
        subject=Subject("clinic", clinic_id),
    )  # fmt: skip
    ring(session, "messages.dispatch")
    ring(session, "messages.deliver")
