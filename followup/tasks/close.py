"""Close a task with what was done. Nothing is closed silently: a disposition is required."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, moved, record
from followup.errors import Conflict, InvalidInput, NotFound
from followup.tasks.models import Task
from followup.tasks.states import TaskState

DISPOSITIONS = {
    "reached_fine": "Spoke with the patient: as expected",
    "reached_advised": "Spoke with the patient: advice given",
    "reached_appointment": "Spoke with the patient: appointment made",
    "escalated": "Handed to a clinician",
    "not_reached": "Could not reach the patient after several tries",
    "corrected": "Corrected the record",
    "no_action": "Read; no action needed",
    "gone": "The reason for it is gone",
}


def close_task(
    session: Session,
    task_id: uuid.UUID,
    *,
    disposition: str,
    now: datetime,
    actor: Actor,
    note: str | None = None,
) -> Task:
    """Close one open task; raises NotFound, Conflict (closed by somebody else) or InvalidInput."""
    if disposition not in DISPOSITIONS:
        raise InvalidInput("disposition", "Choose what was done.")
    task = session.get(Task, task_id, with_for_update=True)
    if task is None:
        raise NotFound
    if task.state is TaskState.done:
        raise Conflict("This task was closed by somebody else.")
    task.state = TaskState.done
    task.disposition = disposition
    task.note = note or None
    task.closed_at = now
    task.closed_by = str(actor)
    moved(
        session, task.clinic_id, thing="task", thing_id=task.id, before=TaskState.open, after=TaskState.done,
        now=now, reason=disposition, actor=actor,
    )  # fmt: skip
    record(
        session, task.clinic_id, actor=actor, action="close task", now=now, reason=disposition,
        subject=Subject("task", task.id, task.patient_id),
    )  # fmt: skip
    return task
