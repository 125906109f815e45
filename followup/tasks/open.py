"""Open a task for a person; the same reason about the same thing is one task, however often it comes up."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM, Actor, moved
from followup.kit.ids import new_id
from followup.tasks.models import Task
from followup.tasks.states import TaskKind, TaskState


def open_task(  # noqa: PLR0913 - a task says what, about whom, why, how fast and for whom
    session: Session, clinic_id: uuid.UUID, *, kind: TaskKind, reason: str, due_at: datetime, now: datetime,
    patient_id: uuid.UUID | None = None, subject_id: uuid.UUID | None = None, priority: str = "normal",
    owner_id: uuid.UUID | None = None, actor: Actor = SYSTEM,
) -> uuid.UUID:  # fmt: skip
    """Open a task, or return the one that is open for this subject already.

    ``reason`` is plain words without patient data; ``due_at`` is care time.
    """
    opened: uuid.UUID | None = session.scalar(
        insert(Task)
        .values(
            id=new_id(), clinic_id=clinic_id, kind=kind, state=TaskState.open, patient_id=patient_id,
            subject_id=subject_id, reason=reason, priority=priority, opened_at=now, due_at=due_at,
            owner_id=owner_id,
        )
        .on_conflict_do_nothing()
        .returning(Task.id)
    )  # fmt: skip
    if opened is not None:
        moved(
            session, clinic_id, thing="task", thing_id=opened, before=None, after=TaskState.open, now=now,
            reason=reason, actor=actor,
        )  # fmt: skip
        return opened
    standing = session.scalar(
        select(Task.id).where(Task.kind == kind, Task.subject_id == subject_id, Task.state == TaskState.open)
    )
    assert standing is not None, "a task conflicts only with an open one about the same subject"
    return standing
