"""Send out what is due: each touchpoint whose time has come becomes a queued message, or keeps the reason why not.

Claimed with skip-locked rows, so any number of workers may do this at once. A text that cannot be written (a value
is missing) is not sent half: it becomes a task. The slot of the day is taken by the message itself.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from followup.clinics.models import Clinic
from followup.db.session import Database
from followup.enrollment.advance import advance_touchpoint
from followup.enrollment.models import Enrollment, Touchpoint
from followup.enrollment.states import TouchpointState
from followup.enrollment.steps import WELCOME, calendar_of
from followup.errors import FollowupError
from followup.kit.windows import Window, bounds, intersect, to_local, zone
from followup.log import logger
from followup.messaging.queue import Address, Draft, Queued, queue
from followup.messaging.say import say_step
from followup.messaging.states import Purpose
from followup.outreach.address import Reachable, where_to
from followup.outreach.rules import Decision, Due, Verdict, decide
from followup.pathways.pathway import Pathway, Step
from followup.pathways.pin import pinned
from followup.patients.models import Patient
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

_log = logger(__name__)

CALL_DUE = timedelta(hours=4)
BATCH = 200

_CLINICS_WITH_WORK = text(
    "SELECT clinic_id, min(look_at) AS oldest FROM touchpoint WHERE state = 'planned' AND look_at <= :now"
    " GROUP BY clinic_id ORDER BY oldest"
)


@dataclass(slots=True)
class Dispatched:
    """How many touchpoints went which way in one round."""

    send: int = 0
    wait: int = 0
    skip: int = 0
    cancel: int = 0
    call_task: int = 0

    @property
    def moved(self) -> int:
        """How many left the plan."""
        return self.send + self.skip + self.cancel + self.call_task


def dispatch_due(database: Database, *, now: datetime) -> Dispatched:
    """Dispatch everything due, clinic by clinic, the one that waits longest first."""
    total = Dispatched()
    with database.engine() as session:
        clinics = [row.clinic_id for row in session.execute(_CLINICS_WITH_WORK, {"now": now})]
    for clinic_id in clinics:
        while True:
            with database.transaction(clinic_id) as session:
                found = dispatch(session, clinic_id, now=now, many=BATCH, total=total)
            if found < BATCH:
                break
    return total


def dispatch(
    session: Session,
    clinic_id: uuid.UUID,
    *,
    now: datetime,
    many: int = BATCH,
    total: Dispatched | None = None,
) -> int:
    """Dispatch up to ``many`` due touchpoints of one clinic; returns how many were looked at."""
    clinic = session.get_one(Clinic, clinic_id)
    rows = session.scalars(
        select(Touchpoint)
        .where(Touchpoint.state == TouchpointState.planned, Touchpoint.look_at <= now)
        .order_by(Touchpoint.look_at, Touchpoint.id)
        .limit(many)
        .with_for_update(skip_locked=True)
    ).all()
    newest = _newest_due(session, [each.enrollment_id for each in rows], now)
    total = total or Dispatched()
    for touchpoint in rows:
        verdict = _one(session, clinic, touchpoint, newest_due=newest, now=now)
        setattr(total, verdict.value, getattr(total, verdict.value) + 1)
    return len(rows)


def _newest_due(session: Session, enrollments: list[uuid.UUID], now: datetime) -> dict[uuid.UUID, datetime]:
    """Return, per enrollment, when its newest due contact (the welcome apart) was planned."""
    if not enrollments:
        return {}
    rows = session.execute(
        text(
            "SELECT enrollment_id, max(due_at) FROM touchpoint WHERE enrollment_id = ANY(:ids)"
            " AND state = 'planned' AND due_at <= :now AND key <> :welcome GROUP BY enrollment_id"
        ),
        {"ids": enrollments, "now": now, "welcome": WELCOME},
    )
    return {row[0]: row[1] for row in rows}


def _one(
    session: Session, clinic: Clinic, touchpoint: Touchpoint, *, newest_due: dict[uuid.UUID, datetime],
    now: datetime,
) -> Verdict:  # fmt: skip
    enrollment = session.get_one(Enrollment, touchpoint.enrollment_id)
    pathway = pinned(session, enrollment.pathway_version_id)
    step = next((each for each in pathway.steps if each.key == touchpoint.key), None)
    reach = where_to(session, touchpoint.patient_id, touchpoint.channel)
    newer = newest_due.get(enrollment.id)
    due = _facts(
        session, clinic, enrollment, touchpoint, step=step, reach=reach, now=now,
        newer_is_due=touchpoint.key != WELCOME and newer is not None and newer > touchpoint.due_at,
    )  # fmt: skip
    decision = decide(due, now)
    if decision.verdict is Verdict.send:
        return _send(
            session, clinic, enrollment, touchpoint, pathway=pathway, step=step, reach=reach, now=now
        )
    if decision.verdict is Verdict.wait:
        session.execute(
            update(Touchpoint)
            .where(Touchpoint.id == touchpoint.id)
            .values(look_at=decision.look_at, reason=decision.reason)
        )
        return Verdict.wait
    _settle(session, touchpoint, decision, now=now)
    return decision.verdict


def _facts(
    session: Session, clinic: Clinic, enrollment: Enrollment, touchpoint: Touchpoint, *, step: Step | None,
    reach: Reachable, newer_is_due: bool, now: datetime,
) -> Due:  # fmt: skip
    patient = session.get_one(Patient, touchpoint.patient_id)
    opens_at, closes_at = _hours(clinic, enrollment, where=zone(touchpoint.time_zone), step=step, now=now)
    return Due(
        due_at=touchpoint.due_at, not_after=touchpoint.not_after,
        calls_when_late=touchpoint.late_rule == "call_task", is_safety=step is not None and step.is_safety,
        enrollment_state=enrollment.state, is_held=enrollment.held_since is not None,
        sending_paused=clinic.sending_paused_at is not None, patient_died=patient.died_at is not None,
        has_address=reach.point is not None, opted_out=reach.opted_out, newer_is_due=newer_is_due,
        opens_at=opens_at, closes_at=closes_at,
    )  # fmt: skip


def _hours(
    clinic: Clinic, enrollment: Enrollment, *, where: ZoneInfo, step: Step | None, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """Return when texts may go out on the patient's present day: the same hours that planning used."""
    today = to_local(now, where).date()
    calendar = calendar_of(clinic)
    of_clinic = calendar.hours_by_weekday.get(today.weekday(), calendar.text_hours)
    if of_clinic is None:
        return None, None
    windows = [Window.parse(enrollment.preferences["hours"])] if enrollment.preferences.get("hours") else []
    if step is not None:
        windows.append(Window(step.window_from, step.window_until))
    shared = intersect(of_clinic, *windows)
    return bounds(shared, today, where) if shared else (None, None)


