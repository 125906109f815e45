"""Look after questions that were not answered: one reminder if the step has one, then a person.

Silence after a check-in that matters is itself a finding. A reminder counts toward the day's texts; when the day is
full it goes later, unless the time for silence is up by then.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from followup.clinics.models import Clinic
from followup.db.session import Database
from followup.doorbell import ring
from followup.enrollment.advance import advance_touchpoint
from followup.enrollment.clinic_calendar import calendar_of
from followup.enrollment.models import Touchpoint
from followup.enrollment.planning.silence import Look, NextLook, next_look
from followup.enrollment.states import EnrollmentState, TouchpointState
from followup.kit.windows import Window, to_local, zone
from followup.log import logger
from followup.messaging.queue import Address, Draft, Queued, queue
from followup.messaging.say import say_step
from followup.messaging.states import Purpose
from followup.outreach.due import DueContact, gather, hours_end
from followup.pathways.vocabulary import SilenceAction, Tier
from followup.tasks.models import Task
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

_log = logger(__name__)

CALL_DUE = timedelta(hours=4)
BATCH = 200
REMINDER_LIVES = timedelta(hours=12)
LOOK_AGAIN = timedelta(hours=1)

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
        try:
            with database.transaction(clinic_id) as session:
                looked_at += remind(session, session.get_one(Clinic, clinic_id), now=now)
        except DBAPIError as error:
            # Nobody's fault, and the next tick finds the same rows.
            _log.warning("silence not looked at yet", clinic_id=str(clinic_id), error=type(error).__name__)
    return looked_at


def remind(session: Session, clinic: Clinic, *, now: datetime, many: int = BATCH) -> int:
    """Look after up to ``many`` unanswered questions of one clinic; one that breaks is a person's."""
    rows = session.scalars(
        select(Touchpoint)
        .where(Touchpoint.state == TouchpointState.dispatched, Touchpoint.remind_at <= now)
        .order_by(Touchpoint.remind_at, Touchpoint.id)
        .limit(many)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        try:
            with session.begin_nested():
                _one(session, clinic, gather(session, row), now=now)
        except DBAPIError:
            raise
        except Exception as error:  # noqa: BLE001 - one broken question must not silence the others
            _log.error("question not looked after", touchpoint=str(row.id), error=type(error).__name__)
            _give_to_a_person(session, row, now=now)
    return len(rows)


def _give_to_a_person(session: Session, row: Touchpoint, *, now: datetime) -> None:
    session.refresh(row)
    row.remind_at = None
    open_task(
        session, row.clinic_id, kind=TaskKind.call_silent, now=now, subject_id=row.patient_id,
        due_at=now + CALL_DUE, patient_id=row.patient_id, priority="high",
        reason=f"Please call: nobody answered the check-in {row.key}, and asking again went wrong.",
    )  # fmt: skip


def _one(session: Session, clinic: Clinic, contact: DueContact, *, now: datetime) -> None:
    row, enrollment = contact.touchpoint, contact.enrollment
    if enrollment.state is not EnrollmentState.active:
        row.remind_at = None
        return
    if enrollment.held_since is not None:
        # Somebody is speaking with this patient; asking again by machine can wait.
        row.remind_at = now + LOOK_AGAIN
        return
    look = _look(clinic, contact, now)
    if look is None or look.at > now:
        row.remind_at = look.at if look else None
    elif look.look is Look.REMIND:
        _remind(session, clinic, contact, now=now)
    else:
        _end(session, contact, raises=look.look is Look.RAISE, now=now)


def _look(clinic: Clinic, contact: DueContact, now: datetime) -> NextLook | None:
    hours = contact.enrollment.preferences.get("hours")
    return next_look(
        contact.plan, sent_at=contact.touchpoint.dispatched_at or now, reminders=contact.touchpoint.reminders,
        clinic=calendar_of(clinic), patient_zone=contact.touchpoint.time_zone,
        preferred_hours=Window.parse(hours) if hours else None,
    )  # fmt: skip


def _remind(session: Session, clinic: Clinic, contact: DueContact, *, now: datetime) -> None:
    row, point = contact.touchpoint, contact.reach.point
    assert contact.step is not None
    assert contact.step.reminder is not None
    if point is not None:
        said = say_step(
            session, contact.enrollment, pathway=contact.pathway, text_key=contact.step.reminder.text,
            channel=point.channel, now=now,
        )  # fmt: skip
        draft = Draft(
            purpose=Purpose.reminder, text_key=contact.step.reminder.text,
            language=contact.enrollment.language, body=said.body, subject=said.subject, not_before=now,
            not_after=min(now + REMINDER_LIVES, hours_end(clinic, contact, now) or now + REMINDER_LIVES),
            patient_id=row.patient_id, enrollment_id=row.enrollment_id,
            touchpoint_id=row.id, local_day=to_local(now, zone(row.time_zone)).date(), slot=1,
        )  # fmt: skip
        placed = queue(session, clinic.id, draft=draft, to=Address.of(point), now=now)
        if placed.result is Queued.slot_taken:
            row.remind_at = now + LOOK_AGAIN
            silence_ends = _after_reminder(clinic, contact, now)
            if silence_ends is None or silence_ends > row.remind_at:
                return
    row.reminders += 1
    row.remind_at = _after_reminder(clinic, contact, now)


def _after_reminder(clinic: Clinic, contact: DueContact, now: datetime) -> datetime | None:
    look = next_look(
        contact.plan, sent_at=contact.touchpoint.dispatched_at or now, reminders=1, clinic=calendar_of(clinic),
        patient_zone=contact.touchpoint.time_zone,
    )  # fmt: skip
    return look.at if look else None


def _end(session: Session, contact: DueContact, *, raises: bool, now: datetime) -> None:
    row, silence = contact.touchpoint, contact.step.silence if contact.step else None
    advance_touchpoint(
        session, row.id, to=TouchpointState.unanswered, now=now, remind_at=None,
        reason="nobody answered; a person calls" if raises else "nobody answered",
    )  # fmt: skip
    if not raises:
        return
    is_urgent = silence is not None and silence.then is SilenceAction.RAISE and silence.tier is Tier.URGENT
    # One open call per patient: further silence makes it more pressing, not longer.
    task_id = open_task(
        session, row.clinic_id, kind=TaskKind.call_silent, now=now, subject_id=row.patient_id,
        # An urgent silence is overdue at once: the escalation stage raises it like an urgent answer.
        due_at=now if is_urgent else now + CALL_DUE, patient_id=row.patient_id,
        priority="high" if is_urgent else "normal",
        reason=f"Please call: nobody answered the check-in {row.key}.",
    )  # fmt: skip
    task = session.get_one(Task, task_id)
    if task.opened_at < now:
        task.priority = "high"
        task.reason = f"Please call: nobody answered several check-ins, the last one was {row.key}."
        task.due_at = min(task.due_at, now) if is_urgent else task.due_at
    if is_urgent:
        ring(session, "care.raise_overdue", task_id)
