"""Change how a patient wants to be written to, where they live, or in which language: the plan follows.

Each of the three shows first what it does. Words that were handed over stay in the language and on the channel they
were written for; what is still planned is written anew when its time comes.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.clinics.states import Channel
from followup.doorbell import ring
from followup.enrollment.calendar_change import ChangedFacts, calendar_after, existing_of, write_calendar
from followup.enrollment.models import Enrollment
from followup.enrollment.planning.replan import ChangeKind, kept
from followup.enrollment.shown import Shown, calendar, hold_to, patient_of, running_of
from followup.errors import ForbiddenState, InvalidInput
from followup.kit.windows import ZoneError, zone
from followup.pathways.pin import pinned
from followup.patients.models import ContactPoint, Patient
from followup.patients.replace_address import own_points
from followup.patients.states import ContactState

LANGUAGES = {"en": "English", "es": "Spanish"}
WAYS = {Channel.sms: "text", Channel.email: "email"}
_WORKS = (ContactState.stated, ContactState.confirmed)
NO_ENROLLMENT = "No follow-up of this patient is running, so there is nothing to change."


# -- channel ------------------------------------------------------------------------------------------------------


def read_channel(text: str) -> Channel:
    """Read a channel that patients can choose; raises InvalidInput."""
    if text not in ("sms", "email"):
        raise InvalidInput("channel", "Choose sms or email.")
    return Channel(text)


def preview_channel(session: Session, patient_id: uuid.UUID, channel: Channel, *, now: datetime) -> Shown:
    """Show what another channel would do. Raises NotFound, ForbiddenState, InvalidInput."""
    patient = patient_of(session, patient_id)
    return _channel(session, patient, channel, _running(session, patient), now=now)


def change_channel(
    session: Session, patient_id: uuid.UUID, channel: Channel, *, now: datetime, actor: Actor,
    seen: str | None = None,
) -> Shown:  # fmt: skip
    """Plan everything that is still to come on another channel. Raises Conflict if that is not what was shown."""
    patient = patient_of(session, patient_id, lock=True)
    enrollments = _running(session, patient, lock=True)
    shown = _channel(session, patient, channel, enrollments, now=now)
    hold_to(shown, seen)
    for each in enrollments:
        each.channel = channel
    _write(session, enrollments, shown, now=now, actor=actor)
    _note(session, patient, "change channel", f"to {WAYS[channel]}", now=now, actor=actor)
    return shown


def _channel(
    session: Session, patient: Patient, channel: Channel, enrollments: Sequence[Enrollment], *, now: datetime
) -> Shown:
    if all(each.channel is channel for each in enrollments):
        raise InvalidInput("channel", f"Planned texts go by {WAYS[channel]} already.")
    points = own_points(session, patient.id, channel)
    if not any(_may_be_used(each) for each in points):
        what = "a number" if channel is Channel.sms else "an address"
        raise InvalidInput("channel", f"There is no {WAYS[channel]} address that works and was agreed to. Give "
                           f"{what} with the patient's consent first.")  # fmt: skip
    changed = ChangedFacts(channel=channel)
    calendars = [calendar(each, calendar_after(session, each, changed, now=now)) for each in enrollments]
    return Shown(f"Planned texts go by {WAYS[channel]} from now on.", tuple(calendars))


def _may_be_used(point: ContactPoint) -> bool:
    return point.state in _WORKS and point.consented_at is not None and point.opted_out_at is None


# -- zone ---------------------------------------------------------------------------------------------------------


def read_zone(text: str) -> str:
    """Read a time zone as the name of a place; raises InvalidInput."""
    try:
        return str(zone(text).key)
    except ZoneError as problem:
        raise InvalidInput("time_zone", problem.message) from None


def preview_zone(session: Session, patient_id: uuid.UUID, time_zone: str, *, now: datetime) -> Shown:
    """Show what living in another zone does. Raises NotFound, ForbiddenState, InvalidInput."""
    patient = patient_of(session, patient_id)
    return _zone(session, patient, time_zone, _running(session, patient), now=now)


def change_zone(
    session: Session, patient_id: uuid.UUID, time_zone: str, *, now: datetime, actor: Actor,
    seen: str | None = None,
) -> Shown:  # fmt: skip
    """Keep the hours of the wall clock and send by the clocks of another place."""
    patient = patient_of(session, patient_id, lock=True)
    enrollments = _running(session, patient, lock=True)
    shown = _zone(session, patient, time_zone, enrollments, now=now)
    hold_to(shown, seen)
    before, patient.time_zone = patient.time_zone, time_zone
    for each in enrollments:
        each.time_zone = time_zone
    _write(session, enrollments, shown, now=now, actor=actor)
    _note(session, patient, "change time zone", f"from {before} to {time_zone}", now=now, actor=actor)
    return shown


def _zone(
    session: Session, patient: Patient, time_zone: str, enrollments: Sequence[Enrollment], *, now: datetime
) -> Shown:
    if patient.time_zone == time_zone and all(each.time_zone == time_zone for each in enrollments):
        raise InvalidInput("time_zone", "This is the time zone we have.")
    changed = ChangedFacts(time_zone=time_zone)
    calendars = [calendar(each, calendar_after(session, each, changed, now=now)) for each in enrollments]
    place = time_zone.replace("_", " ")
    return Shown(f"Texts follow the clocks of {place} from now on.", tuple(calendars))


# -- language -----------------------------------------------------------------------------------------------------


def preview_language(session: Session, patient_id: uuid.UUID, language: str) -> Shown:
    """Show what another language does. Raises NotFound, ForbiddenState, InvalidInput."""
    patient = patient_of(session, patient_id)
    return _language(session, patient, language, _running(session, patient))


def change_language(
    session: Session, patient_id: uuid.UUID, language: str, *, now: datetime, actor: Actor,
    seen: str | None = None,
) -> Shown:  # fmt: skip
    """Write what is still to come in another language; no text is ever half one and half the other."""
    patient = patient_of(session, patient_id, lock=True)
    enrollments = _running(session, patient, lock=True)
    shown = _language(session, patient, language, enrollments)
    hold_to(shown, seen)
    before, patient.language = patient.language, language
    for each in enrollments:
        each.language = language
        each.version += 1
    _note(session, patient, "change language", f"from {before} to {language}", now=now, actor=actor)
    return shown


def _language(session: Session, patient: Patient, language: str, enrollments: Sequence[Enrollment]) -> Shown:
    shared = set(LANGUAGES)
    for each in enrollments:
        shared &= set(pinned(session, each.pathway_version_id).languages)
    if language not in shared:
        raise InvalidInput("language", f"Choose one of: {', '.join(sorted(shared))}.")
    if patient.language == language and all(each.language == language for each in enrollments):
        raise InvalidInput("language", "This is the language we have.")
    calendars = [calendar(each, kept(existing_of(session, each.id))) for each in enrollments]
    sent = sum(len(each.replan.of_kind(ChangeKind.SENT)) for each in calendars)
    ahead = sum(len(each.replan.of_kind(ChangeKind.SAME)) for each in calendars)
    notes = (f"{ahead} texts that were not sent follow; {sent} were sent before and are not repeated.",)
    name = LANGUAGES.get(language, language)
    return Shown(
        f"Texts, emails and safety texts are written in {name} from now on.", tuple(calendars), notes
    )


# -- shared -------------------------------------------------------------------------------------------------------


def _running(session: Session, patient: Patient, *, lock: bool = False) -> Sequence[Enrollment]:
    found = running_of(session, patient.id, lock=lock)
    if not found:
        raise ForbiddenState(NO_ENROLLMENT)
    return found


def _write(
    session: Session, enrollments: Sequence[Enrollment], shown: Shown, *, now: datetime, actor: Actor
) -> None:
    for enrollment, change in zip(enrollments, shown.calendars, strict=True):
        enrollment.version += 1
        pathway = pinned(session, enrollment.pathway_version_id)
        write_calendar(session, enrollment, change.replan.changes, pathway=pathway, now=now, actor=actor)
    ring(session, "messages.dispatch")


def _note(
    session: Session, patient: Patient, action: str, reason: str, *, now: datetime, actor: Actor
) -> None:
    record(
        session, patient.clinic_id, actor=actor, action=action, now=now, reason=reason,
        subject=Subject("patient", patient.id, patient.id),
    )  # fmt: skip
