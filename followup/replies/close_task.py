"""Close a task about who writes, or whether texts are wanted, and let the held texts of its patient go on.

The hold was made for the question that the task asks; a closed task has answered it. What the answer changed (an
opt-out, another number) stands in its own rows, and sending looks at those. A hold whose question another open task
still asks stays, and so does a hold of another reason.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import Actor
from followup.doorbell import ring
from followup.replies.hold import IDENTITY, WISH, release
from followup.tasks import close
from followup.tasks.models import Task
from followup.tasks.states import TaskKind, TaskState

# ``identity`` tasks name no patient: filing the reply with one of them (``identify``) releases all.
_ASKS: Mapping[TaskKind, str] = {TaskKind.consent: WISH, TaskKind.wrong_person: IDENTITY}


def close_task(
    session: Session,
    task_id: uuid.UUID,
    *,
    disposition: str,
    now: datetime,
    actor: Actor,
    note: str | None = None,
) -> Task:
    """Close one open task and release what it held; raises what ``tasks.close`` raises."""
    task = close.close_task(session, task_id, disposition=disposition, now=now, actor=actor, note=note)
    reason = _ASKS.get(task.kind)
    if reason is None or task.patient_id is None:
        return task
    session.flush()
    still_asked = select(Task.id).where(
        Task.patient_id == task.patient_id, Task.kind.in_([kind for kind, why in _ASKS.items() if why == reason]),
        Task.state == TaskState.open,
    )  # fmt: skip
    if session.scalar(still_asked.limit(1)) is None:
        release(session, [task.patient_id], reasons=[reason], now=now, actor=actor)
        ring(session, "messages.dispatch")
    return task
