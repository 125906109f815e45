"""The clocks of a case: rows with a due time, at most one active of each kind.

A clock is set, fired or cancelled in the transaction of the move that it belongs to. Nothing waits in a broker.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from followup.doorbell import ring
from followup.escalation.models import Escalation, EscalationTimer
from followup.escalation.states import TimerKind


def set_timer(
    session: Session, case: Escalation, kind: TimerKind, *, due_at: datetime, now: datetime
) -> None:
    """Set a clock, replacing the active one of its kind; rings if it is due already."""
    cancel_timers(session, case.id, now=now, only=(kind,))
    session.add(EscalationTimer(clinic_id=case.clinic_id, escalation_id=case.id, kind=kind, due_at=due_at))
    session.flush()
    if due_at <= now:
        ring(session, "care.escalate")


def cancel_timers(
    session: Session,
    case_id: uuid.UUID,
    *,
    now: datetime,
    only: Iterable[TimerKind] | None = None,
    besides: Iterable[TimerKind] = (),
) -> None:
    """Cancel the active clocks of a case: those of ``only``, or all ``besides`` some."""
    statement = (
        update(EscalationTimer)
        .where(
            EscalationTimer.escalation_id == case_id,
            EscalationTimer.fired_at.is_(None),
            EscalationTimer.cancelled_at.is_(None),
        )
        .values(cancelled_at=now)
        .execution_options(synchronize_session=False)
    )
    if only is not None:
        statement = statement.where(EscalationTimer.kind.in_(list(only)))
    session.execute(statement.where(EscalationTimer.kind.not_in(list(besides))))


def hasten(session: Session, case_id: uuid.UUID, kind: TimerKind, *, now: datetime) -> bool:
    """Let an active clock be due now; False if there is none or it is due already."""
    hastened = session.execute(
        update(EscalationTimer)
        .where(
            EscalationTimer.escalation_id == case_id,
            EscalationTimer.kind == kind,
            EscalationTimer.fired_at.is_(None),
            EscalationTimer.cancelled_at.is_(None),
            EscalationTimer.due_at > now,
        )
        .values(due_at=now)
        .returning(EscalationTimer.id)
        .execution_options(synchronize_session=False)
    ).first()
    if hastened is not None:
        ring(session, "care.escalate")
    return hastened is not None


def fire(session: Session, timer_id: uuid.UUID, *, now: datetime) -> TimerKind | None:
    """Mark a due clock as fired and return its kind; None if somebody else fired, moved or cancelled it.

    The caller holds the lock of the case, so that what follows from the clock happens once.
    """
    return session.scalar(
        update(EscalationTimer)
        .where(
            EscalationTimer.id == timer_id,
            EscalationTimer.fired_at.is_(None),
            EscalationTimer.cancelled_at.is_(None),
            EscalationTimer.due_at <= now,
        )
        .values(fired_at=now)
        .returning(EscalationTimer.kind)
        .execution_options(synchronize_session=False)
    )


def due_at(session: Session, case_id: uuid.UUID, kind: TimerKind) -> datetime | None:
    """Return when an active clock is due, None if it does not run."""
    return session.scalar(
        select(EscalationTimer.due_at).where(
            EscalationTimer.escalation_id == case_id,
            EscalationTimer.kind == kind,
            EscalationTimer.fired_at.is_(None),
            EscalationTimer.cancelled_at.is_(None),
        )
    )
