"""Run the clocks that are due: by tier, then by due time, each case in its own short transaction.

Any number of these may run at once. A case that another one holds is waited for, and its clock then found fired; a
case that breaks is logged and keeps its clock, and the others go on.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from followup.db.session import Database
from followup.escalation.clocks import run_clock
from followup.escalation.models import EscalationTimer
from followup.escalation.move import lock_case
from followup.escalation.staff_texts import process_staff_events
from followup.escalation.timers import fire
from followup.kit.clock import Clock
from followup.kit.way import goes_first
from followup.log import logger

_log = logger(__name__)

BATCH = 200
MOST_ROUNDS = 20

_DUE = text(
    """
    SELECT t.id, t.clinic_id, t.escalation_id FROM escalation_timer t
    JOIN escalation e ON e.id = t.escalation_id
    WHERE t.fired_at IS NULL AND t.cancelled_at IS NULL AND t.due_at <= :now
    ORDER BY (e.tier = 'emergency') DESC, t.due_at, t.id LIMIT :many
    """
)


@dataclass(frozen=True, slots=True)
class DueClock:
    """One clock that ran out, somewhere."""

    id: uuid.UUID
    clinic_id: uuid.UUID
    case_id: uuid.UUID


def tick(database: Database, clock: Clock, *, public_url: str) -> int:
    """Answer staff, then run every due clock of every clinic; returns how many were run.

    Goes round until nothing is due: an empty step is passed over in the same tick.
    """
    process_staff_events(database, clock, public_url=public_url)
    done, broken = 0, set[uuid.UUID]()
    for _ in range(MOST_ROUNDS):
        due = [each for each in due_clocks(database, now=clock.now()) if each.id not in broken]
        if not due:
            break
        for each in due:
            try:
                with goes_first():
                    done += _run(database, each, clock, public_url=public_url)
            except Exception as error:  # noqa: BLE001 - one case that breaks must not keep the others from climbing
                broken.add(each.id)
                _log.error("clock failed", case_id=str(each.case_id), error=type(error).__name__)
    return done


def due_clocks(database: Database, *, now: datetime) -> list[DueClock]:
    """List the clocks that are due, over all clinics."""
    with database.engine() as session:
        rows = session.execute(_DUE, {"now": now, "many": BATCH}).all()
    return [DueClock(row.id, row.clinic_id, row.escalation_id) for row in rows]


def run_due_clock(session: Session, due: DueClock, *, public_url: str, now: datetime) -> bool:
    """Run one clock in its clinic's transaction; False if somebody else did."""
    case = lock_case(session, due.case_id)
    kind = fire(session, due.id, now=now)
    if kind is None:
        return False
    run_clock(session, case, kind, public_url=public_url, now=now)
    return True


def active_clocks(session: Session, case_id: uuid.UUID) -> dict[str, datetime]:
    """Return the clocks of a case that run now, by kind."""
    rows = session.execute(
        select(EscalationTimer.kind, EscalationTimer.due_at).where(
            EscalationTimer.escalation_id == case_id,
            EscalationTimer.fired_at.is_(None),
            EscalationTimer.cancelled_at.is_(None),
        )
    )
    return {row.kind.value: row.due_at for row in rows}


def _run(database: Database, due: DueClock, clock: Clock, *, public_url: str) -> bool:
    with database.transaction(due.clinic_id) as session:
        return run_due_clock(session, due, public_url=public_url, now=clock.now())
