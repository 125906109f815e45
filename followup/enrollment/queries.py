"""Read enrollments and their touchpoints as frozen values for pages, the API and the command line."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.enrollment.models import Enrollment, Touchpoint
from followup.errors import NotFound
from followup.patients.models import Procedure


@dataclass(frozen=True, slots=True)
class EnrollmentView:
    """One enrollment with the facts of its procedure. Local dates and times are in ``time_zone``."""

    id: uuid.UUID
    patient_id: uuid.UUID
    pathway: str
    channel: str
    language: str
    time_zone: str
    state: str
    state_reason: str | None
    held_since: datetime | None
    hold_reason: str | None
    performed_on: date
    performed_at: time
    harvest: str
    facts: dict[str, str]
    enrolled_at: datetime
    enrolled_by: str
    version: int


@dataclass(frozen=True, slots=True)
class TouchpointView:
    """One planned contact. ``local_time`` is wall-clock time in ``time_zone``; ``due_at`` is the UTC instant."""

    id: uuid.UUID
    enrollment_id: uuid.UUID
    key: str
    kind: str
    channel: str
    day: int
    local_time: datetime
    time_zone: str
    due_at: datetime
    not_after: datetime
    state: str
    reason: str | None
    why: str
    pending_question: str | None
    dispatched_at: datetime | None
    answered_at: datetime | None


def enrollment_view(session: Session, enrollment_id: uuid.UUID) -> EnrollmentView:
    """Return one enrollment; raises NotFound (also for another clinic's)."""
    row = session.get(Enrollment, enrollment_id)
    if row is None:
        raise NotFound
    return _view(row, session.get_one(Procedure, row.procedure_id))


def enrollments_of(session: Session, patient_id: uuid.UUID) -> Sequence[EnrollmentView]:
    """Return a patient's enrollments, the newest procedure first."""
    rows = session.execute(
        select(Enrollment, Procedure)
        .join(Procedure, Procedure.id == Enrollment.procedure_id)
        .where(Enrollment.patient_id == patient_id)
        .order_by(Enrollment.performed_on.desc(), Enrollment.id)
        .limit(50)
    )
    return [_view(enrollment, procedure) for enrollment, procedure in rows]


def touchpoints_of(session: Session, enrollment_id: uuid.UUID) -> Sequence[TouchpointView]:
    """Return every touchpoint of an enrollment in order of time."""
    rows = session.scalars(
        select(Touchpoint)
        .where(Touchpoint.enrollment_id == enrollment_id)
        .order_by(Touchpoint.due_at, Touchpoint.id)
        .limit(500)
    )
    return [_touchpoint(row) for row in rows]


def touchpoint_view(session: Session, touchpoint_id: uuid.UUID) -> TouchpointView:
    """Return one touchpoint; raises NotFound."""
    row = session.get(Touchpoint, touchpoint_id)
    if row is None:
        raise NotFound
    return _touchpoint(row)


def _view(row: Enrollment, procedure: Procedure) -> EnrollmentView:
    return EnrollmentView(
        id=row.id, patient_id=row.patient_id, pathway=row.pathway, channel=row.channel, language=row.language,
        time_zone=row.time_zone, state=row.state, state_reason=row.state_reason, held_since=row.held_since,
        hold_reason=row.hold_reason, performed_on=row.performed_on, performed_at=procedure.performed_at,
        harvest=procedure.harvest, facts={key: str(value) for key, value in (procedure.facts or {}).items()},
        enrolled_at=row.enrolled_at, enrolled_by=row.enrolled_by, version=row.version,
    )  # fmt: skip


def _touchpoint(row: Touchpoint) -> TouchpointView:
    return TouchpointView(
        id=row.id, enrollment_id=row.enrollment_id, key=row.key, kind=row.kind, channel=row.channel,
        day=row.day, local_time=row.local_time, time_zone=row.time_zone, due_at=row.due_at,
        not_after=row.not_after, state=row.state, reason=row.reason, why=row.why,
        pending_question=row.pending_question, dispatched_at=row.dispatched_at, answered_at=row.answered_at,
    )  # fmt: skip
