"""Follow a message to its end: apply what the carrier reports, forward only, whatever order it comes in."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM, moved, moved_together
from followup.messaging.consequences import apply
from followup.messaging.models import Attempt, Message
from followup.messaging.rules import CARRIER_STATUS, RANKS, after_refusal
from followup.messaging.states import MessageState
from followup.ports import Refusal
from followup.tasks.close import close_task
from followup.tasks.models import Task
from followup.tasks.states import TaskKind, TaskState

_FAILED = frozenset([MessageState.undelivered, MessageState.failed])

_SETTLE = text(
    """
    UPDATE attempt SET state = 'accepted', settled_at = now(), settled_by = :by, provider_id = u.provider
    FROM unnest(CAST(:attempts AS uuid[]), CAST(:providers AS text[])) AS u (attempt, provider)
    WHERE attempt.id = u.attempt AND attempt.state IN ('calling', 'in_doubt', 'unconfirmed')
    RETURNING attempt.id, attempt.message_id, attempt.provider_id
    """
)
# A message given to a person in doubt stays failed until something better is told, but has its id from now on.
_FOUND = text(
    """
    UPDATE message SET state = CASE WHEN state = 'queued' THEN 'accepted' ELSE state END,
        claimable = false, calls = calls + CASE WHEN state = 'queued' THEN 1 ELSE 0 END,
        provider_id = u.provider, accepted_at = COALESCE(accepted_at, :now),
        reason = CASE WHEN state = 'queued' THEN NULL ELSE 'the carrier has it after all' END
    FROM unnest(CAST(:messages AS uuid[]), CAST(:providers AS text[])) AS u (message, provider)
    WHERE message.id = u.message
      AND (state = 'queued' OR provider_id IS NULL AND state IN ('failed', 'cancelled'))
    RETURNING message.id, message.clinic_id, message.state
    """
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a carrier says about one message. ``refusal`` classifies ``error_code`` when it failed."""

    provider_id: str
    status: str
    error_code: str | None = None
    refusal: Refusal | None = None


def track_by_token(
    session: Session, token: str, *, report: Report, now: datetime, by: str = "callback"
) -> bool:
    """Apply a report that carries our attempt's token; also settles a call whose answer was lost.

    Returns False if no attempt of this clinic has the token.
    """
    attempt = session.scalar(select(Attempt).where(Attempt.token == token).with_for_update())
    if attempt is None:
        return False
    settle_accepted(session, attempt.id, provider_id=report.provider_id, by=by, now=now)
    _follow(session, attempt.message_id, report, now=now)
    return True


def track_by_provider_id(session: Session, report: Report, *, now: datetime) -> bool:
    """Apply a report found by asking the carrier; False if we do not know its id."""
    message_id = session.scalar(select(Message.id).where(Message.provider_id == report.provider_id))
    if message_id is None:
        return False
    _follow(session, message_id, report, now=now)
    return True


def settle_accepted(
    session: Session, attempt_id: uuid.UUID, *, provider_id: str, by: str, now: datetime
) -> bool:
    """Settle an attempt as accepted under the carrier's id, if it was still open."""
    return bool(settle_all_accepted(session, {attempt_id: provider_id}, by=by, now=now))


def settle_all_accepted(
    session: Session, accepted: Mapping[uuid.UUID, str], *, by: str, now: datetime
) -> set[uuid.UUID]:
    """Settle attempts of one clinic as accepted under the carrier's ids; return those that were still open."""
    settled = session.execute(
        _SETTLE, {"attempts": list(accepted), "providers": list(accepted.values()), "by": by}
    ).all()
    if not settled:
        return set()
    found = session.execute(
        _FOUND,
        {
            "messages": [each.message_id for each in settled],
            "providers": [each.provider_id for each in settled], "now": now,
        },
    ).all()  # fmt: skip
    taken = [each for each in found if each.state == MessageState.accepted]
    if taken:
        moved_together(
            session, taken[0].clinic_id, thing="message", thing_ids=[each.id for each in taken],
            before=MessageState.queued, after=MessageState.accepted, now=now,
            reason=None if by == "answer" else f"found by {by}",
        )  # fmt: skip
    return {each.id for each in settled}


def _follow(session: Session, message_id: uuid.UUID, report: Report, *, now: datetime) -> None:
    told = CARRIER_STATUS.get(report.status)
    if told is None:
        return
    message = session.get(Message, message_id, with_for_update=True, populate_existing=True)
    if message is None or not RANKS.is_forward(message.state, told):
        return
    if told in _FAILED:
        _failed(session, message, report, now=now)
        return
    before = message.state
    message.state = told
    if told is MessageState.delivered:
        message.final_at, message.reason = now, None
        if before is MessageState.failed:
            _no_call_needed(session, message, now=now)
    moved(
        session, message.clinic_id, thing="message", thing_id=message.id, before=before, after=told, now=now
    )


def _failed(session: Session, message: Message, report: Report, *, now: datetime) -> None:
    refusal = report.refusal or Refusal.unknown
    code = report.error_code or ""
    consequence = after_refusal(refusal, tries=message.calls, now=now, not_after=message.not_after, code=code)
    apply(session, message.id, consequence=consequence, code=report.error_code or report.status, now=now)


def _no_call_needed(session: Session, message: Message, *, now: datetime) -> None:
    """What a person was asked to find out has been told by the carrier: the text arrived."""
    open_tasks = session.scalars(
        select(Task.id).where(
            Task.kind == TaskKind.unconfirmed_send,
            Task.state == TaskState.open,
            Task.subject_id == message.id,
        )
    ).all()
    for task_id in open_tasks:
        close_task(session, task_id, disposition="gone", now=now, actor=SYSTEM)
