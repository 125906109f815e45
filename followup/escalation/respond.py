"""Answer the bell "a patient's reply was received": assess it, open what it asks for, and write to the patient.

One transaction per reply: assessment, case or task, and text stand or fall together, and a reply that breaks
something never blocks the others. What breaks is unclear with high priority: a person reads it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from followup.audit.record import moved
from followup.db.session import Database
from followup.escalation.answer_reply import Desk, answer_reply
from followup.intake.models import ProviderEvent
from followup.kit.clock import Clock
from followup.log import logger
from followup.replies.models import Reply
from followup.replies.states import ReplyState
from followup.triage.assess import assess
from followup.triage.engine import Decision, Tier
from followup.triage.models import Assessment

_log = logger(__name__)

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


def respond(database: Database, clock: Clock, *, public_url: str) -> Responded:
    """Answer every received reply of every clinic: possible emergencies first, then the oldest."""
    done = Responded()
    broken: set[uuid.UUID] = set()
    for clinic_id in clinics_with_replies(database):
        while _respond_next(database, clinic_id, clock, public_url=public_url, done=done, broken=broken):
            pass
    done.left = len(broken)
    return done


def clinics_with_replies(database: Database) -> list[uuid.UUID]:
    """List the clinics with replies that were not assessed, the one that waits longest first."""
    with database.engine() as session:
        return list(session.scalars(_CLINICS))


def next_reply(session: Session, *, besides: Collection[uuid.UUID] = ()) -> uuid.UUID | None:
    """Return the reply to answer next; one that another worker holds is passed over."""
    return session.scalar(
        select(Reply.id)
        .join(ProviderEvent, ProviderEvent.id == Reply.provider_event_id)
        .where(Reply.state == ReplyState.received, Reply.id.not_in(list(besides)))
        .order_by(ProviderEvent.urgent_look.desc(), Reply.received_at, Reply.id)
        .limit(1)
        .with_for_update(of=Reply, skip_locked=True)
    )


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


def _respond_next(
    database: Database, clinic_id: uuid.UUID, clock: Clock, *, public_url: str, done: Responded,
    broken: set[uuid.UUID],
) -> bool:  # fmt: skip
    """Answer the next reply of a clinic, by the engine or, if that breaks, as unclear; False if there is none."""
    reply_id: uuid.UUID | None = None
    try:
        with database.transaction(clinic_id) as session:
            reply_id = next_reply(session, besides=broken)
            if reply_id is None:
                return False
            decision = respond_to(session, reply_id, public_url=public_url, now=clock.now())
    except OperationalError as error:
        # The database was away or chose us in a deadlock: nobody's fault, and the next tick finds the reply.
        _log.warning("reply not answered yet", reply_id=str(reply_id), error=type(error).__name__)
        if reply_id is None:
            return False
        broken.add(reply_id)
        return True
    except Exception as error:  # noqa: BLE001 - one reply must never block the others
        _log.error("reply could not be assessed", reply_id=str(reply_id), error=type(error).__name__)
        if reply_id is None:
            return False
        done.unreadable += 1
        decision = _second_way(database, clinic_id, reply_id, clock, public_url=public_url)
    if decision is None:
        broken.add(reply_id)
    else:
        done.tiers[decision.tier.value] = done.tiers.get(decision.tier.value, 0) + 1
    return True


def _second_way(
    database: Database, clinic_id: uuid.UUID, reply_id: uuid.UUID, clock: Clock, *, public_url: str
) -> Decision | None:
    try:
        with database.transaction(clinic_id) as session:
            return respond_to(
                session, reply_id, public_url=public_url, now=clock.now(), judge=call_it_unclear
            )
    except Exception as error:  # noqa: BLE001 - the reply stays received, which is an alarm after a minute
        _log.error("reply not answered", reply_id=str(reply_id), error=type(error).__name__)
        return None
