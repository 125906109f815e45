"""Whether somebody who is on call could be reached right now: a score, and what to do about it. Reads only.

The score is made of three questions: is there a proved way, did it work lately, is there a second one. It is a hint
for people, never a condition of paging: whoever is on call is paged on whatever there is.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.clinics.states import Channel
from followup.staff.models import Shift, Staff, StaffContactPoint
from followup.staff.on_call import Way, ways_to

LOOKS_AHEAD = timedelta(days=14)
# A page or test that got through this lately counts as proof that the phone still works.
FRESH = timedelta(days=30)
READY = 70


@dataclass(frozen=True, slots=True)
class Readiness:
    """How sure a page is to arrive, from 0 to 100, and what is missing, in words to that person's clinic."""

    staff_id: uuid.UUID
    name: str
    score: int
    last_success_at: datetime | None
    missing: tuple[str, ...]

    @property
    def is_ready(self) -> bool:
        """Whether nothing needs to be done before a shift."""
        return self.score >= READY


def score(channels: Sequence[Channel], points: int, last_success_at: datetime | None, now: datetime) -> int:
    """Return 0 without any proved way; else 40, +30 for one that rings or texts, +20 if fresh, +10 for a second."""
    if not channels:
        return 0
    is_fresh = last_success_at is not None and last_success_at > now - FRESH
    return 40 + 30 * any(each is not Channel.email for each in channels) + 20 * is_fresh + 10 * (points > 1)


def readiness(session: Session, staff: Staff, now: datetime) -> Readiness:
    """Return how ready one person's phones are."""
    ways = ways_to(session, staff.id)
    points = {each.point.id for each in ways}
    fresh = [each.point.last_success_at for each in ways if each.point.last_success_at is not None]
    newest = max(fresh, default=None)
    found = score([each.channel for each in ways], len(points), newest, now)
    return Readiness(staff.id, staff.name, found, newest, _missing(ways, newest, now))


def readiness_of_the_roster(session: Session, now: datetime) -> list[Readiness]:
    """Return the readiness of everybody who is on call in the next 14 days, the least ready first."""
    on_duty = select(Shift.staff_id).where(Shift.ends_at > now, Shift.starts_at < now + LOOKS_AHEAD)
    people = session.scalars(
        select(Staff).where(Staff.id.in_(on_duty), Staff.disabled_at.is_(None)).order_by(Staff.name, Staff.id)
    )
    return sorted((readiness(session, each, now) for each in people), key=lambda each: each.score)


def own_points(session: Session, staff_id: uuid.UUID) -> Sequence[StaffContactPoint]:
    """Return a person's contact points in the order in which they are used."""
    return session.scalars(
        select(StaffContactPoint)
        .where(StaffContactPoint.staff_id == staff_id)
        .order_by(StaffContactPoint.position, StaffContactPoint.id)
    ).all()


def _missing(ways: Sequence[Way], newest: datetime | None, now: datetime) -> tuple[str, ...]:
    if not ways:
        return ("No verified phone or address: no page can arrive.",)
    told = []
    if all(each.channel is Channel.email for each in ways):
        told.append("Only mail: nothing rings at night.")
    if newest is None:
        told.append("No page or test has arrived yet.")
    elif newest <= now - FRESH:
        told.append("No page or test has arrived in the last 30 days.")
    if len({each.point.id for each in ways}) == 1:
        told.append("Only one way: there is no second one if it fails.")
    return tuple(told)
