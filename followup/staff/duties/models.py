"""Rows of the roster: what was published, what was changed by hand, how far it is planned, which phones are ready.

The shifts themselves are rows of their own (``models.Shift``), made from these by ``plan_shifts`` and equal to what
the pure resolver says. Nothing here that has ended may be changed: a trigger refuses it (migration 0003).
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from followup.db.base import ClinicRow, states
from followup.staff.roster.schedule import ChangeKind


class ScheduleRow(ClinicRow):
    """One published version of who is on call for a duty; append-only, the newest counts."""

    __tablename__ = "schedule"
    __table_args__ = (Index("ix_schedule_newest", "clinic_id", "duty", "published_at"),)

    duty: Mapped[str]
    content: Mapped[dict[str, Any]]
    content_hash: Mapped[str]
    published_at: Mapped[datetime]  # care time
    published_by: Mapped[str]


class ScheduleOverride(ClinicRow):
    """Somebody added, taken off or replaced for a half-open span (UTC). To end it early, its end moves."""

    __tablename__ = "schedule_override"
    __table_args__ = (Index("ix_schedule_override_duty", "clinic_id", "duty", "ends_at"),)

    duty: Mapped[str]
    kind: Mapped[ChangeKind] = mapped_column(states(ChangeKind))
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    instead_of_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str | None]
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    # Taken back before it began; one that has begun is ended instead.
    withdrawn_at: Mapped[datetime | None]


class RosterPlan(ClinicRow):
    """How far a clinic's roster is planned, and until when it is history; its lock is the roster's."""

    __tablename__ = "roster_plan"
    __table_args__ = (UniqueConstraint("clinic_id"),)

    # Care time; only ever moves forward. What ended before it can't be changed.
    frozen_until: Mapped[datetime]
    planned_until: Mapped[datetime]
    days_ahead: Mapped[int]
    # Tier to the duties of each step of its ladder, as the policy in force has them.
    needs: Mapped[dict[str, Any]]
    checked_at: Mapped[datetime | None]


class StaffPointCode(ClinicRow):
    """A code that proves that a phone or address is a member of staff's own. Machine time."""

    __tablename__ = "staff_point_code"
    __table_args__ = (Index("ix_staff_point_code_point", "clinic_id", "staff_contact_point_id", "sent_at"),)

    staff_contact_point_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_contact_point.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    wrong_tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]


class ShiftReminder(ClinicRow):
    """That somebody was reminded of a shift, and whether they said that they will be there. Care time."""

    __tablename__ = "shift_reminder"
    __table_args__ = (
        UniqueConstraint("clinic_id", "staff_id", "duty", "starts_at", "hours_before"),
        UniqueConstraint("token_hash"),
    )

    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    duty: Mapped[str]
    starts_at: Mapped[datetime]
    hours_before: Mapped[int]
    # Of the link in the text: 128 random bits, so a fast hash is enough.
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    sent_at: Mapped[datetime | None]  # null: nobody could be told, because no contact point is verified
    confirmed_at: Mapped[datetime | None]
