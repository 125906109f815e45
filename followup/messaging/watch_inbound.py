"""Tell a person when the carrier's list of inbound texts has not been read for too long, and when it is again.

While it can't be read two things are not known: whether a webhook missed a text that counts, and whether somebody
said STOP. So planned texts of that sender wait, and nobody would notice. Machine time: the comparison is machines'.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM
from followup.clinics.models import Clinic
from followup.db.session import Database
from followup.enrollment.planning.explain import clock_words, day_words
from followup.kit.windows import to_local, zone
from followup.log import logger
from followup.messaging.deliver import COMPARED_WITHIN
from followup.tasks.close import close_task
from followup.tasks.models import Task
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind, TaskState

_log = logger(__name__)

# A sender that was never compared counts from the day it was set up.
_SENDERS = text(
    """
    SELECT id, clinic_id, COALESCE(inbound_listed_at, recorded_at) AS heard_at,
        COALESCE(inbound_listed_at, recorded_at) < now() - make_interval(secs => :within) AS is_deaf,
        EXISTS (SELECT 1 FROM task t WHERE t.clinic_id = sender.clinic_id AND t.kind = 'sending_paused'
                AND t.state = 'open') AS may_be_told
    FROM sender WHERE channel = 'sms' ORDER BY id
    """
)


@dataclass(frozen=True, slots=True)
class _Sender:
    id: uuid.UUID
    clinic_id: uuid.UUID
    heard_at: datetime
    is_deaf: bool
    may_be_told: bool


def watch_inbound(database: Database, *, now: datetime) -> int:
    """Open a task for a sender that was not compared for half an hour, close it when it was; returns how many wait.

    ``now`` is care time: when the task is due.
    """
    with database.engine() as looking:
        rows = looking.execute(_SENDERS, {"within": COMPARED_WITHIN.total_seconds()}).all()
    senders = [_Sender(*row) for row in rows]
    for each in senders:
        if each.is_deaf or each.may_be_told:
            with database.transaction(each.clinic_id) as session:
                (_tell if each.is_deaf else _take_back)(session, each, now=now)
    return sum(each.is_deaf for each in senders)


def _tell(session: Session, sender: _Sender, *, now: datetime) -> None:
    _log.error("inbound texts not compared with the carrier's list", sender_id=str(sender.id))
    local = to_local(sender.heard_at, zone(session.get_one(Clinic, sender.clinic_id).time_zone))
    open_task(
        session, sender.clinic_id, kind=TaskKind.sending_paused, now=now, due_at=now, priority="high",
        subject_id=sender.id,
        reason="The carrier's list of texts from patients can't be read since"
        f" {clock_words(local.time())} on {day_words(local.date())}. One of them may be missing here: look at the"
        " carrier. Planned texts wait meanwhile and go on by themselves.",
    )  # fmt: skip


def _take_back(session: Session, sender: _Sender, *, now: datetime) -> None:
    for task_id in _open_tasks(session, sender.id):
        close_task(session, task_id, disposition="gone", now=now, actor=SYSTEM)


def _open_tasks(session: Session, sender_id: uuid.UUID) -> Sequence[uuid.UUID]:
    return session.scalars(
        select(Task.id).where(
            Task.kind == TaskKind.sending_paused, Task.state == TaskState.open, Task.subject_id == sender_id
        )
    ).all()
