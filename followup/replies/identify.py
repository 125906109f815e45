"""Say who wrote: a person files a reply from a shared or unknown number with the patient it is about.

The words stay where they are, the task is closed, and planned texts go on. Triage has read the reply already.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.doorbell import ring
from followup.errors import Conflict, NotFound
from followup.patients.models import ContactPoint, Patient
from followup.replies.hold import IDENTITY, release
from followup.replies.models import Reply
from followup.tasks.close import close_task
from followup.tasks.models import Task
from followup.tasks.states import TaskKind, TaskState


def identify(
    session: Session, reply_id: uuid.UUID, patient_id: uuid.UUID, *, now: datetime, actor: Actor
) -> Reply:
    """File a reply with a patient of the clinic. Raises NotFound, or Conflict if it was filed elsewhere before."""
    reply = session.get(Reply, reply_id, with_for_update=True, populate_existing=True)
    if reply is None or session.get(Patient, patient_id) is None:
        raise NotFound
    if reply.patient_id not in (None, patient_id):
        raise Conflict("This reply was filed with another patient.")
    reply.patient_id = patient_id
    points = session.scalars(
        select(ContactPoint).where(
            ContactPoint.channel == reply.channel, ContactPoint.address_blind == reply.sender_blind
        )
    ).all()
    own = next((each for each in points if each.patient_id == patient_id), None)
    reply.contact_point_id = own.id if own else None
    record(
        session, reply.clinic_id, actor=actor, action="identify sender", now=now,
        subject=Subject("reply", reply.id, patient_id),
    )  # fmt: skip
    waiting = select(Task.id).where(
        Task.kind == TaskKind.identity, Task.subject_id == reply.id, Task.state == TaskState.open
    )
    for task_id in session.scalars(waiting).all():
        close_task(session, task_id, disposition="corrected", now=now, actor=actor)
    release(
        session, [patient_id, *(each.patient_id for each in points)], reasons=[IDENTITY], now=now, actor=actor
    )
    ring(session, "messages.dispatch")
    return reply
