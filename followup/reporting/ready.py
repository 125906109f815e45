"""Whether the service does its work: the database answers, the sweeps go round, nothing waits too long.

Runs as the engine role over all clinics, so it can tell ages and nothing else. Ages of work are care time;
the age of a tick is machine time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session

from followup.clinics.models import Heartbeat
from followup.db.session import Database
from followup.enrollment.models import Touchpoint
from followup.enrollment.states import TouchpointState
from followup.escalation.models import Escalation
from followup.escalation.states import EscalationState
from followup.escalation.synthetic import stalled_seconds
from followup.intake.models import ProviderEvent
from followup.intake.states import EventKind
from followup.messaging.models import Attempt, Message
from followup.messaging.states import AttemptState, MessageState
from followup.replies.models import Reply
from followup.replies.states import ReplyState

OLDEST_TICK = timedelta(seconds=120)
"""A loop that has not gone round for so long is not going round."""

CARE_LOOPS = ("care.process_events", "care.respond", "care.escalate", "care.page")
OLDEST_CARE_TICK = timedelta(seconds=45)
"""The loops between a red flag and a page go round every five seconds; whoever asks every 15 s knows within 60."""

LIMITS: Mapping[str, timedelta] = {
    "tick": OLDEST_TICK,
    "care_tick": OLDEST_CARE_TICK,
    # A morning's backlog leaves at the rate of its sender, which may take minutes and is no failure.
    "due_touchpoint": timedelta(minutes=30),
    "due_message": timedelta(minutes=30),
    # Normal is a minute; what is found in the carrier's list is minutes old when it comes.
    "unassessed_reply": timedelta(minutes=10),
    # Past this the patient was promised a call that nobody has taken over.
    "unaccepted_escalation": timedelta(minutes=30),
    # Where a clinic of the synthetic patient is kept: from its text to its closed case, and again when it is time.
    "synthetic_patient": timedelta(minutes=3),
}
"""How old the oldest of each may be before somebody outside the house should hear of it."""


@dataclass(frozen=True, slots=True)
class Ages:
    """Ages in seconds; None where nothing waits, or where nothing ever ticked."""

    tick: float | None
    due_touchpoint: float | None
    due_message: float | None
    unassessed_reply: float | None
    unaccepted_escalation: float | None
    care_tick: float | None = None
    synthetic_patient: float | None = None

    def behind(self) -> list[str]:
        """Return what is older than its limit, by name."""
        told = {name: getattr(self, name) for name in LIMITS}
        return [name for name, age in told.items() if age is not None and age > LIMITS[name].total_seconds()]


@dataclass(frozen=True, slots=True)
class Readiness:
    """What ``/readyz`` answers."""

    has_database: bool
    ages: Ages | None = None

    @property
    def is_ready(self) -> bool:
        """Whether work is being done. Waiting work does not make the pages unready; silence of the sweeps does."""
        if not self.has_database or self.ages is None or self.ages.tick is None:
            return False
        return not {"tick", "care_tick"} & set(self.ages.behind())

    @property
    def is_well(self) -> bool:
        """Whether the outside monitor may hear that all is well: the sweeps go round and nobody waits too long."""
        return self.is_ready and self.ages is not None and not self.ages.behind()

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
                "oldest_care_tick_age_seconds": _whole(ages.care_tick),
                "oldest_due_touchpoint_age_seconds": _whole(ages.due_touchpoint),
                "oldest_due_message_age_seconds": _whole(ages.due_message),
                "oldest_unassessed_reply_age_seconds": _whole(ages.unassessed_reply),
                "oldest_unaccepted_escalation_age_seconds": _whole(ages.unaccepted_escalation),
                "synthetic_patient_waits_seconds": _whole(ages.synthetic_patient),
                "behind": ages.behind(),
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
    since_oldest = select(func.extract("epoch", func.now() - func.min(Heartbeat.ticked_at)))
    tick = looking.scalar(since_oldest)
    care_tick = looking.scalar(since_oldest.where(Heartbeat.name.in_(CARE_LOOPS)))
    due_touchpoint = select(func.min(Touchpoint.look_at)).where(
        Touchpoint.state == TouchpointState.planned, Touchpoint.look_at <= now
    )
    in_doubt = exists().where(Attempt.message_id == Message.id, Attempt.state == AttemptState.in_doubt)
    due_message = select(func.min(Message.not_before)).where(
        # What is held or paused is looked at anew each minute; a doubt has its own clock and its own task.
        Message.state == MessageState.queued, Message.not_before <= now, ~in_doubt
    )  # fmt: skip
    unaccepted = select(func.min(Escalation.opened_at)).where(Escalation.state == EscalationState.paging)
    return Ages(
        tick=float(tick) if tick is not None else None,
        due_touchpoint=_age(now, looking.scalar(due_touchpoint)),
        due_message=_age(now, looking.scalar(due_message)),
        unassessed_reply=_age(now, _oldest_reply(looking)),
        unaccepted_escalation=_age(now, looking.scalar(unaccepted)),
        care_tick=float(care_tick) if care_tick is not None else None,
        synthetic_patient=stalled_seconds(looking, now),
    )


def _oldest_reply(looking: Session) -> datetime | None:
    """When the oldest text or mail arrived that nobody has assessed, as a reply or still as the raw event."""
    words = (EventKind.inbound_sms, EventKind.inbound_email)
    raw = select(func.min(ProviderEvent.received_at)).where(
        ProviderEvent.processed_at.is_(None), ProviderEvent.kind.in_(words)
    )
    received = select(func.min(Reply.received_at)).where(Reply.state == ReplyState.received)
    found = [each for each in (looking.scalar(raw), looking.scalar(received)) if each is not None]
    return min(found, default=None)


def _age(now: datetime, oldest: datetime | None) -> float | None:
    return max((now - oldest).total_seconds(), 0.0) if oldest else None


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds)
