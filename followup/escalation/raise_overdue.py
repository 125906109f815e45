"""Turn what a person should have done by now into an urgent case: overdue call-backs, unread replies, silences.

Each task is raised once (``raised_at``); it stays open for the person, and the case stands beside it. A task that
somebody closes while we look is not raised.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from followup.audit.record import moved
from followup.db.session import Database
from followup.escalation.open import Finding, Opened, open_case
from followup.escalation.states import CaseTier
from followup.kit.clock import Clock
from followup.log import logger
from followup.replies.models import Reply
from followup.tasks.models import Task
from followup.tasks.states import TaskKind, TaskState

_log = logger(__name__)

# Overdue, these may hide a patient in danger; the others are about addresses, wording and wishes.
RAISED: dict[TaskKind, str] = {
    TaskKind.call_back: "overdue_task",
    TaskKind.review_reply: "overdue_task",
    TaskKind.call_silent: "silence",
    TaskKind.identity: "overdue_task",
}

_DUE = text(
    """
    SELECT id, clinic_id FROM task
    WHERE state = 'open' AND raised_at IS NULL AND due_at <= :now AND kind = ANY(:kinds)
    ORDER BY due_at, id LIMIT 500
    """
)


def raise_overdue(database: Database, clock: Clock, *, public_url: str) -> int:
    """Raise every overdue task of every clinic, oldest first; returns how many."""
    raised = 0
    with database.engine() as session:
        rows = session.execute(_DUE, {"now": clock.now(), "kinds": [each.value for each in RAISED]})
        due = [(row.id, row.clinic_id) for row in rows]
    for task_id, clinic_id in due:
        try:
            with database.transaction(clinic_id) as session:
                raised += raise_task(session, task_id, public_url=public_url, now=clock.now()) is not None
        except Exception as error:  # noqa: BLE001 - one task that breaks must not keep the others waiting
            _log.error("task not raised", task_id=str(task_id), error=type(error).__name__)
    return raised


def raise_task(session: Session, task_id: uuid.UUID, *, public_url: str, now: datetime) -> Opened | None:
    """Open an urgent case for one overdue task, once; None if it is closed, not due, or was raised before."""
    task = session.scalar(
        select(Task)
        .where(
            Task.id == task_id, Task.state == TaskState.open, Task.raised_at.is_(None), Task.due_at <= now
        )
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    if task is None or task.kind not in RAISED:
        return None
    task.raised_at = now
    moved(
        session, task.clinic_id, thing="task", thing_id=task.id, before=TaskState.open, after="raised",
        now=now, reason="overdue: it became an urgent case",
    )  # fmt: skip
    finding = Finding(
        RAISED[task.kind], task.id, CaseTier.urgent, at=now, rule=f"overdue {task.kind}",
        patient_id=task.patient_id, enrollment_id=_enrollment(session, task),
    )  # fmt: skip
    return open_case(session, task.clinic_id, finding, public_url=public_url, now=now)


def _enrollment(session: Session, task: Task) -> uuid.UUID | None:
    if task.subject_id is None or task.kind not in (TaskKind.call_back, TaskKind.review_reply):
        return None
    return session.scalar(select(Reply.enrollment_id).where(Reply.id == task.subject_id))
