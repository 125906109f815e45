"""Task rows. Several stages open them; only a person (or the reason going away) closes one, with a disposition."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from followup.db.base import ClinicRow, states
from followup.db.sealed import Sealed
from followup.tasks.states import TaskKind, TaskState


class Task(ClinicRow):
    """One to-do with its due time (care time, UTC) and the reason it exists."""

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_open", "clinic_id", "due_at", "id", postgresql_where="state = 'open'"),
        Index("ix_task_patient", "clinic_id", "patient_id"),
        Index(
            "uq_task_open_subject", "clinic_id", "kind", "subject_id",
            unique=True, postgresql_where="state = 'open' AND subject_id IS NOT NULL",
        ),
    )  # fmt: skip

    kind: Mapped[TaskKind] = mapped_column(states(TaskKind))
    state: Mapped[TaskState] = mapped_column(states(TaskState), default=TaskState.open)
    patient_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("patient.id"))
    # The reply, touchpoint, message or contact point it is about: one open task per subject and kind.
    subject_id: Mapped[uuid.UUID | None]
    reason: Mapped[str]  # plain words without patient data
    priority: Mapped[str] = mapped_column(default="normal")  # high, normal, low
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    raised_at: Mapped[datetime | None]  # when being overdue turned it into an urgent case
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    disposition: Mapped[str | None]
    note_sealed: Mapped[bytes | None]

    note: Sealed[str | None] = Sealed("note_sealed")
