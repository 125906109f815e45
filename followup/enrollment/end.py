"""End a follow-up early, after showing what that stops: withdrawn, the procedure cancelled, or the patient died.

An end is at once: nothing that waits goes out any more, which the calling transaction sees. What was sent stays on
record. What the patient (or somebody on their phone) writes later is still read and triaged.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.doorbell import ring
from followup.enrollment.calendar_change import existing_of
from followup.enrollment.change import withdraw
from followup.enrollment.models import Enrollment
from followup.enrollment.planning.reasons import Reason
from followup.enrollment.planning.replan import ended
from followup.enrollment.rules import WithdrawalReason
from followup.enrollment.shown import RUNNING, Shown, calendar, hold_to, patient_of, running_of
from followup.errors import ForbiddenState, NotFound
from followup.patients.models import Patient, Procedure

_WHY = {
    WithdrawalReason.DIED: Reason.DIED,
    WithdrawalReason.PROCEDURE_CANCELLED: Reason.PROCEDURE_CANCELLED,
}
_SUMMARY = {
    WithdrawalReason.PROCEDURE_CANCELLED: "The procedure is cancelled and its follow-up ends.",
    WithdrawalReason.DIED: "The patient has died. Nothing is sent any more, to any address.",
}
OTHERS_RUN = "Another follow-up of this patient goes on: {}. End it as well if it should stop."
STILL_READ = "What the patient writes is still read, and a red flag still reaches the nurse."
ALREADY_DEAD = "This patient's death is recorded already."


# -- one enrollment -----------------------------------------------------------------------------------------------


def preview_end(session: Session, enrollment_id: uuid.UUID, reason: WithdrawalReason) -> Shown:
    """Show what ending one enrollment stops. Raises NotFound, ForbiddenState."""
    enrollment = _enrollment(session, enrollment_id)
    if reason is WithdrawalReason.DIED:
        return preview_death(session, enrollment.patient_id)
    return _ending(session, enrollment, reason)


def end(
    session: Session, enrollment_id: uuid.UUID, reason: WithdrawalReason, *, now: datetime, actor: Actor,
    seen: str | None = None,
) -> Shown:  # fmt: skip
    """End one enrollment; a death ends all of them. Raises Conflict if that is not what was shown."""
    enrollment = _enrollment(session, enrollment_id)
    if reason is WithdrawalReason.DIED:
        return record_death(session, enrollment.patient_id, now=now, actor=actor, seen=seen)
    running_of(session, enrollment.patient_id, lock=True)
    shown = _ending(session, enrollment, reason)
    hold_to(shown, seen)
    withdraw(session, enrollment_id, reason=reason, now=now, actor=actor)
    if reason is WithdrawalReason.PROCEDURE_CANCELLED:
        session.get_one(Procedure, enrollment.procedure_id).cancelled_at = now
    return shown


def _enrollment(session: Session, enrollment_id: uuid.UUID) -> Enrollment:
    found = session.get(Enrollment, enrollment_id)
    if found is None:
        raise NotFound
    return found


def _ending(session: Session, enrollment: Enrollment, reason: WithdrawalReason) -> Shown:
    if enrollment.state not in RUNNING:
        raise ForbiddenState("This enrollment has ended already.")
    stopped = ended(existing_of(session, enrollment.id), _WHY.get(reason, Reason.WITHDRAWN))
    others = [
        f"{each.pathway.replace('-', ' ')} of {each.performed_on.isoformat()}"
        for each in running_of(session, enrollment.patient_id)
        if each.id != enrollment.id
    ]
    notes = (STILL_READ, *((OTHERS_RUN.format(", ".join(others)),) if others else ()))
    summary = _SUMMARY.get(reason, f"The follow-up ends: {reason.value.replace('_', ' ')}.")
    return Shown(summary, (calendar(enrollment, stopped),), notes)


# -- a death ------------------------------------------------------------------------------------------------------


def preview_death(session: Session, patient_id: uuid.UUID) -> Shown:
    """Show what recording a death stops. Raises NotFound, ForbiddenState."""
    return _death(session, patient_of(session, patient_id))


def record_death(
    session: Session, patient_id: uuid.UUID, *, now: datetime, actor: Actor, seen: str | None = None
) -> Shown:
    """Record that a patient died: every follow-up ends and no address is written to any more."""
    patient = patient_of(session, patient_id, lock=True)
    enrollments = running_of(session, patient_id, lock=True)
    shown = _death(session, patient)
    hold_to(shown, seen)
    for each in enrollments:
        withdraw(session, each.id, reason=WithdrawalReason.DIED, now=now, actor=actor)
    patient.died_at = now
    record(
        session, patient.clinic_id, actor=actor, action="record death", now=now,
        subject=Subject("patient", patient.id, patient.id),
    )  # fmt: skip
    # Whatever waits in the outbox is taken up now and ends with its reason, instead of at its own time.
    ring(session, "messages.deliver")
    return shown


def _death(session: Session, patient: Patient) -> Shown:
    if patient.died_at is not None:
        raise ForbiddenState(ALREADY_DEAD)
    calendars = [
        calendar(each, ended(existing_of(session, each.id), Reason.DIED))
        for each in running_of(session, patient.id)
    ]
    note = "What is written from this phone is still read: it may be a relative. No automatic answer is sent."
    return Shown(_SUMMARY[WithdrawalReason.DIED], tuple(calendars), (note,))
