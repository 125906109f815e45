"""Enrollment and touchpoint rows: one patient on one pathway after one procedure, and every planned contact."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import DateTime, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from followup.clinics.states import Channel
from followup.db.base import ClinicRow, states
from followup.db.sealed import Sealed
from followup.enrollment.states import EnrollmentState, TouchpointState


class Enrollment(ClinicRow):
    """One patient on one pathway after one procedure."""

    __tablename__ = "enrollment"
    __table_args__ = (
        Index("ix_enrollment_patient", "clinic_id", "patient_id"),
        # The same patient for the same procedure date and pathway is enrolled once, whoever clicks twice.
        Index(
            "uq_enrollment_once", "clinic_id", "patient_id", "pathway", "performed_on",
            unique=True, postgresql_where="state <> 'withdrawn'",
        ),
        Index("uq_enrollment_request", "clinic_id", "request_key", unique=True),
        Index("ix_enrollment_state", "clinic_id", "state", "id"),
    )  # fmt: skip

    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patient.id"))
    procedure_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("procedure.id"))
    pathway_version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pathway_version.id"))
    pathway: Mapped[str]
    performed_on: Mapped[date]
    channel: Mapped[Channel] = mapped_column(states(Channel))
    language: Mapped[str]
    time_zone: Mapped[str]
    # Preferred hours, baseline pain, usual symptoms: what the plan and triage need, without names.
    preferences: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[EnrollmentState] = mapped_column(states(EnrollmentState), default=EnrollmentState.active)
    # A person's own words, so they may name anything.
    state_reason_sealed: Mapped[bytes | None]
    # An open escalation or a question of identity holds planned texts; closing it releases them.
    held_since: Mapped[datetime | None]
    hold_reason: Mapped[str | None]
    enrolled_at: Mapped[datetime]
    enrolled_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    request_key: Mapped[str | None]

    state_reason: Sealed[str | None] = Sealed("state_reason_sealed")


class Touchpoint(ClinicRow):
    """One planned contact: local wall time and zone are what was planned, ``due_at`` is derived from them."""

    __tablename__ = "touchpoint"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "key", "round"),
        Index("ix_touchpoint_due", "look_at", "id", postgresql_where="state = 'planned'"),
        Index("ix_touchpoint_patient", "clinic_id", "patient_id", "due_at"),
        Index(
            "ix_touchpoint_unanswered", "remind_at", "id",
            postgresql_where="state = 'dispatched' AND remind_at IS NOT NULL",
        ),
    )  # fmt: skip

    enrollment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("enrollment.id"))
    patient_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("patient.id"))
    key: Mapped[str]  # the step's key in the pathway
    round: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str]  # what the step is for: information, check_in, appointment, reminder
    channel: Mapped[Channel] = mapped_column(states(Channel))
    day: Mapped[int]  # calendar days from the procedure's local date
    local_date: Mapped[date]
    local_time: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    time_zone: Mapped[str]
    due_at: Mapped[datetime]
    # When it is looked at next: the due time, or later while something holds it.
    look_at: Mapped[datetime]
    not_after: Mapped[datetime]
    late_rule: Mapped[str]  # send_until, skip, call_task
    slot: Mapped[int] = mapped_column(default=1)
    requires_answer: Mapped[bool] = mapped_column(default=False)
    # The question that waits for an answer now, and those asked so far (follow-ups come after the reply).
    pending_question: Mapped[str | None]
    asked: Mapped[list[Any]] = mapped_column(default=list)
    state: Mapped[TouchpointState] = mapped_column(states(TouchpointState), default=TouchpointState.planned)
    reason: Mapped[str | None]  # why it is in this state, in plain words
    reason_code: Mapped[str | None]  # the same for programs (planning.reasons.Reason)
    why: Mapped[str]  # why it was planned for this minute, in plain words
    # Next look at a dispatched question: remind, then raise its silence. Care time.
    remind_at: Mapped[datetime | None]
    reminders: Mapped[int] = mapped_column(default=0)
    dispatched_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
