"""Answer the bell "a patient's reply was received": assess it, open what it asks for, and write to the patient.

One transaction per reply: assessment, case or task, and text stand or fall together, and a reply that breaks
something never blocks the others. What breaks is unclear with high priority: a person reads it.
"""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from followup.audit.record import moved
from followup.db.session import Database
from followup.doorbell import ring
from followup.escalation.answer_reply import Desk, answer_reply
from followup.intake.models import ProviderEvent
from followup.kit.clock import Clock
from followup.kit.way import give_way, goes_first
from followup.log import logger
from followup.replies.models import Reply
from followup.replies.states import ReplyState
from followup.triage.assess import assess
from followup.triage.engine import Decision, Tier
from followup.triage.models import Assessment

_log = logger(__name__)

# Few at a time: an emergency that comes meanwhile is looked for after each of these.
BATCH = 3

Judge = Callable[..., tuple[Assessment, Decision]]

_CLINICS = text(
    "SELECT clinic_id FROM reply WHERE state = 'received' GROUP BY clinic_id ORDER BY min(received_at)"
)


@dataclass(slots=True)
class Responded:
    """What one round did: replies by tier, how many needed the second way, how many are left for the next round."""

    tiers: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0
    left: int = 0

    @property
    def replies(self) -> int:
        """How many replies were answered."""
        return sum(self.tiers.values())


def respond(database: Database, clock: Clock, *, public_url: str, for_seconds: float = math.inf) -> Responded:
    """Answer every received reply of every clinic: possible emergencies first, then the oldest.

    The clinics take turns: a busy morning in one of them never stands before an emergency in another. After
    ``for_seconds`` (machine time) it rings for the rest: a sweep that never ends tells no heartbeat.
    """
    done = Responded()
    # Failed here, or in the hands of another worker: not looked at again in this round.
    passed: set[uuid.UUID] = set()
    began = time.monotonic()
    while clinics := clinics_with_replies(database):
        if time.monotonic() - began > for_seconds:
            with database.engine() as session:
                ring(session, "care.respond")
            break
        found = 0
        for clinic_id, batch, is_urgent in _turns(database, clinics, passed):
            found += len(batch)
            for reply_id in batch:
                with _turn(is_urgent=is_urgent):
                    tier = _respond_to(database, clinic_id, reply_id, clock, public_url=public_url, done=done)
                if tier is None:
                    passed.add(reply_id)
                else:
                    done.tiers[tier] = done.tiers.get(tier, 0) + 1
        if not found:
            break
    done.left = len(passed)
    return done


def _turns(
    database: Database, clinics: Sequence[uuid.UUID], passed: Collection[uuid.UUID]
) -> Iterator[tuple[uuid.UUID, Sequence[uuid.UUID], bool]]:
    """Yield (clinic, replies, may be urgent): all emergencies of all clinics, then a few others of each."""
    for clinic_id in clinics:
        while batch := _next_batch(database, clinic_id, besides=passed, only_urgent=True):
            yield clinic_id, batch, True
    for clinic_id in clinics:
        yield clinic_id, _next_batch(database, clinic_id, besides=passed, only_urgent=False), False


def _turn(*, is_urgent: bool) -> AbstractContextManager[None]:
    """Let what may be an emergency go first in this process; the rest makes way for it."""
    if is_urgent:
        return goes_first()
    give_way()
    return nullcontext()


def clinics_with_replies(database: Database) -> list[uuid.UUID]:
    """List the clinics with replies that were not assessed, the one that waits longest first."""
    with database.engine() as session:
        return list(session.scalars(_CLINICS))


def next_replies(
    session: Session, *, besides: Collection[uuid.UUID] = (), many: int = BATCH, only_urgent: bool = False
) -> Sequence[uuid.UUID]:
    """Return the oldest replies to answer next; few, so that a new emergency soon has its turn."""
    waiting = select(Reply.id).where(Reply.state == ReplyState.received, Reply.id.not_in(list(besides)))
    if only_urgent:
        # From the few events that may be emergencies to their replies: a morning's backlog is not sorted for them.
        oldest = (
            select(func.min(Reply.received_at)).where(Reply.state == ReplyState.received).scalar_subquery()
        )
        waiting = waiting.join(ProviderEvent, ProviderEvent.id == Reply.provider_event_id).where(
            ProviderEvent.urgent_look, ProviderEvent.received_at >= oldest
        )
    return session.scalars(waiting.order_by(Reply.received_at, Reply.id).limit(many)).all()


def respond_to(
    session: Session, reply_id: uuid.UUID, *, public_url: str, now: datetime, judge: Judge = assess
) -> Decision | None:
    """Assess one reply and do what follows, in this transaction; None if somebody else has it or had it."""
    reply = session.scalar(
        select(Reply)
        .where(Reply.id == reply_id, Reply.state == ReplyState.received)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if reply is None:
        return None
    _, decision = judge(session, reply, now=now)
    answer_reply(session, reply, decision, desk=Desk(public_url, now))
    return decision


def call_it_unclear(session: Session, reply: Reply, *, now: datetime) -> tuple[Assessment, Decision]:
    """Assess without the engine: a reply that breaks the machine is read by a person within half an hour."""
    decision = Decision(Tier.UNCLEAR, "high", message_key="unclear")
    assessment = Assessment(
        clinic_id=reply.clinic_id, reply_id=reply.id, patient_id=reply.patient_id, tier=decision.tier.value,
        priority=decision.priority, ruleset="", assessed_by="engine", decision=decision.as_dict(),
        reason="the machine could not assess it", assessed_at=now,
    )  # fmt: skip
    session.add(assessment)
    reply.state = ReplyState.in_review
    for before, after in (
        (ReplyState.received, ReplyState.assessed),
        (ReplyState.assessed, ReplyState.in_review),
    ):
        moved(
            session, reply.clinic_id, thing="reply", thing_id=reply.id, before=before, after=after, now=now,
            reason="the machine could not assess it",
        )  # fmt: skip
    session.flush()
    return assessment, decision


def _next_batch(
    database: Database, clinic_id: uuid.UUID, *, besides: Collection[uuid.UUID], only_urgent: bool
) -> Sequence[uuid.UUID]:
    with database.transaction(clinic_id) as session:
        return next_replies(session, besides=besides, only_urgent=only_urgent)


def _respond_to(
    database: Database, clinic_id: uuid.UUID, reply_id: uuid.UUID, clock: Clock, *, public_url: str,
    done: Responded,
) -> str | None:  # fmt: skip
    """Answer one reply, by the engine or, if that breaks, as unclear; None if it is left for another round."""
    for judge in (assess, call_it_unclear):
        try:
            with database.transaction(clinic_id) as session:
                decision = respond_to(session, reply_id, public_url=public_url, now=clock.now(), judge=judge)
        except OperationalError as error:
            # The database was away or chose us in a deadlock: nobody's fault, and the next tick finds the reply.
            _log.warning("reply not answered yet", reply_id=str(reply_id), error=type(error).__name__)
            return None
        except Exception as error:  # noqa: BLE001 - one reply must never block the others
            done.unreadable += judge is assess
            _log.error("reply could not be answered", reply_id=str(reply_id), error=type(error).__name__)
        else:
            return decision.tier.value if decision else None
    return None
