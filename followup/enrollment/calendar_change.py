"""Make a running calendar again from changed facts, and write what changes: shared by all that moves texts.

What reached the patient stays and is never sent again; a person's decisions stay. Nothing here decides that a
change is wanted, or whether it was shown before: the verbs do.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import Actor
from followup.clinics.models import Clinic
from followup.clinics.states import Channel
from followup.enrollment.advance import advance_touchpoint
from followup.enrollment.clinic_calendar import calendar_of
from followup.enrollment.enroll import add_touchpoints
from followup.enrollment.models import Enrollment, Touchpoint
from followup.enrollment.planning.facts import EnrollmentFacts, PlannedTouchpoint, TakenSlot
from followup.enrollment.planning.from_pathway import pathway_plan
from followup.enrollment.planning.plan import plan
from followup.enrollment.planning.reasons import SENTENCES, Reason
from followup.enrollment.planning.replan import Change, ChangeKind, ExistingTouchpoint, Replan, replan
from followup.enrollment.rules import REACHED_THE_PATIENT
from followup.enrollment.states import TouchpointState
from followup.kit.windows import Window, to_local, zone
from followup.pathways.pathway import Pathway
from followup.pathways.pin import pinned
from followup.patients.models import Procedure


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFacts:
    """What is different from what the rows say; None: as it is. Date and time are local to its zone."""

    performed_on: date | None = None
    performed_at: time | None = None
    time_zone: str | None = None
    channel: Channel | None = None
    pathway: Pathway | None = None


def calendar_after(
    session: Session, enrollment: Enrollment, changed: ChangedFacts, *, now: datetime
) -> Replan:
    """Return what the calendar of an enrollment would become; changes nothing."""
    rows = session.scalars(select(Touchpoint).where(Touchpoint.enrollment_id == enrollment.id)).all()
    clinic = session.get_one(Clinic, enrollment.clinic_id)
    pathway = changed.pathway or pinned(session, enrollment.pathway_version_id)
    facts = _facts(session, enrollment, rows, changed)
    planned = plan(facts, pathway_plan(pathway), calendar_of(clinic), now)
    return replan([existing(row) for row in rows], planned, now=now)


def _facts(
    session: Session, enrollment: Enrollment, rows: Sequence[Touchpoint], changed: ChangedFacts
) -> EnrollmentFacts:
    sent = [row for row in rows if row.state in REACHED_THE_PATIENT]
    hours = enrollment.preferences.get("hours")
    procedure = session.get_one(Procedure, enrollment.procedure_id)
    return EnrollmentFacts(
        performed_on=changed.performed_on or enrollment.performed_on,
        performed_at=changed.performed_at or procedure.performed_at,
        zone=changed.time_zone or enrollment.time_zone,
        channels=(changed.channel or enrollment.channel,),
        enrolled_at=enrollment.enrolled_at,
        harvest=procedure.harvest.value,
        preferred_hours=Window.parse(hours) if hours else None,
        sent=frozenset(row.key for row in sent),
        taken=(
            *(TakenSlot(row.channel, _sent_on(row), row.slot) for row in sent if row.slot),
            *_taken_by_others(session, enrollment),
        ),
    )


def _taken_by_others(session: Session, enrollment: Enrollment) -> Sequence[TakenSlot]:
    """Days on which another enrollment of this patient has a planned text: the caps are per person."""
    others = session.execute(
        select(Touchpoint.channel, Touchpoint.local_date, Touchpoint.slot).where(
            Touchpoint.patient_id == enrollment.patient_id,
            Touchpoint.enrollment_id != enrollment.id,
            Touchpoint.slot > 0,
            Touchpoint.state.in_([TouchpointState.planned, *REACHED_THE_PATIENT]),
        )
    )
    return [TakenSlot(row.channel, row.local_date, row.slot) for row in others]


def _sent_on(row: Touchpoint) -> date:
    return to_local(row.dispatched_at or row.due_at, zone(row.time_zone)).date()


def existing(row: Touchpoint) -> ExistingTouchpoint:
    """Return what a comparison needs of a row."""
    return ExistingTouchpoint(
        key=row.key, state=row.state, local_date=row.local_date, local_time=row.local_time.time(),
        due_at=row.due_at, day=row.day, channel=row.channel,
        reason=Reason(row.reason_code) if row.reason_code else None,
    )  # fmt: skip


def existing_of(session: Session, enrollment_id: uuid.UUID) -> list[ExistingTouchpoint]:
    """Return what a comparison needs of every touchpoint of an enrollment."""
    rows = session.scalars(
        select(Touchpoint)
        .where(Touchpoint.enrollment_id == enrollment_id)
        .order_by(Touchpoint.due_at, Touchpoint.id)
    )
    return [existing(row) for row in rows]


def write_calendar(
    session: Session, enrollment: Enrollment, changes: Sequence[Change], *, pathway: Pathway, now: datetime,
    actor: Actor,
) -> None:  # fmt: skip
    """Write what ``calendar_after`` showed; ``pathway`` is the version that new steps come from."""
    rows = {
        row.key: row
        for row in session.scalars(
            select(Touchpoint).where(Touchpoint.enrollment_id == enrollment.id).with_for_update()
        )
    }
    new: list[PlannedTouchpoint] = []
    for change in changes:
        row = rows.get(change.key)
        match change.kind:
            case ChangeKind.SENT | ChangeKind.DECIDED:
                continue
            case ChangeKind.SAME if change.after is None:
                continue
            case ChangeKind.CANCELLED:
                assert row is not None
                advance_touchpoint(
                    session, row.id, to=TouchpointState.cancelled, now=now, actor=actor,
                    reason=SENTENCES[Reason.NOT_IN_PATHWAY], code=Reason.NOT_IN_PATHWAY,
                )  # fmt: skip
            case _ if row is None:
                assert change.after is not None
                new.append(change.after)
            case _:
                assert change.after is not None
                _rewrite(session, row, change.after, pathway=pathway, now=now, actor=actor)
    if new:
        add_touchpoints(session, enrollment, new, pathway=pathway, now=now)


def _rewrite(
    session: Session, row: Touchpoint, after: PlannedTouchpoint, *, pathway: Pathway, now: datetime,
    actor: Actor,
) -> None:  # fmt: skip
    """Give a row its new place and rules, and the state that follows from them."""
    step = next((each for each in pathway.steps if each.key == after.key), None)
    row.day, row.local_date, row.time_zone = after.day, after.local_date, after.zone
    row.local_time = datetime.combine(after.local_date, after.local_time)
    row.due_at = row.look_at = after.due_at
    row.not_after, row.slot, row.channel, row.why = after.not_after, after.slot, after.channel, after.why
    row.kind, row.late_rule, row.requires_answer = after.kind, after.late.value, after.requires_answer
    row.pending_question = step.question_key if step else None
    session.flush()
    if row.state is not after.state:
        advance_touchpoint(
            session, row.id, to=after.state, now=now, actor=actor, reason=after.why, code=after.reason
        )
