"""Enroll a patient who is here already for another procedure, beside the running follow-up or in its place.

The person, the addresses and the consents are the ones on record; nothing is asked or recorded twice. The limits of
a day and a week are per person, so the two calendars share them, and the preview shows who gives way.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from followup.audit.record import Actor
from followup.clinics.states import Channel
from followup.enrollment.calendar_change import existing_of
from followup.enrollment.change import withdraw
from followup.enrollment.enroll import Preview, enroll
from followup.enrollment.enroll import preview as preview_enrollment
from followup.enrollment.models import Enrollment
from followup.enrollment.planning.reasons import Reason
from followup.enrollment.planning.replan import ended, kept, replan
from followup.enrollment.request import EnrollmentRequest
from followup.enrollment.rules import WithdrawalReason
from followup.enrollment.shown import CalendarChange, Shown, calendar, hold_to, patient_of, running_of
from followup.errors import AlreadyEnrolled, Conflict, ForbiddenState
from followup.pathways.library import Library
from followup.patients.models import ContactPoint, Patient
from followup.patients.replace_address import own_points
from followup.patients.states import ContactState

_WORKS = (ContactState.stated, ContactState.confirmed)
NOBODY_ASKED = "Consent on record"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextProcedure:
    """What somebody typed about the next procedure. ``ends_earlier``: the running follow-up ends with it."""

    performed_on: str
    performed_at: str = ""
    harvest: str = ""
    pathway: str = ""
    channel: str = ""
    confirmed: bool = False
    ends_earlier: bool = False


def preview_second(
    session: Session, patient_id: uuid.UUID, asked: NextProcedure, *, library: Library, now: datetime
) -> Shown:
    """Show both calendars as they would be. Raises NotFound, InvalidInput, ForbiddenState, AlreadyEnrolled."""
    patient = patient_of(session, patient_id)
    return _shown(session, patient, asked, running_of(session, patient_id), library=library, now=now)


def enroll_again(
    session: Session, patient_id: uuid.UUID, asked: NextProcedure, *, library: Library, now: datetime,
    actor: Actor, seen: str | None = None,
) -> tuple[uuid.UUID, Shown]:  # fmt: skip
    """Enroll for the next procedure; returns the new enrollment. Raises Conflict if it is not what was shown."""
    patient = patient_of(session, patient_id, lock=True)
    running = running_of(session, patient_id, lock=True)
    shown = _shown(session, patient, asked, running, library=library, now=now)
    hold_to(shown, seen)
    if asked.ends_earlier:
        for each in running:
            withdraw(session, each.id, reason=WithdrawalReason.NEXT_PROCEDURE, now=now, actor=actor)
        session.flush()
    made = enroll(
        session, patient.clinic_id, _request(session, patient, asked), library=library, now=now, actor=actor,
        consent_stands=True,
    )  # fmt: skip
    if made.patient_id != patient_id:
        raise Conflict("Another record has this name and address. Please bring the two together first.")
    return made.enrollment_id, shown


def _shown(
    session: Session, patient: Patient, asked: NextProcedure, running: Sequence[Enrollment], *,
    library: Library, now: datetime,
) -> Shown:  # fmt: skip
    if patient.died_at is not None:
        raise ForbiddenState("This patient's death is recorded.")
    ending = [each.id for each in running] if asked.ends_earlier else []
    request = _request(session, patient, asked)
    seen = preview_enrollment(session, patient.clinic_id, request, library=library, now=now, ending=ending)
    if seen.already is not None and seen.already not in ending:
        raise AlreadyEnrolled(str(seen.already))
    earlier = [_earlier(session, each, ends=asked.ends_earlier) for each in running]
    what = "The earlier follow-up ends." if ending else "The earlier follow-up goes on beside it."
    summary = f"A follow-up for the procedure of {seen.checked.performed_on.isoformat()} begins."
    return Shown(
        f"{summary} {what}" if running else summary, (_begun(seen, now=now), *earlier), tuple(seen.warnings)
    )


def _begun(seen: Preview, *, now: datetime) -> CalendarChange:
    return CalendarChange(None, seen.checked.pathway, 0, replan([], seen.plan, now=now))


def _earlier(session: Session, enrollment: Enrollment, *, ends: bool) -> CalendarChange:
    rows = existing_of(session, enrollment.id)
    return calendar(enrollment, ended(rows, Reason.WITHDRAWN) if ends else kept(rows))


def _request(session: Session, patient: Patient, asked: NextProcedure) -> EnrollmentRequest:
    phone, mail = (_usable(session, patient, each) for each in (Channel.sms, Channel.email))
    fields: dict[str, Any] = {
        "patient.name": patient.name, "patient.language": patient.language,
        "patient.time_zone": patient.time_zone, "patient.birth_date": patient.birth_date or "",
        "patient.phone": phone.address if phone else "", "patient.email": mail.address if mail else "",
        "procedure.performed_on": asked.performed_on, "procedure.performed_at": asked.performed_at,
        "procedure.harvest": asked.harvest, "pathway": asked.pathway,
        "channel": asked.channel or ("sms" if phone else "email"), "confirmed": asked.confirmed,
        "consent.sms": phone is not None, "consent.email": mail is not None,
        "consent.obtained_by": NOBODY_ASKED,
    }  # fmt: skip
    return EnrollmentRequest(fields)


def _usable(session: Session, patient: Patient, channel: Channel) -> ContactPoint | None:
    """The newest address that works and was agreed to."""
    points = own_points(session, patient.id, channel)
    able = [each for each in points if each.state in _WORKS and each.consented_at and not each.opted_out_at]
    return able[-1] if able else None
