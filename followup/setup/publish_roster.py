"""Publish the roster of a clinic file: a plan per duty, the overrides it names, the shifts, and the proof of cover.

All in the caller's transaction: a roster that leaves a tier without anybody is refused with everything else of the
file. A clinic that has no roster yet and whose file names none is told what that means.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import Actor
from followup.escalation.models import EscalationPolicy
from followup.escalation.policy import DEFAULT, Target, read_policy
from followup.escalation.states import CaseTier
from followup.kit.windows import zone
from followup.setup.clinic_file import DUTIES, ClinicFile
from followup.setup.roster_file import (
    WEEKDAYS,
    HoursPart,
    OverridePart,
    RosterPart,
    RotationPart,
    TemporaryPart,
)
from followup.staff.cover import NO_ROSTER, proof_words, require_cover
from followup.staff.duties.models import ScheduleOverride, ScheduleRow
from followup.staff.override import save_override
from followup.staff.plan_shifts import plan_shifts
from followup.staff.roster.schedule import Change, FixedShift, Hours, Member, Plan, Rotation, Rule, Temporary
from followup.staff.roster.wall import first, last
from followup.staff.schedules import DAYS_AHEAD, lock_roster, publish_schedule

People = Mapping[str, uuid.UUID]


def publish_roster(
    session: Session, clinic_id: uuid.UUID, file: ClinicFile, people: People, *, now: datetime, actor: Actor
) -> list[str]:
    """Put the roster of a checked file into force and return what to tell the person who applied it.

    Raises InvalidInput at ``roster`` for every gap in cover, Conflict for an override that overlaps another one.
    """
    known = set(session.scalars(select(ScheduleRow.duty).distinct()))
    if not file.roster and not known:
        return [NO_ROSTER]
    standing = lock_roster(session, clinic_id, now=now)
    standing.days_ahead = max(DAYS_AHEAD, file.roster_weeks * 7)
    standing.needs = needs_of(session)
    session.flush()
    said = []
    for duty in DUTIES:
        mine = [each for each in file.roster if each.duty == duty and not isinstance(each, OverridePart)]
        if (mine or duty in known) and publish_schedule(
            session, clinic_id, duty, plan_of(file, mine, people), now=now, actor=actor
        ):
            said.append(f"roster of {duty} published")
    planned = plan_shifts(session, clinic_id, now=now)
    for part in file.roster:
        if isinstance(part, OverridePart):
            said += _override(session, clinic_id, part, people, zone(file.clinic.time_zone), now, actor)
    proof = require_cover(session, now=now)
    until = planned.until.astimezone(zone(file.clinic.time_zone))
    return [*said, f"{planned.added} shifts planned, until {until:%Y-%m-%d}", *proof_words(session, proof)]


def plan_of(
    file: ClinicFile,
    parts: Sequence[RosterPart | RotationPart | TemporaryPart | OverridePart],
    people: People,
) -> Plan:
    """Return the plan of one duty, with the clinic's zone and holidays in it."""
    where = zone(file.clinic.time_zone)
    return Plan(
        zone=where,
        rules=tuple(Rule(people[each.staff], _hours(each)) for each in parts if isinstance(each, RosterPart)),
        rotations=tuple(_rotation(each, people) for each in parts if isinstance(each, RotationPart)),
        temporaries=tuple(
            _temporary(each, people, where) for each in parts if isinstance(each, TemporaryPart)
        ),
        holidays=frozenset(file.clinic.holidays),
    )


def needs_of(session: Session) -> dict[str, list[list[str]]]:
    """Return which duties each tier pages, step by step, under the policy in force; the line is no duty."""
    newest = select(EscalationPolicy.content).order_by(
        EscalationPolicy.published_at.desc(), EscalationPolicy.id.desc()
    )
    policy = read_policy(session.scalar(newest.limit(1)) or DEFAULT)
    return {
        tier.value: [
            duties
            for step in policy.of(tier).steps
            if (duties := [each.value for each in step.targets if each is not Target.catch_all])
        ]
        for tier in (CaseTier.emergency, CaseTier.urgent)
    }


def _hours(part: HoursPart) -> Hours:
    return Hours(
        frozenset(WEEKDAYS.index(day) for day in part.weekdays), time.fromisoformat(part.begins),
        time.fromisoformat(part.ends), part.holidays,
    )  # fmt: skip


def _rotation(part: RotationPart, people: People) -> Rotation:
    return Rotation(
        name=part.rotation, unit=part.hands_over, every=part.every, starts_on=part.starts_on,
        hands_over_at=time.fromisoformat(part.at),
        members=tuple(Member(people[each.staff], each.first, each.until) for each in part.people),
        only=tuple(_hours(each) for each in part.only),
    )  # fmt: skip


def _temporary(part: TemporaryPart, people: People, where: ZoneInfo) -> Temporary:
    shifts = tuple(
        FixedShift(people[each.staff], first(each.begins, where), last(each.ends, where))
        for each in part.shifts
    )
    return Temporary(
        part.temporary, first(part.begins, where), last(part.ends, where), people[part.fallback], shifts
    )


def _override(  # noqa: PLR0917 - private, called once
    session: Session, clinic_id: uuid.UUID, part: OverridePart, people: People, where: ZoneInfo, now: datetime,
    actor: Actor,
) -> list[str]:  # fmt: skip
    change = Change(
        part.override, people[part.staff], first(part.begins, where), last(part.ends, where),
        people[part.instead_of] if part.instead_of else None,
    )  # fmt: skip
    same = select(ScheduleOverride.id).where(
        ScheduleOverride.duty == part.duty, ScheduleOverride.kind == change.kind,
        ScheduleOverride.staff_id == change.staff, ScheduleOverride.starts_at == change.starts_at,
    )  # fmt: skip
    if session.scalar(same.limit(1)) is not None:
        return []
    if change.starts_at < now:
        return [f"override of {part.duty} from {part.begins:%Y-%m-%d %H:%M} is in the past: left out"]
    save_override(
        session, clinic_id, part.duty, change, now=now, actor=actor, reason=part.reason or "clinic file"
    )
    return [f"override of {part.duty} from {part.begins:%Y-%m-%d %H:%M} saved"]
