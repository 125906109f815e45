"""Change an enrollment that is running: pause, resume, withdraw, move the procedure's date.

A move is shown before it is applied: what moves, what was sent and never repeats, what is now past. Applying plans
again from what stands now, so a preview that has gone stale cannot do anything that it did not show for long. Every
change is guarded by the table of moves and by the row's version.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, moved, record
from followup.doorbell import ring
from followup.enrollment.advance import advance_touchpoint
from followup.enrollment.calendar_change import ChangedFacts, calendar_after, write_calendar
from followup.enrollment.models import Enrollment, Touchpoint
from followup.enrollment.planning.reasons import SENTENCES, Reason
from followup.enrollment.planning.replan import Replan
from followup.enrollment.rules import ENROLLMENT_MOVES, WithdrawalReason
from followup.enrollment.shown import MEANWHILE, mark_of
from followup.enrollment.states import EnrollmentState, TouchpointState
from followup.errors import Conflict, ForbiddenState, InvalidInput, NotFound
from followup.kit.dates import DateError, check_procedure_date, parse_date, parse_time
from followup.pathways.pin import pinned
from followup.patients.models import Patient, Procedure

_ENDS = {
    WithdrawalReason.DIED: Reason.DIED,
    WithdrawalReason.PROCEDURE_CANCELLED: Reason.PROCEDURE_CANCELLED,
}


@dataclass(frozen=True, slots=True)
class NewDate:
    """Where a procedure moves to: local date and time in the enrollment's zone."""

    performed_on: date
    performed_at: time


def read_new_date(on: str, at: str, *, today: date, current: time, confirmed: bool = False) -> NewDate:
    """Check what somebody typed as the new date and time; raises InvalidInput at the field."""
    try:
        performed_on = check_procedure_date(parse_date(on), today=today, confirmed=confirmed)
    except DateError as problem:
        raise InvalidInput("performed_on", problem.message) from None
    try:
        return NewDate(performed_on, parse_time(at) if at.strip() else current)
    except DateError as problem:
        raise InvalidInput("performed_at", problem.message) from None


def pause(session: Session, enrollment_id: uuid.UUID, *, reason: str, now: datetime, actor: Actor) -> None:
    """Hold all planned texts until somebody resumes. Raises NotFound, ForbiddenState."""
    _move(session, enrollment_id, EnrollmentState.paused, reason=reason, now=now, actor=actor)


def resume(session: Session, enrollment_id: uuid.UUID, *, now: datetime, actor: Actor) -> None:
    """Let planned texts go on. What became too late meanwhile follows its lateness rule."""
    _move(session, enrollment_id, EnrollmentState.active, reason="resumed", now=now, actor=actor)
    for row in _planned(session, enrollment_id):
        row.look_at = row.due_at
    ring(session, "messages.dispatch")


def withdraw(
    session: Session, enrollment_id: uuid.UUID, *, reason: WithdrawalReason, now: datetime, actor: Actor
) -> None:
    """End an enrollment early: nothing planned goes out any more. Raises NotFound, ForbiddenState."""
    enrollment = _move(
        session, enrollment_id, EnrollmentState.withdrawn, reason=reason.value, now=now, actor=actor
    )
    enrollment.ended_at = now
    if reason is WithdrawalReason.DIED:
        session.get_one(Patient, enrollment.patient_id).died_at = now
    why = _ENDS.get(reason, Reason.WITHDRAWN)
    for row in _planned(session, enrollment_id):
        advance_touchpoint(
            session,
            row.id,
            to=TouchpointState.cancelled,
            now=now,
            reason=SENTENCES[why],
            code=why,
            actor=actor,
        )


def preview_move(session: Session, enrollment_id: uuid.UUID, new: NewDate, *, now: datetime) -> Replan:
    """Show what moving the procedure would do; changes nothing."""
    enrollment = _load(session, enrollment_id)
    return calendar_after(session, enrollment, _moved_to(new), now=now)


