"""Who is on call: what pages, screens and paging ask, and how a person can be reached.

The ``shift`` rows answer; they are made from the pure resolver (``roster``) ahead of time, and equal it. Beyond the
last one the resolver answers itself: a planner that stopped must not end the roster. People are looked up when they
are paged, never earlier: somebody who left or swapped a shift is not paged. Only verified, enabled contact points
count. Somebody disabled is never on call, whatever the roster says.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from followup.clinics.states import Channel
from followup.staff import roster
from followup.staff.duties.models import RosterPlan
from followup.staff.models import Shift, Staff, StaffContactPoint
from followup.staff.schedules import schedules
from followup.staff.states import StaffRole

# A number that refuses texts can still be called.
CANNOT_BE_TEXTED = "cannot be texted"
OPTED_OUT = "opted out"
_STILL_CALLABLE = frozenset({CANNOT_BE_TEXTED, OPTED_OUT})


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach a person: a channel and the contact point it uses. A phone that is texted can be called."""

    channel: Channel
    point: StaffContactPoint


def who(session: Session, duty: str, instant: datetime) -> Sequence[Staff]:
    """Return who is on call for a duty at an instant: shifts are half-open, so one who leaves at 7 is off at 7."""
    found = session.scalars(
        select(Staff)
        .join(Shift, Shift.staff_id == Staff.id)
        .where(
            Shift.duty == duty,
            Shift.starts_at <= instant,
            Shift.ends_at > instant,
            Staff.disabled_at.is_(None),
        )
        .order_by(Shift.starts_at, Staff.id)
        .ext(distinct_on(Shift.starts_at, Staff.id))
    ).all()
    # Where clocks go back, two shifts of one person overlap.
    return list(dict.fromkeys(found)) or _beyond_the_plan(session, duty, instant)


def _beyond_the_plan(session: Session, duty: str, instant: datetime) -> Sequence[Staff]:
    planned_until = session.scalar(select(RosterPlan.planned_until))
    if planned_until is None or instant < planned_until:
        return []
    schedule = schedules(session, instant).get(duty)
    ids = roster.who(schedule, instant) if schedule else ()
    people = session.scalars(select(Staff).where(Staff.id.in_(ids), Staff.disabled_at.is_(None)))
    return sorted(people, key=lambda each: ids.index(each.id))


def next_change(session: Session, instant: datetime) -> datetime | None:
    """Return when the roster changes next, for any duty: whoever begins then has to hear of open cases."""
    starts = select(func.min(Shift.starts_at)).where(Shift.starts_at > instant)
    return session.scalar(starts)


def reachable(session: Session) -> frozenset[uuid.UUID]:
    """Return everybody who has a verified contact point that pages can use now."""
    point = StaffContactPoint
    usable = or_(point.disabled_at.is_(None), point.disabled_reason.in_(_STILL_CALLABLE))
    return frozenset(
        session.scalars(select(point.staff_id).where(point.verified_at.is_not(None), usable).distinct())
    )


def managers(session: Session) -> Sequence[Staff]:
    """Return who answers for the clinic, on call or not: managers, or without any the administrators."""
    found: Sequence[Staff] = []
    for role in (StaffRole.manager, StaffRole.clinic_admin):
        found = (
            found
            or session.scalars(
                select(Staff).where(Staff.role == role, Staff.disabled_at.is_(None)).order_by(Staff.id)
            ).all()
        )
    return found


def ways_to(session: Session, staff_id: uuid.UUID) -> list[Way]:
    """Return every way to reach a person: texts first, then calls, then mail, each in the order of preference."""
    points = session.scalars(
        select(StaffContactPoint)
        .where(StaffContactPoint.staff_id == staff_id, StaffContactPoint.verified_at.is_not(None))
        .order_by(StaffContactPoint.position, StaffContactPoint.id)
    ).all()
    texts = [
        Way(Channel.sms, each) for each in points if each.channel is Channel.sms and not each.disabled_at
    ]
    mails = [
        Way(Channel.email, each) for each in points if each.channel is Channel.email and not each.disabled_at
    ]
    return [*texts, *_calls(points), *mails]


def _calls(points: Sequence[StaffContactPoint]) -> list[Way]:
    lines = [each for each in points if each.channel is Channel.voice and not each.disabled_at]
    known = {each.address for each in lines}
    mobiles = [
        each
        for each in points
        if each.channel is Channel.sms
        and each.address not in known
        and (each.disabled_at is None or each.disabled_reason in _STILL_CALLABLE)
    ]
    return [Way(Channel.voice, each) for each in (*lines, *mobiles)]
