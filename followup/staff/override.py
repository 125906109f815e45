"""Change who is on call for a while: add somebody, take somebody off, or replace; and take such a change back.

A change that would leave a tier without anybody is refused, and so is one that reaches into the past or overlaps
another one of the same person. The roster's lock is held from the check to the new shifts.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.errors import Conflict, FieldProblem, ForbiddenState, InvalidInput, NotFound
from followup.staff.cover import Proof, clinic_zone, gap_words, prove
from followup.staff.coverage import Gap
from followup.staff.duties.models import ScheduleOverride, ScheduleRow
from followup.staff.models import Staff
from followup.staff.plan_shifts import plan_shifts
from followup.staff.roster.schedule import Change, ChangeKind
from followup.staff.schedules import lock_roster

LONGEST = timedelta(days=90)
LONGEST_REASON = 200
# Who fills in a form writes the minute in which it was begun; that means now.
JUST_NOW = timedelta(minutes=10)


class _OnlyATrial(Exception):
    """Undoes what was tried."""


@dataclass(frozen=True, slots=True)
class Saved:
    """An override that was saved, and what is thin while it lasts."""

    id: uuid.UUID
    proof: Proof


def save_override(
    session: Session, clinic_id: uuid.UUID, duty: str, change: Change, *, now: datetime, actor: Actor,
    reason: str = "",
) -> Saved:  # fmt: skip
    """Save an override and make the shifts anew.

    Raises InvalidInput at the field that is wrong (a past start, a person who is unknown, a gap it would open), and
    Conflict for one that overlaps another of the same people.
    """
    begin = max(now, lock_roster(session, clinic_id, now=now).frozen_until)
    if begin - JUST_NOW <= change.starts_at < begin:
        change = replace(change, starts_at=begin)
    problems = [*_time_problems(change, begin), *_people_problems(session, duty, change)]
    if problems:
        raise InvalidInput(problems)
    if _overlapping(session, duty, change):
        raise Conflict("There is an override of the same person at that time already. End that one first.")
    row = ScheduleOverride(
        clinic_id=clinic_id, duty=duty, kind=change.kind, staff_id=change.staff,
        instead_of_id=change.instead_of, starts_at=change.starts_at, ends_at=change.ends_at,
        reason=" ".join(reason.split())[:LONGEST_REASON] or None, made_at=now, made_by=str(actor),
    )  # fmt: skip

    def write() -> None:
        session.add(row)
        session.flush()

    proof = _without_new_gaps(session, clinic_id, write, now=now)
    record(
        session, clinic_id, actor=actor, action=f"override roster: {change.kind}", now=now, reason=row.reason,
        subject=Subject("schedule_override", row.id),
    )  # fmt: skip
    return Saved(row.id, proof)


def preview_override(
    session: Session, clinic_id: uuid.UUID, duty: str, change: Change, *, now: datetime, actor: Actor
) -> Proof:
    """Return what saving would leave thin, and save nothing. Raises what ``save_override`` raises."""
    try:
        with session.begin_nested():
            proof = save_override(session, clinic_id, duty, change, now=now, actor=actor).proof
            raise _OnlyATrial  # noqa: TRY301 - leaving the savepoint by an error is what undoes it
    except _OnlyATrial:
        session.expire_all()
        return proof


def withdraw_override(
    session: Session, clinic_id: uuid.UUID, override_id: uuid.UUID, *, now: datetime, actor: Actor
) -> None:
    """Take an override back: one that has begun ends now, one that is to come never happens.

    Raises NotFound, ForbiddenState for one that has ended, InvalidInput for a gap that would open.
    """
    begin = max(now, lock_roster(session, clinic_id, now=now).frozen_until)
    row = session.get(ScheduleOverride, override_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.ends_at <= begin:
        raise ForbiddenState("This override has ended. What was, can't be changed.")
    if row.withdrawn_at is not None:
        return

    def write() -> None:
        if row.starts_at < begin:
            row.ends_at = begin
        else:
            row.withdrawn_at = now
        session.flush()

    _without_new_gaps(session, clinic_id, write, now=now)
    record(
        session, clinic_id, actor=actor, action="take override back", now=now,
        subject=Subject("schedule_override", row.id),
    )  # fmt: skip


def standing_overrides(session: Session, now: datetime) -> Sequence[ScheduleOverride]:
    """Return the overrides that have not ended, by their beginning."""
    return session.scalars(
        select(ScheduleOverride)
        .where(ScheduleOverride.ends_at > now, ScheduleOverride.withdrawn_at.is_(None))
        .order_by(ScheduleOverride.starts_at, ScheduleOverride.id)
        .limit(200)
    ).all()


def worse(before: Sequence[Gap], after: Sequence[Gap]) -> list[Gap]:
    """Return the gaps that a change opens or lengthens; those that were there already are somebody else's."""
    return [
        each
        for each in after
        if not any(
            old.tier == each.tier and old.starts_at <= each.starts_at and each.ends_at <= old.ends_at
            for old in before
        )
    ]


def _without_new_gaps(
    session: Session, clinic_id: uuid.UUID, write: Callable[[], None], *, now: datetime
) -> Proof:
    """Do it, make the shifts, and undo all of it if a gap opened; whoever calls may go on with the transaction."""
    before = prove(session, now=now)
    with session.begin_nested():
        write()
        plan_shifts(session, clinic_id, now=now)
        proof = prove(session, now=now)
        if found := worse(before.gaps, proof.gaps):
            where = clinic_zone(session)
            raise InvalidInput([FieldProblem("cover", gap_words(each, where)) for each in found[:10]])
    return proof


def _time_problems(change: Change, now: datetime) -> list[FieldProblem]:
    problems = []
    if change.starts_at < now:
        problems.append(FieldProblem("starts_at", "The past can't be changed: begin now or later."))
    if change.ends_at <= change.starts_at:
        problems.append(FieldProblem("ends_at", "The end has to be after the beginning."))
    elif change.ends_at - change.starts_at > LONGEST:
        problems.append(
            FieldProblem("ends_at", "An override lasts at most 90 days. Change the roster instead.")
        )
    return problems


def _people_problems(session: Session, duty: str, change: Change) -> list[FieldProblem]:
    problems = []
    if session.scalar(select(ScheduleRow.id).where(ScheduleRow.duty == duty).limit(1)) is None:
        problems.append(FieldProblem("duty", "There is no published schedule for this duty to override."))
    wanted = {"staff": change.staff} | ({"instead_of": change.instead_of} if change.instead_of else {})
    for name, staff_id in wanted.items():
        person = session.get(Staff, staff_id)
        if person is None or person.disabled_at is not None:
            problems.append(FieldProblem(name, "Choose somebody who works here."))
    if change.kind is ChangeKind.instead and change.instead_of in (None, change.staff):
        problems.append(
            FieldProblem("instead_of", "Choose whom to replace, somebody else than the replacement.")
        )
    return problems


def _overlapping(session: Session, duty: str, change: Change) -> bool:
    people = [each for each in (change.staff, change.instead_of) if each is not None]
    same = or_(ScheduleOverride.staff_id.in_(people), ScheduleOverride.instead_of_id.in_(people))
    found = select(ScheduleOverride.id).where(
        ScheduleOverride.duty == duty, same, ScheduleOverride.withdrawn_at.is_(None),
        ScheduleOverride.starts_at < change.ends_at, ScheduleOverride.ends_at > change.starts_at,
    )  # fmt: skip
    return session.scalar(found.limit(1)) is not None
