"""From what queries return to the shapes of the API: one function per shape, no decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from followup.enrollment.planning.replan import Change, Replan
from followup.enrollment.queries import EnrollmentView, TouchpointView
from followup.reporting.cases import CaseRecord
from followup.reporting.records import PatientRecord, ReplyRecord
from followup.web.api.answers import (
    AttemptOut,
    ChangeOut,
    ContactPointOut,
    EnrollmentOut,
    EscalationOut,
    MessageOut,
    MoveDateOut,
    PatientOut,
    ReplyOut,
    SignalOut,
    TaskOut,
    TouchpointOut,
)


def touchpoint(each: TouchpointView | Any) -> TouchpointOut:
    """Show one planned contact."""
    return TouchpointOut(
        id=each.id, enrollment_id=each.enrollment_id, key=each.key, kind=each.kind, channel=str(each.channel),
        day=each.day, local_time=each.local_time.isoformat(timespec="seconds"),
        time_zone=each.time_zone, due_at=each.due_at,
        state=str(each.state), reason=each.reason, why=each.why,
    )  # fmt: skip


def enrollment(
    each: EnrollmentView, touchpoints: Sequence[TouchpointView] = (), warnings: Sequence[str] = ()
) -> EnrollmentOut:
    """Show one enrollment, with its calendar where that was read."""
    return EnrollmentOut(
        id=each.id, patient_id=each.patient_id, pathway=each.pathway, channel=str(each.channel),
        language=each.language, time_zone=each.time_zone, performed_on=each.performed_on,
        performed_at=f"{each.performed_at:%H:%M}", harvest=str(each.harvest), state=str(each.state),
        state_reason=each.state_reason, enrolled_at=each.enrolled_at, version=each.version,
        warnings=list(warnings), touchpoints=[touchpoint(inner) for inner in touchpoints],
    )  # fmt: skip


def patient(each: PatientRecord) -> PatientOut:
    """Show one patient."""
    return PatientOut(
        id=each.patient.id,
        name=each.patient.name,
        birth_date=each.patient.birth_date,
        language=each.patient.language,
        time_zone=each.patient.time_zone,
        contact_points=[
            ContactPointOut(
                channel=point.channel.value, address=point.address, state=point.state.value,
                consented_at=point.consented_at, opted_out_at=point.opted_out_at,
            )
            for point in each.contact_points
        ],
    )  # fmt: skip


def message(each: Any) -> MessageOut:
    """Show one message."""
    return MessageOut(
        id=each.id, patient_id=each.patient_id, enrollment_id=each.enrollment_id,
        touchpoint_id=each.touchpoint_id, channel=each.channel.value, purpose=each.purpose.value,
        body=each.body, state=each.state.value, reason=each.reason, error_code=each.error_code,
        queued_at=each.queued_at, accepted_at=each.accepted_at, final_at=each.final_at,
    )  # fmt: skip


def reply(each: ReplyRecord) -> ReplyOut:
    """Show one reply with the assessment that counts."""
    found, concluded = each.reply, each.assessment
    return ReplyOut(
        id=found.id, patient_id=found.patient_id, enrollment_id=found.enrollment_id,
        touchpoint_id=found.touchpoint_id, channel=found.channel.value, body=found.body,
        received_at=found.received_at, state=found.state.value,
        tier=concluded.tier if concluded else None, priority=concluded.priority if concluded else None,
        ruleset=concluded.ruleset if concluded else None,
        evidence=list(concluded.decision.get("evidence", [])) if concluded else [],
    )  # fmt: skip


def task(each: Any) -> TaskOut:
    """Show one task."""
    return TaskOut(
        id=each.id, kind=each.kind.value, state=each.state.value, priority=each.priority,
        patient_id=each.patient_id, subject_id=each.subject_id, reason=each.reason, opened_at=each.opened_at,
        due_at=each.due_at, owner_id=each.owner_id, closed_at=each.closed_at, disposition=each.disposition,
    )  # fmt: skip


def escalation(each: CaseRecord) -> EscalationOut:
    """Show one case with its findings and tries."""
    case = each.case
    return EscalationOut(
        id=case.id, code=case.code, patient_id=case.patient_id, enrollment_id=case.enrollment_id,
        tier=case.tier.value, state=case.state.value, owner_id=case.owner_id,
        flags=[str(flag) for flag in case.flags], opened_at=case.opened_at, accepted_at=case.accepted_at,
        contacted_at=case.contacted_at, closed_at=case.closed_at, disposition=case.disposition, note=case.note,
        signals=[
            SignalOut(kind=row.kind, cause_id=row.cause_id, tier=str(row.tier), rule=row.rule, at=row.at)
            for row in each.signals
        ],
        attempts=[
            AttemptOut(
                staff_id=row.staff_id, how=str(row.how), outcome=str(row.outcome), note=row.note, at=row.at
            )
            for row in each.attempts
        ],
    )  # fmt: skip


def moved(changes: Replan, *, applied: bool, version: int, mark: str = "") -> MoveDateOut:
    """Show what moving a date does."""
    return MoveDateOut(
        applied=applied, version=version, mark=mark, changes=[change(each) for each in changes.changes],
        notes=list(changes.notes),
    )  # fmt: skip


def change(each: Change) -> ChangeOut:
    """Show what happens to one planned contact."""
    return ChangeOut(
        key=each.key, kind=each.kind.value, words=each.words,
        before=each.before.due_at if each.before else None, after=each.after.due_at if each.after else None,
    )  # fmt: skip
