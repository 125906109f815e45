"""What needs a person now, in the order of how fast: the first screen after signing in.

Every list has a limit and says how many there are in all. Names are opened here, in the clinic's own
transaction; nothing of this goes into an address or a log.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from followup.enrollment.models import Touchpoint
from followup.enrollment.states import TouchpointState
from followup.escalation.models import Escalation
from followup.escalation.states import OPEN_STATES
from followup.messaging.models import Message
from followup.patients.models import Patient
from followup.replies.models import Reply
from followup.replies.states import ReplyState
from followup.staff.models import Shift, Staff
from followup.tasks.models import Task
from followup.tasks.states import TaskState

MOST_SHOWN = 20
LATE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One open escalation."""

    id: uuid.UUID
    code: str
    tier: str
    state: str
    opened_at: datetime
    owner: str | None
    patient: str | None
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One open task."""

    id: uuid.UUID
    kind: str
    priority: str
    reason: str
    due_at: datetime
    patient_id: uuid.UUID | None
    patient: str | None
    owner: str | None
    owner_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is on call for one duty, and until when."""

    duty: str
    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Today:
    """Everything the first screen shows; counts are of the whole clinic."""

    cases: Sequence[CaseLine]
    overdue: Sequence[TaskLine]
    overdue_count: int
    task_count: int
    inbox_count: int
    oldest_inbox_at: datetime | None
    on_call: Sequence[OnCall]
    sent_by_state: Sequence[tuple[str, int]]
    late_count: int
    planned_count: int


def today(session: Session, now: datetime) -> Today:
    """Read the first screen for the clinic of this transaction; ``now`` is care time."""
    overdue = task_lines(session, _open_tasks().where(Task.due_at <= now))
    counts = session.execute(
        select(func.count(), func.count().filter(Task.due_at <= now)).where(Task.state == TaskState.open)
    ).one()
    inbox = session.execute(
        select(func.count(), func.min(Reply.received_at)).where(Reply.state == ReplyState.in_review)
    ).one()
    late, planned = session.execute(
        select(
            func.count().filter(Touchpoint.due_at < now - LATE_AFTER),
            func.count().filter(Touchpoint.due_at >= now - LATE_AFTER),
        ).where(Touchpoint.state == TouchpointState.planned, Touchpoint.look_at < now + timedelta(hours=24))
    ).one()
    return Today(
        cases=open_cases(session),
        overdue=overdue,
        overdue_count=counts[1],
        task_count=counts[0],
        inbox_count=inbox[0],
        oldest_inbox_at=inbox[1],
        on_call=on_call(session, now),
        sent_by_state=sent_by_state(session, now - timedelta(hours=24)),
        late_count=late,
        planned_count=planned,
    )


def open_cases(session: Session) -> list[CaseLine]:
    """Return the open escalations, emergencies first, then oldest first."""
    rows = session.execute(
        select(Escalation, Staff.name, Patient)
        .outerjoin(Staff, Staff.id == Escalation.owner_id)
        .outerjoin(Patient, Patient.id == Escalation.patient_id)
        .where(Escalation.state.in_(OPEN_STATES))
        .order_by(case((Escalation.tier == "emergency", 0), else_=1), Escalation.opened_at, Escalation.id)
        .limit(100)
    )
    return [
        CaseLine(
            id=each.id, code=each.code, tier=each.tier, state=each.state.value, opened_at=each.opened_at,
            owner=owner, patient=patient.name if patient else None,
            flags=tuple(str(flag) for flag in each.flags),
        )
        for each, owner, patient in rows
    ]  # fmt: skip


def _open_tasks() -> Select[*tuple[Any, ...]]:
    return (
        select(Task, Patient, Staff.name)
        .outerjoin(Patient, Patient.id == Task.patient_id)
        .outerjoin(Staff, Staff.id == Task.owner_id)
        .where(Task.state == TaskState.open)
        .order_by(Task.due_at, Task.id)
    )


def open_task_lines(
    session: Session, *, after: tuple[datetime, uuid.UUID] | None = None, limit: int = 50
) -> list[TaskLine]:
    """Return open tasks by due time, after the last one of the page before."""
    query = _open_tasks()
    if after is not None:
        query = query.where((Task.due_at > after[0]) | ((Task.due_at == after[0]) & (Task.id > after[1])))
    return task_lines(session, query, limit=limit)


def task_lines(
    session: Session, query: Select[*tuple[Any, ...]], *, limit: int = MOST_SHOWN
) -> list[TaskLine]:
    """Read tasks with the names of patient and owner."""
    return [
        TaskLine(
            id=task.id, kind=task.kind.value, priority=task.priority, reason=task.reason, due_at=task.due_at,
            patient_id=task.patient_id, patient=patient.name if patient else None, owner=owner,
            owner_id=task.owner_id,
        )
        for task, patient, owner in session.execute(query.limit(limit))
    ]  # fmt: skip


def on_call(session: Session, now: datetime) -> list[OnCall]:
    """Return who is on call now, by duty."""
    rows = session.execute(
        select(Shift.duty, Staff.name, Shift.ends_at)
        .join(Staff, Staff.id == Shift.staff_id)
        .where(Shift.starts_at <= now, Shift.ends_at > now, Staff.disabled_at.is_(None))
        .order_by(Shift.duty, Shift.ends_at, Shift.id)
        .limit(MOST_SHOWN)
    )
    return [OnCall(*row) for row in rows]


def sent_by_state(session: Session, since: datetime) -> list[tuple[str, int]]:
    """Return how many messages queued since then stand where."""
    rows = session.execute(
        select(Message.state, func.count())
        .where(Message.queued_at >= since)
        .group_by(Message.state)
        .order_by(Message.state)
    )
    return [(state.value, count) for state, count in rows]
