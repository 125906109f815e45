"""Keep every clinic's roster: its past freezes every few minutes; each night shifts are made and cover is proved.

A difference between shifts and resolver at night is a fault of ours or an edit behind our back: it is repaired and
told. A gap in cover, or a shift of somebody whom no page can reach, opens one task for the managers, the same
until it is done.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM
from followup.db.session import Database
from followup.kit.windows import to_local
from followup.log import logger
from followup.setup.publish_roster import needs_of
from followup.staff.cover import Proof, clinic_zone, gap_words, prove
from followup.staff.duties.models import RosterPlan
from followup.staff.plan_shifts import freeze_past, plan_shifts
from followup.tasks.close import close_task
from followup.tasks.models import Task
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind, TaskState

_log = logger(__name__)


def keep_rosters(database: Database, *, now: datetime) -> int:
    """Freeze the past of every roster and check those whose day has changed; returns how many were checked."""
    with database.engine() as session:
        clinics = list(session.scalars(select(RosterPlan.clinic_id).order_by(RosterPlan.clinic_id)))
    checked = 0
    for clinic_id in clinics:
        with database.transaction(clinic_id) as session:
            plan = freeze_past(session, clinic_id, now=now)
            if _is_due(session, plan, now):
                check_roster(session, clinic_id, now=now)
                checked += 1
            else:
                _close_if_filled(session, plan, now=now)
    return checked


def check_roster(session: Session, clinic_id: uuid.UUID, *, now: datetime) -> Proof:
    """Make a clinic's shifts anew, prove its cover, and open a task for what is wrong."""
    plan = freeze_past(session, clinic_id, now=now)
    plan.needs = needs_of(session)
    is_first = plan.checked_at is None
    planned = plan_shifts(session, clinic_id, now=now)
    plan.checked_at = now
    if planned.differed and not is_first:
        _log.error("shifts were not as the roster says", clinic_id=str(clinic_id), differed=planned.differed)
        _open(session, clinic_id, f"{planned.differed} shifts were not as the roster says: repaired.", now)
    proof = prove(session, now=now)
    _close_if_filled(session, plan, now=now, proof=proof)
    if proof.gaps or proof.silent:
        where = clinic_zone(session)
        missing = proof.gaps[0] if proof.gaps else proof.silent[0]
        words = gap_words(missing, where, on_call=not proof.gaps)
        _open(session, clinic_id, f"The on-call roster has a gap. {words}", now, subject_id=plan.id)
    return proof


def _close_if_filled(
    session: Session, plan: RosterPlan, *, now: datetime, proof: Proof | None = None
) -> None:
    """Close the task about a gap as soon as nothing is missing any more; without one nothing is proved."""
    about_a_gap = select(Task.id).where(
        Task.kind == TaskKind.staffing, Task.subject_id == plan.id, Task.state == TaskState.open
    )
    tasks = session.scalars(about_a_gap).all()
    if not tasks:
        return
    proof = proof or prove(session, now=now)
    if not proof.gaps and not proof.silent:
        for task_id in tasks:
            close_task(session, task_id, disposition="gone", now=now, actor=SYSTEM)


def _is_due(session: Session, plan: RosterPlan, now: datetime) -> bool:
    if plan.checked_at is None:
        return True
    where = clinic_zone(session)
    return to_local(plan.checked_at, where).date() < to_local(now, where).date()


def _open(
    session: Session, clinic_id: uuid.UUID, reason: str, now: datetime, *, subject_id: uuid.UUID | None = None
) -> None:
    open_task(
        session, clinic_id, kind=TaskKind.staffing, reason=reason, priority="high", due_at=now, now=now,
        subject_id=subject_id,
    )  # fmt: skip
