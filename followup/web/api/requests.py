"""What the API is sent. Fields are texts that a verb checks, so that every problem comes back at its field.

Names are stable: a field may be added, none may be renamed or change its meaning.
"""

from __future__ import annotations

import uuid

from pydantic import BaseModel, ConfigDict, Field

from followup.escalation.states import ContactOutcome, ContactWay

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
    mark: str = Field(
        "", max_length=64, description="The mark of the preview; if anything of it is no longer true: 409."
    )
    confirmed: bool = Field(False, description="Says that an unusual date is right.")


class OptOutIn(BaseModel):
    """What a patient asked a person or another system of the clinic."""

    channel: str = Field(description="sms, email or everything", examples=["sms"])
    how: str = Field(description="phone, in_person, paper or letter", examples=["phone"])
    words: str = Field("", max_length=500, description="The patient's own, as far as somebody kept them.")


class CloseTaskIn(BaseModel):
    """What was done about a task."""

    disposition: str = Field(
        description="One of those of the page: reached_fine, reached_advised, reached_appointment, escalated,"
        " not_reached, corrected, no_action, gone",
        examples=["reached_advised"],
    )
    note: str | None = Field(None, max_length=4000)


class AcceptIn(BaseModel):
    """Who takes a case."""

    staff_id: uuid.UUID


class AttemptIn(BaseModel):
    """One try to speak with the patient."""

    staff_id: uuid.UUID
    how: ContactWay = ContactWay.phone
    outcome: ContactOutcome
    read_back: bool = Field(False, description="The patient repeated what to do.")
    note: str | None = Field(None, max_length=4000)


class DispositionIn(BaseModel):
    """What was done about a case."""

    staff_id: uuid.UUID
    disposition: str = Field(
        description="emergency_services, seen_today, appointment, advice, medication, expected, welfare_check,"
        " referred or false_alarm",
        examples=["seen_today"],
    )
    note: str = Field(max_length=4000, examples=["Seen at 11:40, strength normal."])
