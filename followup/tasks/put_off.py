"""Put a task off: it is due later, for a reason that stays on record. What is about safety can't be put off.

A task whose being overdue becomes an urgent case exists because somebody may be in danger and is silent; moving its
time would switch that alarm off.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, moved, record
from followup.errors import Conflict, InvalidInput, NotFound
from followup.tasks.models import Task
from followup.tasks.states import RAISED_WHEN_OVERDUE, TaskState

# Longer is a new task, or a plan; not an old one that nobody looks at.
LONGEST = timedelta(days=3)
LONGEST_REASON = 500


def put_off(
    session: Session, task_id: uuid.UUID, *, until: datetime, reason: str, now: datetime, actor: Actor
) -> Task:
    """Move when an open task is due (care time). Raises NotFound, Conflict, InvalidInput at the field."""
    if not reason.strip():
        raise InvalidInput("reason", "Say why it can wait.")
    if len(reason) > LONGEST_REASON:
        raise InvalidInput("reason", f"Keep it under {LONGEST_REASON} characters.")
    if not now < until <= now + LONGEST:
        raise InvalidInput("until", f"Choose a time within the next {LONGEST.days} days.")
    task = session.get(Task, task_id, with_for_update=True)
    if task is None:
        raise NotFound
    if task.state is TaskState.done:
        raise Conflict("This task was closed by somebody else.")
    if task.kind in RAISED_WHEN_OVERDUE or task.priority == "high":
        raise Conflict(
            "This one is about safety and can't be put off. Call the patient, or hand it to a clinician."
        )
    task.due_at = until
    moved(
        session, task.clinic_id, thing="task", thing_id=task.id, before=TaskState.open, after=TaskState.open,
        now=now, reason=f"put off until {until.isoformat(timespec='minutes')}", actor=actor,
    )  # fmt: skip
    record(
        session, task.clinic_id, actor=actor, action="put off task", now=now, reason=reason.strip(),
        subject=Subject("task", task.id, task.patient_id), details={"until": until.isoformat()},
    )  # fmt: skip
    return task
