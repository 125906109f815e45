"""Whether the service does its work: the database answers, the sweeps go round, nothing waits too long.

Runs as the engine role over all clinics, so it can tell ages and nothing else. Ages of work are care time;
the age of a tick is machine time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session

from followup.clinics.models import Heartbeat
from followup.db.session import Database
from followup.enrollment.models import Touchpoint
from followup.enrollment.states import TouchpointState
from followup.escalation.models import Escalation
from followup.escalation.states import EscalationState
from followup.replies.models import Reply
from followup.replies.states import ReplyState

OLDEST_TICK = timedelta(seconds=120)
"""A loop that has not gone round for so long is not going round."""


@dataclass(frozen=True, slots=True)
class Ages:
    """Ages in seconds; None where nothing waits, or where nothing ever ticked."""

    tick: float | None
    due_touchpoint: float | None
    unassessed_reply: float | None
    unaccepted_escalation: float | None


@dataclass(frozen=True, slots=True)
class Readiness:
    """What ``/readyz`` answers."""

    has_database: bool
    ages: Ages | None = None

    @property
    def is_ready(self) -> bool:
        """Whether work is being done. Waiting work does not make the pages unready; silence of the sweeps does."""
        ticked = self.ages.tick if self.ages else None
        return self.has_database and ticked is not None and ticked <= OLDEST_TICK.total_seconds()

    def as_json(self) -> dict[str, object]:
        """Return the answer; ages in whole seconds."""
        ages = self.ages
        told: dict[str, object] = {
            "status": "ready" if self.is_ready else "not ready",
            "database": "ok" if self.has_database else "does not answer",
        }
        if ages is not None:
            told |= {
                "oldest_tick_age_seconds": _whole(ages.tick),
                "oldest_due_touchpoint_age_seconds": _whole(ages.due_touchpoint),
                "oldest_unassessed_reply_age_seconds": _whole(ages.unassessed_reply),
                "oldest_unaccepted_escalation_age_seconds": _whole(ages.unaccepted_escalation),
            }
        return told


def readiness(database: Database, now: datetime) -> Readiness:
    """Ask the database; ``now`` is care time. Never raises for a database that does not answer."""
    try:
        with database.engine() as looking:
            return Readiness(True, ages(looking, now))
    except (OperationalError, PoolExhausted):
        return Readiness(False)


def ages(looking: Session, now: datetime) -> Ages:
    """Return how old the oldest of everything is."""
    tick = looking.scalar(select(func.extract("epoch", func.now() - func.min(Heartbeat.ticked_at))))
    return Ages(
        tick=float(tick) if tick is not None else None,
        due_touchpoint=_age(
            now,
            looking.scalar(
                select(func.min(Touchpoint.look_at)).where(
                    Touchpoint.state == TouchpointState.planned, Touchpoint.look_at <= now
                )
            ),
        ),
        unassessed_reply=_age(
            now,
            looking.scalar(select(func.min(Reply.received_at)).where(Reply.state == ReplyState.received)),
        ),
        unaccepted_escalation=_age(
            now,
            looking.scalar(
                select(func.min(Escalation.opened_at)).where(Escalation.state == EscalationState.paging)
            ),
        ),
    )


def _age(now: datetime, oldest: datetime | None) -> float | None:
    return max((now - oldest).total_seconds(), 0.0) if oldest else None


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds)
