"""What the expectations of the story are held against: rows of the clinic, read once, and the carrier's journal."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.models import Move
from followup.db.base import ClinicRow
from followup.demo.patients import COHORT
from followup.demo.story import Story
from followup.demo.world import World
from followup.enrollment.models import Enrollment, Touchpoint
from followup.escalation.models import ContactAttempt, Escalation, Page
from followup.kit.windows import to_local, zone
from followup.lab import Kind
from followup.messaging.models import Message
from followup.patients.models import Patient
from followup.replies.models import Reply
from followup.staff.models import Staff
from followup.tasks.models import Task
from followup.triage.models import Assessment

R = TypeVar("R", bound=ClinicRow)


@dataclass(frozen=True, slots=True)
class Arrived:
    """One text on a phone or one mail in a mailbox, as the carrier's journal has it. ``at`` is care time."""

    to: str
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything of one telling."""

    keys: dict[uuid.UUID, str]
    patients: dict[str, Patient]
    enrollments: Sequence[Enrollment]
    touchpoints: Sequence[Touchpoint]
    messages: Sequence[Message]
    replies: Sequence[Reply]
    assessments: Sequence[Assessment]
    cases: Sequence[Escalation]
    attempts: Sequence[ContactAttempt]
    pages: Sequence[Page]
    tasks: Sequence[Task]
    moves: Sequence[Move]
    arrived: Sequence[Arrived]
    staff: dict[str, Staff]

    def of(self, key: str) -> uuid.UUID:
        """Return the id of a patient of the story."""
        return self.patients[key].id

    def named(self, patient_id: uuid.UUID | None) -> str:
        """Return a patient's name for a sentence about what went wrong."""
        return self.patients[self.keys[patient_id]].name if patient_id in self.keys else "nobody we know"

    def reached(self, key: str, *, since: datetime | None = None) -> list[Arrived]:
        """Return what reached a patient, by the carrier's own account, in order of time."""
        patient = next(each for each in COHORT if each.key == key)
        address = patient.phone or patient.email
        return sorted(
            (each for each in self.arrived if each.to == address and (since is None or each.at >= since)),
            key=lambda each: each.at,
        )

    def cases_of(self, key: str) -> list[Escalation]:
        """Return the cases of a patient in order of time."""
        return sorted(
            (each for each in self.cases if each.patient_id == self.of(key)), key=lambda each: each.opened_at
        )

    def moves_of(self, case: Escalation) -> list[Move]:
        """Return what became of a case, in order of time."""
        return [each for each in self.moves if each.thing_id == case.id]

    def local(self, instant: datetime, patient_id: uuid.UUID | None) -> datetime:
        """Return an instant as wall-clock time of a patient."""
        where = next(each.time_zone for each in self.enrollments if each.patient_id == patient_id)
        return to_local(instant, zone(where))


def gather(session: Session, made: World, story: Story) -> Facts:
    """Read it all."""
    patients = {
        key: session.get_one(Patient, enrolled.patient_id) for key, enrolled in story.enrolled.items()
    }
    return Facts(
        keys={each.id: key for key, each in patients.items()},
        patients=patients,
        enrollments=_all(session, Enrollment, Enrollment.enrolled_at),
        touchpoints=_all(session, Touchpoint, Touchpoint.due_at),
        messages=_all(session, Message, Message.queued_at),
        replies=_all(session, Reply, Reply.received_at),
        assessments=_all(session, Assessment, Assessment.assessed_at),
        cases=_all(session, Escalation, Escalation.opened_at),
        attempts=_all(session, ContactAttempt, ContactAttempt.at),
        pages=_all(session, Page, Page.due_at),
        tasks=_all(session, Task, Task.opened_at),
        moves=session.scalars(
            select(Move).where(Move.thing == "escalation").order_by(Move.at, Move.id)
        ).all(),
        arrived=tuple(_arrived(made)),
        staff={each.key: each for each in session.scalars(select(Staff))},
    )


def _all(session: Session, table: type[R], order: Any) -> Sequence[R]:
    return session.scalars(select(table).order_by(order)).all()


def _arrived(made: World) -> list[Arrived]:
    texts = [
        Arrived(entry["to"], entry["body"], datetime.fromisoformat(entry["care_at"]))
        for entry in made.lab.journal.entries(Kind.TEXT_REACHED_PHONE)
        if not entry["by_carrier"]
    ]
    mails = [
        Arrived(to, f"{mail.subject}\n{mail.body('plain')}", datetime.fromisoformat(mail.care_at or ""))
        for mail in made.lab.mails
        for to in mail.to
    ]
    return texts + mails
