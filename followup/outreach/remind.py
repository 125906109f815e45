"""Look after questions that were not answered: one reminder if the step has one, then a person.

Silence after a check-in that matters is itself a finding. A reminder counts toward the day's texts; when the day is
full or the hours are over it goes the next day.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from followup.db.session import Database
from followup.doorbell import ring
from followup.enrollment.advance import advance_touchpoint
from followup.enrollment.models import Enrollment, Touchpoint
from followup.enrollment.states import EnrollmentState, TouchpointState
from followup.kit.windows import to_local, zone
from followup.messaging.queue import Address, Draft, Queued, queue
from followup.messaging.say import say_step
from followup.messaging.states import Purpose
from followup.outreach.address import where_to
from followup.outreach.rules import Silence, after_silence
from followup.pathways.pathway import Pathway, Step
from followup.pathways.pin import pinned
from followup.pathways.vocabulary import SilenceAction, Tier
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

CALL_DUE = timedelta(hours=4)
BATCH = 200
REMINDER_LIVES = timedelta(hours=12)

_CLINICS_WITH_WORK = text(
    "SELECT clinic_id, min(remind_at) AS oldest FROM touchpoint WHERE state = 'dispatched' AND remind_at <= :now"
    " GROUP BY clinic_id ORDER BY oldest"
)


def remind_due(database: Database, *, now: datetime) -> int:
    """Look after every unanswered question whose time is up; returns how many were looked at."""
    with database.engine() as session:
        clinics = [row.clinic_id for row in session.execute(_CLINICS_WITH_WORK, {"now": now})]
    looked_at = 0
    for clinic_id in clinics:
        with database.transaction(clinic_id) as session:
            looked_at += remind(session, now=now)
    return looked_at


def remind(session: Session, *, now: datetime, many: int = BATCH) -> int:
    """Look after up to ``many`` unanswered questions of one clinic."""
    rows = session.scalars(
        select(Touchpoint)
        .where(Touchpoint.state == TouchpointState.dispatched, Touchpoint.remind_at <= now)
        .order_by(Touchpoint.remind_at, Touchpoint.id)
        .limit(many)
        .with_for_update(skip_locked=True)
    ).all()
    for touchpoint in rows:
        _one(session, touchpoint, now=now)
    return len(rows)


def _one(session: Session, touchpoint: Touchpoint, *, now: datetime) -> None:
    enrollment = session.get_one(Enrollment, touchpoint.enrollment_id)
    pathway = pinned(session, enrollment.pathway_version_id)
    step = next((each for each in pathway.steps if each.key == touchpoint.key), None)
    if step is None or enrollment.state is not EnrollmentState.active:
        touchpoint.remind_at = None
        return
    if enrollment.held_since is not None:
        # Somebody is speaking with this patient; asking again by machine can wait.
        touchpoint.remind_at = now + timedelta(hours=1)
        return
    match after_silence(
        reminded=touchpoint.reminders, has_reminder=step.reminder is not None,
        has_silence_rule=step.silence is not None,
    ):  # fmt: skip
        case Silence.remind:
            _remind(session, enrollment, touchpoint, pathway=pathway, step=step, now=now)
        case Silence.raise_it:
            _raise_or_wait(session, touchpoint, step=step, now=now)
        case Silence.rest:
            advance_touchpoint(
                session, touchpoint.id, to=TouchpointState.unanswered, now=now, reason="nobody answered",
                remind_at=None,
            )  # fmt: skip


def _remind(
    session: Session, enrollment: Enrollment, touchpoint: Touchpoint, *, pathway: Pathway, step: Step,
    now: datetime,
) -> None:  # fmt: skip
    assert step.reminder is not None
    reach = where_to(session, touchpoint.patient_id, touchpoint.channel)
    if reach.point is None:
        touchpoint.reminders = 1
        touchpoint.remind_at = now
        return
    local = to_local(now, zone(touchpoint.time_zone))
    if not step.window_from <= local.time().replace(tzinfo=None) < step.window_until:
        touchpoint.remind_at = now + timedelta(minutes=30)
        return
    said = say_step(
        session,
        enrollment,
        pathway=pathway,
        text_key=step.reminder.text,
        channel=reach.point.channel,
        now=now,
    )
    draft = Draft(
        purpose=Purpose.reminder, text_key=step.reminder.text, language=enrollment.language, body=said.body,
        subject=said.subject, not_before=now, not_after=now + REMINDER_LIVES,
        patient_id=touchpoint.patient_id, enrollment_id=enrollment.id, touchpoint_id=touchpoint.id,
        local_day=local.date(), slot=1,
    )  # fmt: skip
    placed = queue(session, touchpoint.clinic_id, draft=draft, to=Address.of(reach.point), now=now)
    if placed.result is Queued.slot_taken and not _silence_is_over(touchpoint, step, now):
        touchpoint.remind_at = now + timedelta(hours=1)
        return
    touchpoint.reminders += 1
    touchpoint.remind_at = _silence_ends(touchpoint, step) or now + REMINDER_LIVES


def _silence_ends(touchpoint: Touchpoint, step: Step) -> datetime | None:
    if step.silence is None or touchpoint.dispatched_at is None:
        return None
    return touchpoint.dispatched_at + timedelta(hours=step.silence.after_hours)


def _silence_is_over(touchpoint: Touchpoint, step: Step, now: datetime) -> bool:
    ends = _silence_ends(touchpoint, step)
    return ends is not None and now >= ends


def _raise_or_wait(session: Session, touchpoint: Touchpoint, *, step: Step, now: datetime) -> None:
    ends = _silence_ends(touchpoint, step)
    if ends is not None and now < ends:
        touchpoint.remind_at = ends
        return
    assert step.silence is not None
    advance_touchpoint(
        session, touchpoint.id, to=TouchpointState.unanswered, now=now, reason="nobody answered; a person calls",
        remind_at=None,
    )  # fmt: skip
    task_id: uuid.UUID = open_task(
        session, touchpoint.clinic_id, kind=TaskKind.call_silent, now=now, due_at=now + CALL_DUE,
        subject_id=touchpoint.id, patient_id=touchpoint.patient_id,
        priority="high" if step.silence.then is SilenceAction.RAISE else "normal",
        reason=f"Please call: nobody answered the check-in {touchpoint.key}.",
    )  # fmt: skip
    if step.silence.then is SilenceAction.RAISE and step.silence.tier is Tier.URGENT:
        # Overdue at once: the escalation stage raises an overdue high task like an urgent answer.
        ring(session, "care.raise_overdue", task_id)
