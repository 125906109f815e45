"""What becomes of a claimed message that is not called after all: it waits, ends, or is planned anew.

Nothing here may call a carrier, and nothing that may have been called is touched: every change asks for a message
that is still queued.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from followup.audit.record import moved
from followup.enrollment.advance import advance_touchpoint
from followup.enrollment.states import TouchpointState
from followup.log import logger
from followup.messaging.consequences import plan_again
from followup.messaging.rules import (
    ABOUT_THE_ADDRESS,
    ARRIVED,
    AWAITED,
    REPLACED,
    STANDS_FOR_A_STEP,
    Decision,
    Verdict,
)
from followup.messaging.states import MessageState, Purpose
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

_log = logger(__name__)

TASK_DUE = timedelta(hours=2)
_RELEASE_ONE = text(
    "UPDATE attempt SET state = 'released', settled_at = now(), settled_by = 'rule' WHERE id = :attempt"
)
_CANCEL = text(
    "UPDATE message SET state = 'cancelled', reason = :reason, final_at = :now"
    " WHERE id = :message AND state = 'queued' RETURNING id"
)
# Looked at again in a minute: what holds it ends by a person's hand, not by asking more often.
_WAIT = text(
    "UPDATE message SET claimable = true, reason = :reason,"
    " not_before = GREATEST(not_before, CAST(:now AS timestamptz) + interval '1 minute')"
    " WHERE id = :message AND state = 'queued'"
)


def put_back(session: Session, row: Row[Any], decision: Decision, *, now: datetime) -> None:
    """Carry out a verdict that is not "call" for a claimed attempt; ``row`` is what ``start_calling`` re-read."""
    session.execute(_RELEASE_ONE, {"attempt": row.attempt_id})
    if decision.verdict is Verdict.release:
        session.execute(_WAIT, {"message": row.message_id, "reason": decision.reason, "now": now})
        return
    ended = session.execute(
        _CANCEL, {"message": row.message_id, "reason": decision.reason, "now": now}
    ).first()
    if ended is None:
        return
    moved(
        session, row.clinic_id, thing="message", thing_id=row.message_id,
        before=MessageState.queued, after=MessageState.cancelled, now=now, reason=decision.reason,
    )  # fmt: skip
    _what_it_stood_for(session, row, decision, now=now)


def _what_it_stood_for(session: Session, row: Row[Any], decision: Decision, *, now: datetime) -> None:
    stands_for_a_step = row.touchpoint_id is not None and row.purpose in STANDS_FOR_A_STEP
    if decision.verdict is Verdict.stale and stands_for_a_step:
        plan_again(session, row.touchpoint_id, look_at=now, now=now)
    elif row.purpose in AWAITED and (decision.verdict is Verdict.stale or decision.reason == REPLACED):
        _tell_a_person(session, row, now=now)
    elif stands_for_a_step and decision.reason in ABOUT_THE_ADDRESS:
        plan_again(session, row.touchpoint_id, look_at=now, now=now, reason=decision.reason)
    elif stands_for_a_step and decision.reason != ARRIVED:
        advance_touchpoint(
            session, row.touchpoint_id, to=TouchpointState.skipped, now=now, reason=decision.reason
        )


def _tell_a_person(session: Session, row: Row[Any], *, now: datetime) -> None:
    """Somebody waited for this one: an answer, a colleague's words, or what to do at once."""
    is_safety = row.purpose == Purpose.safety
    open_task(
        session, row.clinic_id, kind=TaskKind.call_missed_text, now=now,
        due_at=now if is_safety else now + TASK_DUE, patient_id=row.patient_id, subject_id=row.message_id,
        reason=f"A text ({row.text_key}) could not be sent while it still mattered. Please call.",
        priority="high" if is_safety else "normal",
    )  # fmt: skip


def quarantine(session: Session, message_id: uuid.UUID, why: str, *, now: datetime) -> None:
    """Put a message aside that breaks whoever touches it, so that the others flow; a person is told."""
    ended = session.execute(
        text(
            "UPDATE message SET state = 'failed', claimable = false, final_at = :now, reason = :why"
            " WHERE id = :id AND state = 'queued'"
            " RETURNING clinic_id, patient_id, touchpoint_id, text_key, purpose"
        ),
        {"id": message_id, "now": now, "why": f"put aside: {why}"},
    ).first()
    if ended is None:
        return
    session.execute(
        text(
            "UPDATE attempt SET state = 'released', settled_at = now(), settled_by = 'rule'"
            " WHERE message_id = :id AND state = 'claimed'"
        ),
        {"id": message_id},
    )
    _log.error("message put aside", message_id=str(message_id), why=why)
    moved(
        session, ended.clinic_id, thing="message", thing_id=message_id, before=MessageState.queued,
        after=MessageState.failed, now=now, reason=f"put aside: {why}",
    )  # fmt: skip
    open_task(
        session, ended.clinic_id, kind=TaskKind.call_missed_text, now=now, due_at=now, priority="high",
        patient_id=ended.patient_id, subject_id=ended.touchpoint_id or message_id,
        reason=f"A text ({ended.text_key}) was put aside, because {why}. It was not sent: please call.",
    )  # fmt: skip
    if ended.touchpoint_id is not None and ended.purpose in STANDS_FOR_A_STEP:
        advance_touchpoint(
            session, ended.touchpoint_id, to=TouchpointState.call_task, now=now,
            reason="the text could not be sent; a person was asked to call",
        )  # fmt: skip


def put_aside_deadly(session: Session, *, most: int, now: datetime) -> int:
    """Quarantine messages whose claims died ``most`` times with whoever held them; returns how many."""
    found = session.scalars(
        text(
            "SELECT m.id FROM message m JOIN attempt a ON a.message_id = m.id AND a.state = 'released'"
            " AND a.settled_by = 'lease' WHERE m.state = 'queued' AND m.claimable AND m.attempts >= :most"
            " GROUP BY m.id HAVING count(*) >= :most"
        ),
        {"most": most},
    ).all()
    for message_id in found:
        quarantine(session, message_id, "the worker died on it again and again", now=now)
    return len(found)