def move_mark(session: Session, enrollment_id: uuid.UUID, shown: Replan) -> str:
    """Return the mark of what ``preview_move`` showed."""
    return mark_of(_load(session, enrollment_id), shown)


def move_date(
    session: Session, enrollment_id: uuid.UUID, new: NewDate, *, now: datetime, actor: Actor,
    version: int | None = None, seen: str | None = None,
) -> Replan:  # fmt: skip
    """Move the procedure and everything that is still planned; what was sent stays and is never sent again.

    ``version`` is the one that the preview showed, ``seen`` its mark. Raises NotFound, ForbiddenState, or Conflict
    if somebody changed the enrollment since, or a text went out.
    """
    enrollment = _load(session, enrollment_id, lock=True)
    if version is not None and version != enrollment.version:
        raise Conflict("Somebody changed this enrollment meanwhile. Please look at the preview again.")
    if enrollment.state not in (EnrollmentState.active, EnrollmentState.paused):
        raise ForbiddenState("This enrollment has ended; enroll the patient anew for another procedure.")
    changes = calendar_after(session, enrollment, _moved_to(new), now=now)
    if seen is not None and seen != mark_of(enrollment, changes):
        raise Conflict(MEANWHILE)
    procedure = session.get_one(Procedure, enrollment.procedure_id)
    before = procedure.performed_on
    procedure.performed_on, procedure.performed_at = new.performed_on, new.performed_at
    enrollment.performed_on = new.performed_on
    enrollment.version += 1
    write_calendar(
        session, enrollment, changes.changes, pathway=pinned(session, enrollment.pathway_version_id), now=now,
        actor=actor,
    )  # fmt: skip
    record(
        session, enrollment.clinic_id, actor=actor, action="move procedure date", now=now,
        subject=Subject("enrollment", enrollment.id, enrollment.patient_id),
        reason=f"from {before.isoformat()} to {new.performed_on.isoformat()}",
    )  # fmt: skip
    ring(session, "messages.dispatch")
    return changes


def _moved_to(new: NewDate) -> ChangedFacts:
    return ChangedFacts(performed_on=new.performed_on, performed_at=new.performed_at)


def _load(session: Session, enrollment_id: uuid.UUID, *, lock: bool = False) -> Enrollment:
    enrollment = session.get(Enrollment, enrollment_id, with_for_update=lock or None, populate_existing=lock)
    if enrollment is None:
        raise NotFound
    return enrollment


def _move(
    session: Session,
    enrollment_id: uuid.UUID,
    to: EnrollmentState,
    *,
    reason: str,
    now: datetime,
    actor: Actor,
) -> Enrollment:
    enrollment = _load(session, enrollment_id, lock=True)
    before = enrollment.state
    if not ENROLLMENT_MOVES.allows(before, to):
        raise ForbiddenState(f"An enrollment that is {before} can't become {to}.")
    enrollment.state, enrollment.state_reason = to, reason
    enrollment.version += 1
    moved(
        session, enrollment.clinic_id, thing="enrollment", thing_id=enrollment.id, before=before, after=to,
        now=now, actor=actor, reason=reason if to is not EnrollmentState.paused else "paused by a person",
    )  # fmt: skip
    record(
        session, enrollment.clinic_id, actor=actor, action=f"enrollment {to}", now=now, reason=reason,
        subject=Subject("enrollment", enrollment.id, enrollment.patient_id),
    )  # fmt: skip
    return enrollment


def _planned(session: Session, enrollment_id: uuid.UUID) -> Sequence[Touchpoint]:
    return session.scalars(
        select(Touchpoint)
        .where(Touchpoint.enrollment_id == enrollment_id, Touchpoint.state == TouchpointState.planned)
        .order_by(Touchpoint.due_at, Touchpoint.id)
        .with_for_update()
    ).all()
