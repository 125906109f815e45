"""Say who does a task: a person takes it, gets it from a colleague, or gives it back. It stays due when it was."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.errors import Conflict, NotFound
from followup.tasks.models import Task
from followup.tasks.states import TaskState


def take(
    session: Session, task_id: uuid.UUID, *, owner_id: uuid.UUID | None, now: datetime, actor: Actor
) -> Task:
    """Give an open task to a person of this clinic, whom the caller has looked up; None gives it back to all.

    Raises NotFound, or Conflict if it was closed meanwhile.
    """
    task = session.get(Task, task_id, with_for_update=True)
    if task is None:
        raise NotFound
    if task.state is TaskState.done:
        raise Conflict("This task was closed by somebody else.")
    before, task.owner_id = task.owner_id, owner_id
    if before != owner_id:
        record(
            session, task.clinic_id, actor=actor, action="assign task" if owner_id else "give back task", now=now,
            subject=Subject("task", task.id, task.patient_id),
            details={"from": str(before or ""), "to": str(owner_id or "")},
        )  # fmt: skip
    return task
