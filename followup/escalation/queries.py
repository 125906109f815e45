"""Reads about cases: the board by the clock that runs out next, one case's story, and what its patient was told."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from followup.audit.models import AuditEvent, Move
from followup.escalation.models import ContactAttempt, Escalation, EscalationSignal, EscalationTimer, Page
from followup.escalation.states import OPEN_STATES, CaseTier
from followup.messaging.models import Attempt as SendAttempt
from followup.messaging.models import Message
from followup.messaging.states import AttemptState, MessageState, Purpose
from followup.staff.models import Staff

ON_ITS_WAY = "on its way"
DELIVERED = "delivered"
NOT_TOLD = "patient may not have been told: call now"
NO_TEXT = "no text was sent: call now"


@dataclass(frozen=True, slots=True)
class BoardCase:
    """One open case on the board. ``next_due`` is its first clock (care time), None only if something is wrong."""

    id: uuid.UUID
    code: str
    tier: CaseTier
    state: str
    owner: str | None
    opened_at: datetime
    next_due: datetime | None
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a case, in plain words without patient data."""

    at: datetime
    what: str
    who: str


def board(session: Session) -> list[BoardCase]:
    """Return every open case, emergencies first, then by the clock that runs out next: nobody scrolls past one."""
    next_due = (
        select(func.min(EscalationTimer.due_at))
        .where(
            EscalationTimer.escalation_id == Escalation.id, EscalationTimer.fired_at.is_(None),
            EscalationTimer.cancelled_at.is_(None),
        )
        .scalar_subquery()
    )  # fmt: skip
    rows = session.execute(
        select(Escalation, Staff.name, next_due.label("next_due"))
        .outerjoin(Staff, Staff.id == Escalation.owner_id)
        .where(Escalation.state.in_(OPEN_STATES))
        .order_by((Escalation.tier == CaseTier.emergency).desc(), next_due, Escalation.id)
    ).all()
    return [
        BoardCase(
            id=case.id, code=case.code, tier=case.tier, state=case.state.value, owner=owner,
            opened_at=case.opened_at, next_due=due, flags=tuple(str(each) for each in case.flags),
        )
        for case, owner, due in rows
    ]  # fmt: skip


def story(session: Session, case_id: uuid.UUID) -> list[Event]:
    """Return what happened to a case, in order: received, assessed, paged, delivered, accepted, tried, closed.

    Made of the move rows of the case, its pages and its replies, and of what people did.
    """
    pages = select(Page.id).where(Page.escalation_id == case_id)
    causes = select(EscalationSignal.cause_id).where(EscalationSignal.escalation_id == case_id)
    moves = session.scalars(
        select(Move)
        .where(or_(Move.thing_id == case_id, Move.thing_id.in_(pages), Move.thing_id.in_(causes)))
        .order_by(Move.at, Move.id)
    ).all()
    events = [
        Event(
            each.at,
            f"{each.thing} {each.to_state}" + (f" ({each.reason})" if each.reason else ""),
            each.actor,
        )
        for each in moves
    ]
    deeds = session.scalars(
        select(AuditEvent).where(AuditEvent.subject_id == case_id).order_by(AuditEvent.at, AuditEvent.seq)
    ).all()
    events += [
        Event(each.at, each.action + (f" ({each.reason})" if each.reason else ""), _actor(each))
        for each in deeds
    ]
    return sorted(events, key=lambda event: event.at)


def patient_was_told(session: Session, case_id: uuid.UUID) -> str:
    """Return how far the newest safety text of a case got, in the words that its page shows."""
    causes = select(EscalationSignal.cause_id).where(EscalationSignal.escalation_id == case_id)
    message = session.scalar(
        select(Message)
        .where(
            or_(Message.cause_id.in_(causes), Message.cause_id == case_id),
            Message.purpose.in_((Purpose.safety, Purpose.consent)),
            Message.state != MessageState.cancelled,
        )
        .order_by(Message.queued_at.desc(), Message.id.desc())
        .limit(1)
    )
    if message is None:
        return NO_TEXT
    if message.state is MessageState.delivered:
        return DELIVERED
    if message.state in (MessageState.undelivered, MessageState.failed, MessageState.expired):
        return NOT_TOLD
    in_doubt = select(SendAttempt.id).where(
        SendAttempt.message_id == message.id,
        SendAttempt.state.in_((AttemptState.in_doubt, AttemptState.unconfirmed)),
    )
    return NOT_TOLD if session.scalar(in_doubt.limit(1)) is not None else ON_ITS_WAY


def attempts_of(session: Session, case_id: uuid.UUID) -> Sequence[ContactAttempt]:
    """Return the tries to reach the patient, in order."""
    return session.scalars(
        select(ContactAttempt)
        .where(ContactAttempt.escalation_id == case_id)
        .order_by(ContactAttempt.at, ContactAttempt.id)
    ).all()


def _actor(event: AuditEvent) -> str:
    return f"{event.actor_kind}:{event.actor_id}" if event.actor_id else event.actor_kind
