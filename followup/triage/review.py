"""What people do with replies: say what was done, and change how severe one is.

Raising is for anybody, lowering only for a licensed clinician, both with a reason. A changed tier is a new
assessment beside the engine's, which stays as it was: the pair is a candidate test case for the engine.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, moved, record
from followup.doorbell import ring
from followup.errors import Conflict, InvalidInput, NotAllowed, NotFound
from followup.replies.models import Reply
from followup.replies.states import ReplyState
from followup.staff.rules import LICENSED
from followup.staff.states import StaffRole
from followup.tasks.close import close_task
from followup.tasks.models import Task
from followup.tasks.states import TaskState
from followup.triage.models import Assessment
from followup.triage.rules import TIERS, Disposition, priority_of, rank

_OPEN = (ReplyState.in_review, ReplyState.assessed)
LONGEST_NOTE = 4_000
# How a reply's disposition closes the tasks that wait for it.
_TASK_DISPOSITION = {
    Disposition.called: "reached_advised",
    Disposition.handed_on: "escalated",
}


def dispose(
    session: Session, reply_id: uuid.UUID, *, disposition: str, now: datetime, actor: Actor, note: str = ""
) -> Reply:
    """Close a reply with what was done about it, and the tasks that wait for it.

    Raises NotFound, InvalidInput for an unknown disposition or an endless note, Conflict if somebody was quicker.
    """
    if disposition not in Disposition.__members__:
        raise InvalidInput("disposition", "Choose what was done.")
    if len(note) > LONGEST_NOTE:
        raise InvalidInput("note", f"Keep the note under {LONGEST_NOTE} characters.")
    reply = _locked(session, reply_id)
    if reply.state not in _OPEN:
        raise Conflict("Somebody else has dealt with this reply already.")
    done = Disposition[disposition]
    before, reply.state = reply.state, ReplyState.disposed
    moved(
        session, reply.clinic_id, thing="reply", thing_id=reply.id, before=before, after=ReplyState.disposed,
        now=now, reason=disposition, actor=actor,
    )  # fmt: skip
    record(
        session, reply.clinic_id, actor=actor, action="dispose reply", now=now, reason=disposition,
        subject=Subject("reply", reply.id, reply.patient_id), details={"note": note} if note else None,
    )  # fmt: skip
    waiting = select(Task.id).where(Task.subject_id == reply.id, Task.state == TaskState.open)
    for task_id in session.scalars(waiting).all():
        close_task(
            session, task_id, disposition=_TASK_DISPOSITION.get(done, "no_action"), now=now, actor=actor,
            note=note or None,
        )  # fmt: skip
    return reply


def retier(
    session: Session, reply_id: uuid.UUID, *, tier: str, reason: str, now: datetime, actor: Actor,
    role: StaffRole,
) -> Assessment:  # fmt: skip
    """Give a reply another tier, with a reason; the door opens a case if it became urgent or an emergency.

    Raises InvalidInput (no such tier, no reason, the same tier), NotAllowed for lowering without a license.
    """
    if tier not in TIERS:
        raise InvalidInput("tier", "Choose how fast a person must look.")
    if not reason.strip():
        raise InvalidInput("reason", "Say why.")
    reply = _locked(session, reply_id)
    standing = _newest(session, reply.id)
    if standing is None:
        raise Conflict("This reply is being read by the machine at this moment. Try again.")
    if rank(tier) == rank(standing.tier):
        raise InvalidInput("tier", "It has this tier already.")
    if rank(tier) < rank(standing.tier) and role not in LICENSED:
        raise NotAllowed("Only a nurse or a physician may lower how severe a reply is.")
    assessment = Assessment(
        clinic_id=reply.clinic_id, reply_id=reply.id, patient_id=reply.patient_id, tier=tier,
        priority=priority_of(tier), ruleset=standing.ruleset, assessed_by=str(actor),
        # The reason may quote the patient: it is kept sealed, with the decision it corrects.
        decision={"tier": tier, "corrects": standing.tier, "reason": reason.strip()}, assessed_at=now,
    )  # fmt: skip
    session.add(assessment)
    if rank(tier) > rank("routine") and reply.state in (ReplyState.filed, ReplyState.disposed):
        before, reply.state = reply.state, ReplyState.in_review
        moved(
            session, reply.clinic_id, thing="reply", thing_id=reply.id, before=before,
            after=ReplyState.in_review, now=now, reason=f"raised to {tier}", actor=actor,
        )  # fmt: skip
    record(
        session, reply.clinic_id, actor=actor, action="change tier of reply", now=now,
        reason=f"{standing.tier} to {tier}", subject=Subject("reply", reply.id, reply.patient_id),
        details={"reason": reason.strip()},
    )  # fmt: skip
    session.flush()
    ring(session, "care.escalate")
    return assessment


def _locked(session: Session, reply_id: uuid.UUID) -> Reply:
    reply = session.get(Reply, reply_id, with_for_update=True, populate_existing=True)
    if reply is None:
        raise NotFound
    return reply


def _newest(session: Session, reply_id: uuid.UUID) -> Assessment | None:
    return session.scalar(
        select(Assessment)
        .where(Assessment.reply_id == reply_id)
        .order_by(Assessment.assessed_at.desc(), Assessment.id.desc())
        .limit(1)
    )
