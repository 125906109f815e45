"""Whether a clinic's texts and mails go out, and if not: since when, why, who stopped them, and what ends it.

A coordinator has to be able to say "nothing is being sent since 9:12, because the carrier refuses our account"
without asking anybody. The sentences stand on Today and in ``followup clinic sending``, so they are written once.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from followup.audit.models import AuditEvent
from followup.clinics.models import Clinic, Sender
from followup.clinics.states import Channel
from followup.db.restore import taken_at
from followup.enrollment.models import Touchpoint
from followup.enrollment.states import TouchpointState
from followup.messaging.deliver import COMPARED_WITHIN
from followup.messaging.models import Message
from followup.messaging.rest import is_by_carrier
from followup.messaging.states import MessageState
from followup.staff.queries import names
from followup.tasks.models import Task
from followup.tasks.states import TaskKind, TaskState

_WORDS = {Channel.sms: "text", Channel.email: "email"}
MENDS_ITSELF = "Once a minute one message finds out whether it is mended; then everything goes on by itself."


@dataclass(frozen=True, slots=True)
class Trouble:
    """One reason why something is not sent. ``since`` is care time, None where nobody kept it."""

    what: str
    since: datetime | None
    why: str
    by: str
    then: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in the outbox of one channel."""

    channel: str
    count: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class Sending:
    """How a clinic's sending stands. No trouble: everything that is due goes out."""

    troubles: Sequence[Trouble]
    waiting: Sequence[Waiting]
    contacts_due: int


def sending(session: Session, clinic_id: uuid.UUID, now: datetime) -> Sending:
    """Read how the sending of the clinic of this transaction stands; ``now`` is care time."""
    clinic = session.get_one(Clinic, clinic_id)
    senders = session.scalars(select(Sender).order_by(Sender.channel, Sender.address)).all()
    troubles = [_pause(session, clinic)] if clinic.sending_paused_at is not None else []
    for each in senders:
        troubles += _rest(session, each, now, clinic_is_paused=bool(troubles))
    return Sending(troubles, _waiting(session, now), _contacts_due(session, now))


def _pause(session: Session, clinic: Clinic) -> Trouble:
    reason = (clinic.sending_paused_reason or "nobody said why").rstrip(".")
    what = "Nothing is being sent but safety texts"
    if is_by_carrier(reason):
        return Trouble(what, clinic.sending_paused_at, reason, "the service", MENDS_ITSELF)
    if taken_at(reason) is not None:
        then = "A person compares what is due with the carrier's list, and lets it go on."
        return Trouble(what, clinic.sending_paused_at, reason, "the restore", then)
    return Trouble(
        what, clinic.sending_paused_at, reason, _who_paused(session), "A person lets it go on."
    )  # fmt: skip


def _who_paused(session: Session) -> str:
    event = session.scalars(
        select(AuditEvent)
        .where(AuditEvent.action == "pause sending")
        .order_by(AuditEvent.seq.desc())
        .limit(1)
    ).first()
    if event is None:
        return "an administrator"
    return names(session).get(f"{event.actor_kind}:{event.actor_id}", event.actor_kind)


def _rest(session: Session, sender: Sender, now: datetime, *, clinic_is_paused: bool) -> list[Trouble]:
    word, found = _WORDS[sender.channel], []
    rests = sender.paused_until is not None and sender.paused_until > now and sender.pause_reason
    if rests and not (clinic_is_paused and sender.channel is Channel.sms):
        assert sender.pause_reason is not None
        then = MENDS_ITSELF if is_by_carrier(sender.pause_reason) else "It is tried again within minutes."
        why = (
            sender.pause_reason.replace("the carrier", "the mail server")
            if word == "email"
            else sender.pause_reason
        )
        found.append(
            Trouble(
                f"No {word} is being sent from {sender.address}",
                _since(session, sender),
                why,
                "the service",
                then,
            )
        )
    if _is_deaf(session, sender):
        found.append(
            Trouble(
                f"No planned text is being sent from {sender.address}", _since(session, sender),
                "the carrier's list of texts from patients can't be read, and one of them may be a STOP",
                "the service", "It goes on by itself once the list can be read again.",
            )
        )  # fmt: skip
    return found


def _since(session: Session, sender: Sender) -> datetime | None:
    found: datetime | None = session.scalar(
        select(func.min(Task.opened_at)).where(
            Task.kind == TaskKind.sending_paused, Task.state == TaskState.open, Task.subject_id == sender.id
        )
    )
    return found


def _is_deaf(session: Session, sender: Sender) -> bool:
    """Whether the comparison with the carrier's list is older than routine texts may go by (machine time)."""
    if sender.channel is not Channel.sms or sender.inbound_listed_at is None:
        return False
    machine_now = session.scalar(select(func.now()))
    return machine_now is not None and machine_now - sender.inbound_listed_at > COMPARED_WITHIN


def _waiting(session: Session, now: datetime) -> list[Waiting]:
    rows = session.execute(
        select(Message.channel, func.count(), func.min(Message.queued_at))
        .where(Message.state == MessageState.queued, Message.queued_at <= now)
        .group_by(Message.channel)
        .order_by(Message.channel)
    )
    return [Waiting(_WORDS[channel], count, oldest) for channel, count, oldest in rows]


def _contacts_due(session: Session, now: datetime) -> int:
    due = select(func.count()).where(
        Touchpoint.state == TouchpointState.planned, Touchpoint.due_at <= now
    )  # fmt: skip
    return session.scalar(due) or 0
