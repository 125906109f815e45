"""Publish a schedule, and read what was published: every version is kept, the newest counts from now on."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.kit.ids import new_id
from followup.staff.coverage import DEFAULT_NEEDS
from followup.staff.duties.models import RosterPlan, ScheduleOverride, ScheduleRow
from followup.staff.roster.content import from_content, to_content
from followup.staff.roster.resolve import RUNS_ON
from followup.staff.roster.schedule import Change, Plan, Schedule, Version

DAYS_AHEAD = 90


def lock_roster(session: Session, clinic_id: uuid.UUID, *, now: datetime) -> RosterPlan:
    """Take the lock under which a clinic's roster changes, and return its plan; makes it where there is none."""
    values = {
        "id": new_id(), "clinic_id": clinic_id, "frozen_until": now, "planned_until": now,
        "days_ahead": DAYS_AHEAD, "needs": dict(DEFAULT_NEEDS),
    }  # fmt: skip
    session.execute(insert(RosterPlan).values(values).on_conflict_do_nothing())
    return session.scalars(
        select(RosterPlan)
        .where(RosterPlan.clinic_id == clinic_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def publish_schedule(
    session: Session, clinic_id: uuid.UUID, duty: str, plan: Plan, *, now: datetime, actor: Actor
) -> bool:
    """Put a plan into force for a duty; False if that very one is in force. The caller holds the roster's lock.

    It does not make shifts and proves nothing: ``plan_shifts`` and ``cover`` do, in the same transaction.
    """
    content = to_content(plan)
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    newest = (
        select(ScheduleRow.content_hash)
        .where(ScheduleRow.duty == duty)
        .order_by(ScheduleRow.published_at.desc(), ScheduleRow.id.desc())
        .limit(1)
    )
    if session.scalar(newest) == digest:
        return False
    row = ScheduleRow(
        clinic_id=clinic_id, duty=duty, content=content, content_hash=digest, published_at=now,
        published_by=str(actor),
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(
        session, clinic_id, actor=actor, action="publish schedule", now=now, reason=duty,
        subject=Subject("schedule", row.id),
    )  # fmt: skip
    return True


def schedules(session: Session, since: datetime) -> Mapping[str, Schedule]:
    """Return the schedule of each duty that was ever published, with all that can matter from ``since`` on."""
    versions: dict[str, list[Version]] = {}
    rows = session.execute(
        select(ScheduleRow.duty, ScheduleRow.content, ScheduleRow.published_at).order_by(
            ScheduleRow.published_at, ScheduleRow.id
        )
    )
    for row in rows:
        versions.setdefault(row.duty, []).append(Version(_plan(row.content), row.published_at))
    changes: dict[str, list[Change]] = {}
    for each in session.scalars(
        select(ScheduleOverride)
        .where(ScheduleOverride.withdrawn_at.is_(None), ScheduleOverride.ends_at > since - timedelta(days=2))
        .order_by(ScheduleOverride.made_at, ScheduleOverride.id)
    ):
        change = Change(each.kind, each.staff_id, each.starts_at, each.ends_at, each.instead_of_id)
        changes.setdefault(each.duty, []).append(change)
    return {
        duty: Schedule(duty, _recent(found, since), tuple(changes.get(duty, ())))
        for duty, found in sorted(versions.items())
    }


def _plan(content: Mapping[str, Any]) -> Plan:
    return from_content(content)


def _recent(versions: list[Version], since: datetime) -> tuple[Version, ...]:
    """Leave out what was replaced so long ago that not even a shift of it can run on."""
    kept = [
        each
        for each, later in zip(versions, [*versions[1:], None], strict=True)
        if later is None or later.published_at + RUNS_ON > since - timedelta(days=2)
    ]
    return tuple(kept)
