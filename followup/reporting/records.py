"""Lists for the API: one clinic's patients, messages, replies and touchpoints, in the order they were recorded.

Ids grow with time, so a page is "after this id" and needs no offset. Texts are opened here, row by row, in
the transaction of the clinic they belong to.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from followup.enrollment.models import Enrollment, Touchpoint
from followup.errors import NotFound
from followup.messaging.models import Message
from followup.patients.models import ContactPoint, Patient
from followup.replies.models import Reply
from followup.tasks.models import Task
from followup.triage.models import Assessment


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of a list: of one patient or enrollment, after an id, at most so many."""

    patient_id: uuid.UUID | None = None
    enrollment_id: uuid.UUID | None = None
    after: uuid.UUID | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """A patient with what is known of each address."""

    patient: Patient
    contact_points: Sequence[ContactPoint]


@dataclass(frozen=True, slots=True)
class ReplyRecord:
    """A reply with the assessment that counts."""

    reply: Reply
    assessment: Assessment | None


def patients(session: Session, wanted: Wanted) -> list[PatientRecord]:
    """Return patients with their contact points."""
    query = select(Patient)
    if wanted.patient_id is not None:
        query = query.where(Patient.id == wanted.patient_id)
    found = session.scalars(_page(query, Patient, wanted)).all()
    points = contact_points(session, [each.id for each in found])
    return [PatientRecord(each, points.get(each.id, ())) for each in found]


def patient(session: Session, patient_id: uuid.UUID) -> PatientRecord:
    """Return one patient. Raises NotFound, also for another clinic's."""
    found = patients(session, Wanted(patient_id=patient_id, limit=1))
    if not found:
        raise NotFound
    return found[0]


def contact_points(
    session: Session, patient_ids: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, Sequence[ContactPoint]]:
    """Return the contact points of several patients at once, by patient."""
    rows = session.scalars(
        select(ContactPoint)
        .where(ContactPoint.patient_id.in_(patient_ids))
        .order_by(ContactPoint.channel, ContactPoint.id)
    )
    found: dict[uuid.UUID, list[ContactPoint]] = {}
    for row in rows:
        found.setdefault(row.patient_id, []).append(row)
    return found


def enrollment_ids(session: Session, wanted: Wanted) -> list[uuid.UUID]:
    """Return ids of enrollments."""
    query = select(Enrollment.id)
    if wanted.patient_id is not None:
        query = query.where(Enrollment.patient_id == wanted.patient_id)
    return list(session.scalars(_page(query, Enrollment, wanted)))


def touchpoints(session: Session, wanted: Wanted) -> Sequence[Touchpoint]:
    """Return touchpoints."""
    return session.scalars(_filtered(select(Touchpoint), Touchpoint, wanted)).all()


def messages(session: Session, wanted: Wanted) -> Sequence[Message]:
    """Return messages to patients."""
    return session.scalars(_filtered(select(Message), Message, wanted)).all()


def tasks(session: Session, wanted: Wanted, *, state: str | None = None) -> Sequence[Task]:
    """Return tasks, of one state if one is named."""
    query = select(Task)
    if wanted.patient_id is not None:
        query = query.where(Task.patient_id == wanted.patient_id)
    if state is not None:
        query = query.where(Task.state == state)
    return session.scalars(_page(query, Task, wanted)).all()


def replies(session: Session, wanted: Wanted) -> list[ReplyRecord]:
    """Return replies, each with its newest assessment."""
    found = session.scalars(_filtered(select(Reply), Reply, wanted)).all()
    newest = newest_assessments(session, [each.id for each in found])
    return [ReplyRecord(each, newest.get(each.id)) for each in found]


def newest_assessments(session: Session, reply_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Assessment]:
    """Return the assessment that counts for each reply: the newest one."""
    rows = session.scalars(
        select(Assessment)
        .where(Assessment.reply_id.in_(reply_ids))
        .ext(distinct_on(Assessment.reply_id))
        .order_by(Assessment.reply_id, Assessment.assessed_at.desc(), Assessment.id.desc())
    )
    return {row.reply_id: row for row in rows}


def _filtered(query: Select[Any], table: Any, wanted: Wanted) -> Select[Any]:
    if wanted.patient_id is not None:
        query = query.where(table.patient_id == wanted.patient_id)
    if wanted.enrollment_id is not None:
        query = query.where(table.enrollment_id == wanted.enrollment_id)
    return _page(query, table, wanted)


def _page(query: Select[Any], table: Any, wanted: Wanted) -> Select[Any]:
    if wanted.after is not None:
        query = query.where(table.id > wanted.after)
    return query.order_by(table.id).limit(wanted.limit + 1)
