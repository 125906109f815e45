"""A week of the roster as its page shows it: local days, who is on call for what, and what was changed by hand."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.kit.windows import to_local, to_utc
from followup.staff.models import Shift, Staff
from followup.staff.override import standing_overrides
from followup.staff.queries import colleagues
from followup.staff.rules import Permission, allows
from followup.staff.shift_reminders import confirmed

DAYS = 7


@dataclass(frozen=True, slots=True)
class Line:
    """One person on call for one duty on one local day; instants, and words for the hours of that day."""

    duty: str
    name: str
    hours: str
    source: str
    is_confirmed: bool
    is_now: bool


@dataclass(frozen=True, slots=True)
class Day:
    """One local day."""

    date: date
    is_today: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class OverrideLine:
    """One override that has not ended."""

    id: uuid.UUID
    duty: str
    kind: str
    name: str
    instead_of: str | None
    starts_at: datetime
    ends_at: datetime
    reason: str | None


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def week(session: Session, monday: date, where: ZoneInfo, *, now: datetime) -> list[Day]:
    """Return seven local days from ``monday`` with everybody who is on call on them."""
    edges = [to_utc(monday + timedelta(days=offset), time(0), where).utc for offset in range(DAYS + 1)]
    rows = session.execute(
        select(Shift, Staff.name)
        .join(Staff, Staff.id == Shift.staff_id)
        .where(Shift.starts_at < edges[-1], Shift.ends_at > edges[0], Staff.disabled_at.is_(None))
        .order_by(Shift.duty, Shift.starts_at, Shift.id)
        .limit(2_000)
    ).all()
    said = confirmed(session, edges[0] - timedelta(days=1), edges[-1])
    today = to_local(now, where).date()
    found = []
    for offset in range(DAYS):
        begin, end = edges[offset], edges[offset + 1]
        lines = tuple(
            Line(
                shift.duty, name, _hours(max(shift.starts_at, begin), min(shift.ends_at, end), begin, end, where),
                shift.source, (shift.staff_id, shift.duty, shift.starts_at) in said,
                shift.starts_at <= now < shift.ends_at and begin <= now < end,
            )
            for shift, name in rows
            if shift.starts_at < end and shift.ends_at > begin
        )  # fmt: skip
        day = monday + timedelta(days=offset)
        found.append(Day(day, day == today, lines))
    return found


def override_lines(session: Session, now: datetime) -> list[OverrideLine]:
    """Return the overrides that have not ended, with names."""
    names = {row.id: row.name for row in session.execute(select(Staff.id, Staff.name))}
    return [
        OverrideLine(
            each.id, each.duty, each.kind.value, names.get(each.staff_id, ""),
            names.get(each.instead_of_id) if each.instead_of_id else None, each.starts_at, each.ends_at,
            each.reason,
        )
        for each in standing_overrides(session, now)
    ]  # fmt: skip


def who_can_be_on_call(session: Session) -> Sequence[tuple[str, str]]:
    """Return (id, name) of everybody who may accept a case."""
    return [
        (str(each.id), each.name)
        for each in colleagues(session)
        if allows(each.role, Permission.accept_escalations)
    ]


def _hours(  # noqa: PLR0917 - private; a span and the day it is cut to
    starts_at: datetime, ends_at: datetime, begin: datetime, end: datetime, where: ZoneInfo
) -> str:
    if (starts_at, ends_at) == (begin, end):
        return "all day"
    starts = "" if starts_at == begin else f"{starts_at.astimezone(where):%-I:%M %p}"
    ends = "" if ends_at == end else f"{ends_at.astimezone(where):%-I:%M %p}"
    if not starts:
        return f"until {ends}"
    return f"{starts} to {ends}" if ends else f"from {starts}"
