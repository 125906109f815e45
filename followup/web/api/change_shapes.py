"""What the API is sent for a change that is shown before it is done, and what it answers."""

from __future__ import annotations

import uuid

from pydantic import BaseModel, Field

from followup.enrollment.migrate_version import ShownMany
from followup.enrollment.shown import CalendarChange, Shown
from followup.web.api.answers import ChangeOut
from followup.web.api.show import change as shown_change


class AskedChange(BaseModel):
    """Every change is asked for twice: once to see what it does, once with the mark of what was seen."""

    mark: str = Field(
        "",
        max_length=64,
        description="The mark of the preview. Absent: only show what would change; another one: 409.",
        examples=["3f2a9c"],
    )


class PhoneIn(AskedChange):
    """Another number of a patient."""

    phone: str = Field(examples=["+14155550124"])
    agreed: bool = Field(False, description="The patient agrees to planned texts there.")
    obtained_by: str = Field("", description="Who heard it; needed with agreed.", examples=["Alma Reyes"])
    how: str = Field("", description="in_person, phone, paper or portal", examples=["phone"])


class EmailIn(AskedChange):
    """Another mail address of a patient."""

    email: str = Field(examples=["ines@mail.example"])
    agreed: bool = Field(False, description="The patient agrees to planned emails there.")
    obtained_by: str = Field("", description="Who heard it; needed with agreed.", examples=["Alma Reyes"])
    how: str = Field("", description="in_person, phone, paper or portal", examples=["phone"])


class ChannelIn(AskedChange):
    """How a patient wants to be written to."""

    channel: str = Field(description="sms or email", examples=["email"])


class TimeZoneIn(AskedChange):
    """Where a patient lives now."""

    time_zone: str = Field(examples=["America/Denver"])


class LanguageIn(AskedChange):
    """What language a patient reads."""

    language: str = Field(description="en or es", examples=["es"])


class SecondProcedureIn(AskedChange):
    """Another procedure of a patient who is here already."""

    performed_on: str = Field(examples=["2026-05-11"])
    performed_at: str = Field("", examples=["09:30"])
    harvest: str = Field(description="bone_marrow or fat", examples=["fat"])
    pathway: str = Field(examples=["stem-cell-back"])
    channel: str = Field("", description="sms or email", examples=["sms"])
    ends_earlier: bool = Field(False, description="The running follow-up ends with it.")
    confirmed: bool = Field(False, description="Says that an unusual date is right.")


class EndIn(AskedChange):
    """Why an enrollment ends early."""

    reason: str = Field(
        description="patient_asked, procedure_cancelled, wrong_person, moved_to_other_care, died,"
        " entered_by_mistake or next_procedure",
        examples=["patient_asked"],
    )


class CalendarOut(BaseModel):
    """What happens to the texts of one enrollment; a new one has no id in its preview."""

    enrollment_id: uuid.UUID | None
    pathway: str
    version: int
    changes: list[ChangeOut]
    notes: list[str]


class VersionOut(BaseModel):
    """A version that patients are still on."""

    label: str
    content_hash: str
    patients: int


class ShownOut(BaseModel):
    """What a change does, or did."""

    applied: bool
    mark: str
    summary: str
    notes: list[str]
    calendars: list[CalendarOut]


class MigrationOut(BaseModel):
    """What moving everybody to the pathway version in force does, or did. ``skipped``: not in their language."""

    applied: bool
    mark: str
    versions: list[VersionOut]
    skipped: int
    changes: list[ShownOut]


def migration_out(many: ShownMany, *, applied: bool) -> MigrationOut:
    """Show what happens to everybody."""
    return MigrationOut(
        applied=applied, mark=many.mark, skipped=many.skipped,
        versions=[
            VersionOut(label=each.label, content_hash=each.content_hash, patients=each.patients)
            for each in many.versions
        ],
        changes=[shown_out(each, applied=applied) for each in many.shown],
    )  # fmt: skip


def shown_out(shown: Shown, *, applied: bool) -> ShownOut:
    """Show a preview or what was done."""
    return ShownOut(
        applied=applied, mark=shown.mark, summary=shown.summary, notes=list(shown.notes),
        calendars=[_calendar(each) for each in shown.calendars],
    )  # fmt: skip


def _calendar(each: CalendarChange) -> CalendarOut:
    return CalendarOut(
        enrollment_id=each.enrollment_id, pathway=each.pathway, version=each.version,
        changes=[shown_change(inner) for inner in each.replan.changes], notes=list(each.replan.notes),
    )  # fmt: skip
