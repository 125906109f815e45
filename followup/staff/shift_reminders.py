"""Remind people of their shifts, twelve hours and one hour before, and keep that they said they will be there.

Care time. Somebody whose shift only goes on (a day after a day) is not reminded again. Each reminder is one row, so
two workers that look at the same second remind once; a confirmation is kept with it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from followup.audit.record import Actor, Subject, record
from followup.errors import NotFound
from followup.kit.ids import new_id
from followup.kit.tokens import hash_token, random_token
from followup.staff.cover import clinic_zone
from followup.staff.duties.models import ShiftReminder
from followup.staff.models import Shift, Staff

HOURS_BEFORE = (12, 1)
LONGEST_LINK = 64


@dataclass(frozen=True, slots=True)
class Reminding:
    """A reminder that was just made, and the token for its link, which is stored nowhere."""

    row: ShiftReminder
    token: str


def due_reminders(session: Session, clinic_id: uuid.UUID, *, now: datetime) -> list[Reminding]:
    """Make the reminder of every shift that begins soon and has none yet; the caller sends and marks them.

    A shift that was put on the roster late gets only the reminder that is nearest.
    """
    made: list[Reminding] = []
    for hours, sooner in zip(HOURS_BEFORE, (*HOURS_BEFORE[1:], 0), strict=True):
        begin, end = now + timedelta(hours=sooner), now + timedelta(hours=hours)
        for shift in _beginning(session, begin, end):
            token = random_token()
            row = session.scalar(
                insert(ShiftReminder)
                .values(
                    id=new_id(), clinic_id=clinic_id, staff_id=shift.staff_id, duty=shift.duty,
                    starts_at=shift.starts_at, hours_before=hours, token_hash=hash_token(token),
                )
                .on_conflict_do_nothing()
                .returning(ShiftReminder)
            )  # fmt: skip
            if row is not None:
                made.append(Reminding(row, token))
    return made


def find_reminder(looking: Session, token: str, *, now: datetime) -> tuple[uuid.UUID, uuid.UUID] | None:
    """Return (clinic, reminder) of a link until the shift begins; the engine role looks."""
    found = looking.execute(
        select(ShiftReminder.clinic_id, ShiftReminder.id).where(
            ShiftReminder.token_hash == hash_token(token), ShiftReminder.starts_at > now
        )
    ).first()
    return (found.clinic_id, found.id) if found and len(token) <= LONGEST_LINK else None


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


@dataclass(frozen=True, slots=True)
class Told:
    """A reminder as its page shows it."""

    name: str
    duty: str
    starts_at: datetime
    zone: ZoneInfo
    confirmed_at: datetime | None


def reminder(session: Session, reminder_id: uuid.UUID) -> Told:
    """Return what the page of a reminder shows. Raises NotFound."""
    row = session.get(ShiftReminder, reminder_id)
    if row is None:
        raise NotFound("This link is not valid any more.")
    name = session.get_one(Staff, row.staff_id).name
    return Told(name, row.duty, row.starts_at, clinic_zone(session), row.confirmed_at)


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
