"""Make the shifts of the next weeks from the resolver, and nothing else; history stays as it was.

``shift`` rows are what paging reads. They equal the pure resolver from now until the horizon; this verb makes them
so, after every change and every night, and says how many were not: any number but 0 at night is a fault of ours or
an edit behind our back. What runs is kept, or ended now; what is to come is made anew where it differs.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.staff.duties.models import RosterPlan
from followup.staff.models import Shift
from followup.staff.roster import OnDuty, intervals
from followup.staff.schedules import lock_roster, schedules


@dataclass(frozen=True, slots=True)
class Planned:
    """What planning changed."""

    added: int
    changed: int
    removed: int
    until: datetime

    @property
    def differed(self) -> int:
        """How many shifts were not as the resolver has them."""
        return self.added + self.changed + self.removed


def plan_shifts(session: Session, clinic_id: uuid.UUID, *, now: datetime) -> Planned:
    """Make the rows from ``now`` to the horizon equal to the resolver; freezes everything before ``now``."""
    plan = lock_roster(session, clinic_id, now=now)
    begin = max(now, plan.frozen_until)
    until = max(begin + timedelta(days=plan.days_ahead), plan.planned_until)
    plan.frozen_until = begin
    session.flush()
    added = changed = removed = 0
    for duty, schedule in schedules(session, begin).items():
        wanted = list(intervals(schedule, begin, until))
        for row in _rows(session, duty, begin):
            match = _match(row, wanted, begin)
            if match is None:
                removed += 1
                _end(session, row, begin)
            else:
                wanted.remove(match)
                # The last shift grows with the horizon: that is no difference.
                changed += row.ends_at != match.ends_at and row.ends_at < plan.planned_until
                row.ends_at = match.ends_at
        session.flush()
        session.add_all(_row(clinic_id, duty, each) for each in wanted)
        added += sum(each.starts_at < plan.planned_until for each in wanted)
    plan.planned_until = until
    session.flush()
    return Planned(added, changed, removed, until)


def differing(session: Session, *, now: datetime) -> int:
    """Return how many shifts from ``now`` to the horizon are not as the resolver has them; changes nothing."""
    until = session.scalar(select(RosterPlan.planned_until))
    if until is None or until <= now:
        return 0
    wanted, found = set(), set()
    for duty, schedule in schedules(session, now).items():
        wanted |= {
            (duty, each.staff, each.starts_at, each.ends_at) for each in intervals(schedule, now, until)
        }
        found |= {
            (duty, row.staff_id, max(row.starts_at, now), min(row.ends_at, until))
            for row in _rows(session, duty, now)
        }
    return len(wanted ^ found)


def freeze_past(session: Session, clinic_id: uuid.UUID, *, now: datetime) -> RosterPlan:
    """Move the mark before which nothing can be changed to ``now``; it never moves back."""
    plan = lock_roster(session, clinic_id, now=now)
    plan.frozen_until = max(plan.frozen_until, now)
    session.flush()
    return plan


def _rows(session: Session, duty: str, begin: datetime) -> Sequence[Shift]:
    return session.scalars(
        select(Shift).where(Shift.duty == duty, Shift.ends_at > begin).order_by(Shift.starts_at, Shift.id)
    ).all()


def _match(row: Shift, wanted: list[OnDuty], begin: datetime) -> OnDuty | None:
    starts_at = max(row.starts_at, begin)
    same = [
        each
        for each in wanted
        if (each.staff, each.source, each.starts_at) == (row.staff_id, row.source, starts_at)
    ]
    exact = (each for each in same if each.ends_at == row.ends_at)
    return next(exact, same[0] if same else None)


def _end(session: Session, row: Shift, begin: datetime) -> None:
    if row.starts_at < begin:
        row.ends_at = begin
    else:
        session.delete(row)


def _row(clinic_id: uuid.UUID, duty: str, each: OnDuty) -> Shift:
    return Shift(
        clinic_id=clinic_id, duty=duty, staff_id=each.staff, starts_at=each.starts_at, ends_at=each.ends_at,
        source=each.source,
    )  # fmt: skip
