"""Remind people of their shifts, twelve hours and one hour before, and keep that they said they will be there.

Care time. Somebody whose shift only goes on (a day after a day) is not reminded again. Each reminder is one row, so
two workers that look at the same second remind once; a confirmation is kept with it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from followup.audit.record import Actor, Subject, record
from followup.errors import NotFound
from followup.kit.ids import new_id
from followup.staff.duties.models import ShiftReminder
from followup.staff.models import Shift, Staff

HOURS_BEFORE = (12, 1)


def due_reminders(session: Session, clinic_id: uuid.UUID, *, now: datetime) -> Sequence[ShiftReminder]:
    """Make the reminder of every shift that begins soon and has none yet; the caller sends and marks them.

    A shift that was put on the roster late gets only the reminder that is nearest.
    """
    made: list[ShiftReminder] = []
    for hours, sooner in zip(HOURS_BEFORE, (*HOURS_BEFORE[1:], 0), strict=True):
        begin, end = now + timedelta(hours=sooner), now + timedelta(hours=hours)
        rows = [
            {
                "id": new_id(), "clinic_id": clinic_id, "staff_id": each.staff_id, "duty": each.duty,
                "starts_at": each.starts_at, "hours_before": hours,
            }
            for each in _beginning(session, begin, end)
        ]  # fmt: skip
        if rows:
            new = insert(ShiftReminder).values(rows).on_conflict_do_nothing().returning(ShiftReminder)
            made += session.scalars(new)
    return made


def confirm_shift(session: Session, reminder_id: uuid.UUID, *, now: datetime) -> ShiftReminder:
    """Keep that the person will be there; twice is no error. Raises NotFound."""
    row = session.get(ShiftReminder, reminder_id, with_for_update=True)
    if row is None:
        raise NotFound("This link is not valid any more.")
    if row.confirmed_at is None:
        row.confirmed_at = now
        record(
            session, row.clinic_id, actor=Actor("staff", row.staff_id), action="confirm shift", now=now,
            subject=Subject("shift_reminder", row.id),
        )  # fmt: skip
    return row


def reminder(session: Session, reminder_id: uuid.UUID) -> tuple[ShiftReminder, str]:
    """Return a reminder and the name of the person it is for. Raises NotFound."""
    row = session.get(ShiftReminder, reminder_id)
    if row is None:
        raise NotFound("This link is not valid any more.")
    return row, session.get_one(Staff, row.staff_id).name


def confirmed(session: Session, begin: datetime, end: datetime) -> set[tuple[uuid.UUID, str, datetime]]:
    """Return (person, duty, beginning) of the shifts that somebody confirmed, in a period."""
    rows = session.execute(
        select(ShiftReminder.staff_id, ShiftReminder.duty, ShiftReminder.starts_at).where(
            ShiftReminder.confirmed_at.is_not(None),
            ShiftReminder.starts_at >= begin,
            ShiftReminder.starts_at < end,
        )
    )
    return {(row.staff_id, row.duty, row.starts_at) for row in rows}


def _beginning(session: Session, begin: datetime, end: datetime) -> Sequence[Shift]:
    before = aliased(Shift)
    goes_on = (
        select(before.id)
        .where(
            before.staff_id == Shift.staff_id, before.duty == Shift.duty, before.id != Shift.id,
            before.starts_at < Shift.starts_at, before.ends_at >= Shift.starts_at,
        )
        .exists()
    )  # fmt: skip
    return session.scalars(
        select(Shift)
        .join(Staff, Staff.id == Shift.staff_id)
        .where(Shift.starts_at > begin, Shift.starts_at <= end, Staff.disabled_at.is_(None), ~goes_on)
        .order_by(Shift.starts_at, Shift.id)
    ).all()
