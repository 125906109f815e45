"""What the API answers. Instants are UTC with a zone; ``local_time`` is wall-clock time in ``time_zone``.

Names are stable: a field may be added, none may be renamed or change its meaning.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field


class TouchpointOut(BaseModel):
    """One planned contact."""

    id: uuid.UUID
    enrollment_id: uuid.UUID
    key: str
    kind: str
    channel: str
    day: int
    local_time: str = Field(
        description="Wall-clock time in time_zone, without an offset.", examples=["2026-03-06T09:30:00"]
    )
    time_zone: str
    due_at: datetime
    state: str
    reason: str | None
    why: str


class EnrollmentOut(BaseModel):
    """One patient on one pathway after one procedure."""

    id: uuid.UUID
    patient_id: uuid.UUID
    pathway: str
    channel: str
    language: str
    time_zone: str
    performed_on: date
    performed_at: str
    harvest: str
    state: str
    state_reason: str | None
    enrolled_at: datetime
    version: int
    warnings: list[str] = []
    touchpoints: list[TouchpointOut] = []


class ContactPointOut(BaseModel):
    """A number or address and what is known of it."""

    channel: str
    address: str
    state: str
    consented_at: datetime | None
    opted_out_at: datetime | None


class PatientOut(BaseModel):
    """A person in the clinic's care."""

    id: uuid.UUID
    name: str
    birth_date: str | None
    language: str
    time_zone: str
    contact_points: list[ContactPointOut]


class MessageOut(BaseModel):
    """One text or mail to a patient."""

    id: uuid.UUID
    patient_id: uuid.UUID | None
    enrollment_id: uuid.UUID | None
    touchpoint_id: uuid.UUID | None
    channel: str
    purpose: str
    body: str
    state: str
    reason: str | None
    error_code: str | None
    queued_at: datetime
    accepted_at: datetime | None
    final_at: datetime | None


class ReplyOut(BaseModel):
    """What a patient wrote, and what was concluded."""

    id: uuid.UUID
    patient_id: uuid.UUID | None
    enrollment_id: uuid.UUID | None
    touchpoint_id: uuid.UUID | None
    channel: str
    body: str
    received_at: datetime
    state: str
    tier: str | None
    priority: str | None
    ruleset: str | None
    evidence: list[dict[str, Any]]


class TaskOut(BaseModel):
    """Something a person is asked to do."""

    id: uuid.UUID
    kind: str
    state: str
    priority: str
    patient_id: uuid.UUID | None
    subject_id: uuid.UUID | None
    reason: str
    opened_at: datetime
    due_at: datetime
    owner_id: uuid.UUID | None
    closed_at: datetime | None
    disposition: str | None


class ChangeOut(BaseModel):
    """What moving the date does to one touchpoint."""

    key: str
    kind: str
    words: str
    before: datetime | None
    after: datetime | None


class MoveDateOut(BaseModel):
    """What moving the date does, or did."""

    applied: bool
    version: int
    mark: str = ""
    changes: list[ChangeOut]
    notes: list[str]


class SignalOut(BaseModel):
    """One finding that a case stands on."""

    kind: str
    cause_id: uuid.UUID
    tier: str
    rule: str | None
    at: datetime


class AttemptOut(BaseModel):
    """One try to speak with the patient."""

    staff_id: uuid.UUID
    how: str
    outcome: str
    note: str | None
    at: datetime


class EscalationOut(BaseModel):
    """A demand that a clinician take over now."""

    id: uuid.UUID
    code: str
    patient_id: uuid.UUID | None
    enrollment_id: uuid.UUID | None
    tier: str
    state: str
    owner_id: uuid.UUID | None
    flags: list[str]
    opened_at: datetime
    accepted_at: datetime | None
    contacted_at: datetime | None
    closed_at: datetime | None
    disposition: str | None
    note: str | None
    signals: list[SignalOut]
    attempts: list[AttemptOut]


class FieldError(BaseModel):
    """One thing wrong with one field."""

    field: str
    message: str


class Problem(BaseModel):
    """An RFC 9457 problem. ``code`` is stable; sentences may change."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] | None = None
    enrollment_id: str | None = None
    enrollment: str | None = None
