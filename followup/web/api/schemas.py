"""The shapes of the JSON API. Names are stable: a field may be added, none may be renamed or change its meaning.

Instants are UTC with a zone; ``local_time`` is wall-clock time in ``time_zone``. Fields of a request are
texts that a verb checks, so that every problem comes back at its field in words for the person who typed it.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

WRITTEN = ConfigDict(extra="allow")  # what nobody asked for is ignored, and its name is logged


class PatientIn(BaseModel):
    """Whom to enroll."""

    model_config = WRITTEN
    name: str | None = Field(None, examples=["Ines Ortega"])
    phone: str | None = Field(None, examples=["+14155550123"])
    email: str | None = Field(None, examples=["ines@mail.example"])
    language: str | None = Field(None, description="en or es", examples=["es"])
    time_zone: str | None = Field(
        None, description="A place; the clinic's zone if absent.", examples=["America/Los_Angeles"]
    )
    birth_date: str | None = Field(None, examples=["1961-04-17"])
    preferred_hours: str | None = Field(
        None, description="Hours for planned texts.", examples=["10:00-18:00"]
    )


class ProcedureIn(BaseModel):
    """What was or will be done, at the clinic's local date and time."""

    model_config = WRITTEN
    performed_on: str | None = Field(None, examples=["2026-03-04"])
    performed_at: str | None = Field(None, examples=["09:30"])
    harvest: str | None = Field(None, description="bone_marrow or fat", examples=["bone_marrow"])
    harvest_site: str | None = None
    level: str | None = Field(None, examples=["L4/L5"])
    pain_before: str | int | None = Field(None, description="0 to 10", examples=["6"])
    conditions: str | None = None
    usual_symptoms: str | None = Field(None, examples=["numb left toes"])
    medicines: str | None = None
    helper_name: str | None = None
    helper_phone: str | None = None
    visit_at: str | None = None


class ConsentIn(BaseModel):
    """What the patient agreed to, and who heard it."""

    model_config = WRITTEN
    sms: bool | None = Field(None, examples=[True])
    email: bool | None = Field(None, examples=[False])
    obtained_by: str | None = Field(None, examples=["Alma Reyes"])
    how: str | None = Field(None, description="in_person, phone, paper or portal", examples=["in_person"])


class EnrollmentIn(BaseModel):
    """An enrollment."""

    model_config = WRITTEN
    patient: PatientIn
    procedure: ProcedureIn
    pathway: str | None = Field(None, examples=["stem-cell-back"])
    channel: str | None = Field(None, description="sms or email", examples=["sms"])
    consent: ConsentIn
    confirmed: bool | None = Field(
        None, description="Says that an unusual procedure date is right.", examples=[False]
    )


class TouchpointOut(BaseModel):
    """One planned contact."""

    id: uuid.UUID
    enrollment_id: uuid.UUID
    key: str
    kind: str
    channel: str
    day: int
    local_time: datetime = Field(description="Wall-clock time in time_zone, without an offset.")
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


class PauseIn(BaseModel):
    """Why planned texts are to wait."""

    reason: str = Field(min_length=1, max_length=300, examples=["in hospital until Friday"])


class WithdrawIn(BaseModel):
    """Why an enrollment ends early."""

    reason: str = Field(
        description="patient_asked, procedure_cancelled, wrong_person, moved_to_other_care, died or"
        " entered_by_mistake",
        examples=["patient_asked"],
    )


class MoveDateIn(BaseModel):
    """A new date of the procedure, local to the enrollment's zone."""

    performed_on: str = Field(examples=["2026-03-11"])
    performed_at: str = Field("", description="Unchanged if absent.", examples=["09:30"])
    preview: bool = Field(False, description="Only show what would change.")
    version: int | None = Field(
        None, ge=1, le=2_000_000_000, description="The version the preview was made from; a newer one is 409."
    )
    confirmed: bool = Field(False, description="Says that an unusual date is right.")


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
    changes: list[ChangeOut]
    notes: list[str]


class CloseTaskIn(BaseModel):
    """What was done about a task."""

    disposition: str = Field(
        description="One of those of the page: reached_fine, reached_advised, reached_appointment, escalated,"
        " not_reached, corrected, no_action, gone",
        examples=["reached_advised"],
    )
    note: str | None = Field(None, max_length=4000)


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