def _send(
    session: Session, clinic: Clinic, enrollment: Enrollment, touchpoint: Touchpoint, *, pathway: Pathway,
    step: Step | None, reach: Reachable, now: datetime,
) -> Verdict:  # fmt: skip
    assert reach.point is not None
    try:
        said = say_step(
            session, enrollment, pathway=pathway,
            text_key=step.text_key if step else pathway.welcome_key, channel=reach.point.channel, now=now,
        )  # fmt: skip
    except FollowupError as error:
        return _unwritable(session, touchpoint, error, now=now)
    today = to_local(now, zone(touchpoint.time_zone)).date()
    draft = Draft(
        purpose=Purpose.welcome if touchpoint.key == WELCOME else Purpose.planned, text_key=touchpoint.key,
        language=enrollment.language, body=said.body, subject=said.subject, not_before=now,
        not_after=touchpoint.not_after, patient_id=touchpoint.patient_id, enrollment_id=enrollment.id,
        touchpoint_id=touchpoint.id, round=touchpoint.round,
        local_day=today if touchpoint.slot else None, slot=touchpoint.slot or None,
    )  # fmt: skip
    placed = queue(session, clinic.id, draft=draft, to=Address.of(reach.point), now=now)
    if placed.result is Queued.slot_taken:
        return _day_is_full(session, touchpoint, now=now)
    advance_touchpoint(
        session, touchpoint.id, to=TouchpointState.dispatched, now=now, reason="handed to the outbox",
        dispatched_at=now, remind_at=_first_look(step, now),
        asked=[step.question_key] if step and step.question_key else [],
    )  # fmt: skip
    return Verdict.send


def _first_look(step: Step | None, now: datetime) -> datetime | None:
    if step is None or step.question_key is None:
        return None
    hours = [each.after_hours for each in (step.reminder, step.silence) if each is not None]
    return now + timedelta(hours=min(hours)) if hours else None


def _day_is_full(session: Session, touchpoint: Touchpoint, *, now: datetime) -> Verdict:
    """Another enrollment's text has the day: tomorrow, or not at all."""
    tomorrow = now + timedelta(hours=12)
    if tomorrow > touchpoint.not_after:
        decision = Decision(
            Verdict.call_task if touchpoint.late_rule == "call_task" else Verdict.skip,
            "the patient already had another planned text that day",
        )
        _settle(session, touchpoint, decision, now=now)
        return decision.verdict
    touchpoint.look_at = tomorrow
    touchpoint.reason = "the patient already had another planned text that day"
    return Verdict.wait


def _unwritable(session: Session, touchpoint: Touchpoint, error: FollowupError, *, now: datetime) -> Verdict:
    _log.error("text not written", touchpoint=str(touchpoint.id), code=error.code)
    open_task(
        session, touchpoint.clinic_id, kind=TaskKind.content, now=now, due_at=now, subject_id=touchpoint.id,
        patient_id=touchpoint.patient_id, reason=f"The text {touchpoint.key} could not be written: {error.message}",
        priority="high",
    )  # fmt: skip
    decision = Decision(Verdict.call_task, "the text could not be written; a person was asked to look")
    _settle(session, touchpoint, decision, now=now)
    return Verdict.call_task


def _settle(session: Session, touchpoint: Touchpoint, decision: Decision, *, now: datetime) -> None:
    to = {
        Verdict.skip: TouchpointState.skipped,
        Verdict.cancel: TouchpointState.cancelled,
        Verdict.call_task: TouchpointState.call_task,
    }[decision.verdict]
    advance_touchpoint(session, touchpoint.id, to=to, now=now, reason=decision.reason)
    if to is TouchpointState.call_task:
        open_task(
            session, touchpoint.clinic_id, kind=TaskKind.call_missed_text, now=now, due_at=now + CALL_DUE,
            subject_id=touchpoint.id, patient_id=touchpoint.patient_id,
            reason=f"Please call: the contact {touchpoint.key} was not sent, because {decision.reason}.",
        )  # fmt: skip
