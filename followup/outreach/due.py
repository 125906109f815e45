"""Gather what is known about the due contacts of one patient, and decide about all of them together.

Together, because after an outage a patient gets the one contact that still matters and not the backlog.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, func, select, text
from sqlalchemy.orm import Session

from followup.clinics.models import Clinic
from followup.enrollment.clinic_calendar import calendar_of
from followup.enrollment.models import Enrollment, Touchpoint
from followup.enrollment.planning.calendar import hours_on
from followup.enrollment.planning.facts import ClinicCalendar, StepPlan
from followup.enrollment.planning.from_pathway import WELCOME_KEY, pathway_plan
from followup.enrollment.planning.lateness import Decision, DueTouchpoint, Verdict, decide, settle_overdue
from followup.enrollment.planning.lateness import Patient as PatientFacts
from followup.enrollment.planning.reasons import SENTENCES, Reason
from followup.enrollment.states import TouchpointState
from followup.kit.windows import Window, bounds, to_local, zone
from followup.messaging.rest import is_by_carrier
from followup.outreach.address import Reachable, where_to
from followup.outreach.rules import Obstacle, Standing, Way, obstacle
from followup.pathways.pathway import Pathway, Step
from followup.pathways.pin import pinned
from followup.patients.models import Patient

# Held or paused contacts are looked at again: what holds them ends by a person's hand.
LOOK_AGAIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class DueContact:
    """One due touchpoint with everything that sending it needs."""

    touchpoint: Touchpoint
    enrollment: Enrollment
    pathway: Pathway
    step: Step | None
    plan: StepPlan
    reach: Reachable

    @property
    def text_key(self) -> str:
        """Which text it is; the welcome is a text of the pathway that belongs to no step."""
        return self.step.text_key if self.step else self.pathway.welcome_key


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to do with one due contact."""

    contact: DueContact
    verdict: Verdict
    sentence: str
    reason: Reason | None = None
    is_cancelled: bool = False
    look_at: datetime | None = None


def gather(session: Session, touchpoint: Touchpoint) -> DueContact:
    """Load what belongs to a due touchpoint."""
    enrollment = session.get_one(Enrollment, touchpoint.enrollment_id)
    pathway = pinned(session, enrollment.pathway_version_id)
    return DueContact(
        touchpoint=touchpoint,
        enrollment=enrollment,
        pathway=pathway,
        step=next((each for each in pathway.steps if each.key == touchpoint.key), None),
        plan=next(each for each in pathway_plan(pathway).steps if each.key == touchpoint.key),
        reach=where_to(session, touchpoint.patient_id, touchpoint.channel),
    )


def hours_end(clinic: Clinic, contact: DueContact, now: datetime) -> datetime | None:
    """Return when the hours end in which this contact may go out today: what still waits then is decided anew."""
    hours = contact.enrollment.preferences.get("hours")
    where = zone(contact.touchpoint.time_zone)
    today = to_local(now, where).date()
    shared = hours_on(
        today, contact.plan, calendar_of(clinic), preferred=Window.parse(hours) if hours else None
    )
    return bounds(shared, today, where)[1] if shared else None


def outcomes(
    session: Session, clinic: Clinic, contacts: Sequence[DueContact], *, now: datetime
) -> list[Outcome]:
    """Decide about the due contacts of one patient (all of the same patient)."""
    patient = session.get_one(Patient, contacts[0].touchpoint.patient_id)
    calendar = calendar_of(clinic)
    facts = _patient_facts(session, contacts[0], now)
    decided: list[Outcome] = []
    free: list[DueContact] = []
    for contact in contacts:
        standing = _standing(contact, clinic, patient)
        found = obstacle(standing)
        if found is None:
            free.append(contact)
        else:
            decided.append(_blocked(contact, found, facts, calendar, now=now))
    by_id = {str(each.touchpoint.id): each for each in free}
    timed = _by_the_clock(free, facts, calendar, now)
    return [*decided, *(_outcome(by_id[each.id], each, now) for each in timed)]


def _by_the_clock(
    free: Sequence[DueContact], facts: PatientFacts, calendar: ClinicCalendar, now: datetime
) -> list[Decision]:
    counted = [_due(each) for each in free if each.touchpoint.key != WELCOME_KEY]
    greetings = [_due(each) for each in free if each.touchpoint.key == WELCOME_KEY]
    return [
        *(decide(each, facts, calendar, now) for each in greetings),
        *settle_overdue(counted, facts, calendar, now),
    ]


def _due(contact: DueContact) -> DueTouchpoint:
    row = contact.touchpoint
    return DueTouchpoint(str(row.id), contact.plan, row.due_at, row.not_after)


def _standing(contact: DueContact, clinic: Clinic, patient: Patient) -> Standing:
    return Standing(
        is_safety=contact.step is not None and contact.step.is_safety,
        enrollment_state=contact.enrollment.state,
        is_held=contact.enrollment.held_since is not None,
        # While the carrier refuses our account the outbox decides: one of its texts finds out when it is mended.
        sending_paused=clinic.sending_paused_at is not None
        and not is_by_carrier(clinic.sending_paused_reason),
        patient_died=patient.died_at is not None,
        has_address=contact.reach.point is not None,
        opted_out=contact.reach.opted_out,
    )


def _patient_facts(session: Session, contact: DueContact, now: datetime) -> PatientFacts:
    hours = contact.enrollment.preferences.get("hours")
    where = contact.touchpoint.time_zone
    return PatientFacts(
        zone=where,
        preferred_hours=Window.parse(hours) if hours else None,
        taken_days=_taken_days(session, contact.touchpoint.patient_id, to_local(now, zone(where))),
    )


def _taken_days(session: Session, patient_id: uuid.UUID, local_now: datetime) -> frozenset[date]:
    rows = session.scalars(
        text(
            "SELECT DISTINCT local_day FROM message WHERE patient_id = :patient AND local_day >= :today"
            # A text that certainly never arrived took nobody's day.
            " AND state <> 'cancelled' AND NOT (state IN ('failed', 'expired') AND error_code IS NOT NULL)"
        ),
        {"patient": patient_id, "today": local_now.date()},
    )
    return frozenset(rows)


def _blocked(
    contact: DueContact, found: Obstacle, facts: PatientFacts, calendar: ClinicCalendar, *, now: datetime
) -> Outcome:
    if found.way is Way.wait:
        late = decide(_due(contact), facts, calendar, now)
        if late.verdict in (Verdict.SKIP, Verdict.CALL_TASK):
            return Outcome(contact, late.verdict, f"{late.why} ({found.sentence})", found.reason)
        return Outcome(contact, Verdict.WAIT, found.sentence, found.reason, look_at=now + LOOK_AGAIN)
    verdict = Verdict.CALL_TASK if found.way is Way.call_task else Verdict.SKIP
    return Outcome(contact, verdict, found.sentence, found.reason, is_cancelled=found.way is Way.cancel)


def _outcome(contact: DueContact, decision: Decision, now: datetime) -> Outcome:
    look_at = (
        max(decision.at or now, now + timedelta(seconds=1)) if decision.verdict is Verdict.WAIT else None
    )
    words = SENTENCES[decision.reason] if decision.reason else decision.why
    return Outcome(contact, decision.verdict, words, decision.reason, look_at=look_at)


def due_rows(session: Session, *, now: datetime, many: int) -> list[Touchpoint]:
    """Claim the due touchpoints of up to ``many`` patients, who waits longest first: all of a patient, or none.

    The patient is the lock: two dispatchers that saw different touchpoints of one patient would each keep one. A
    patient with a touchpoint that somebody changes at the moment is left for the next round.
    """
    due = and_(Touchpoint.state == TouchpointState.planned, Touchpoint.look_at <= now)
    waiting = session.scalars(
        select(Touchpoint.patient_id)
        .where(due)
        .group_by(Touchpoint.patient_id)
        .order_by(func.min(Touchpoint.look_at), Touchpoint.patient_id)
        .limit(many)
    ).all()
    mine = session.scalars(
        select(Patient.id).where(Patient.id.in_(waiting)).order_by(Patient.id)
        .with_for_update(key_share=True, skip_locked=True)
    ).all()  # fmt: skip
    of_mine = and_(due, Touchpoint.patient_id.in_(mine))
    counts = dict(
        session.execute(
            select(Touchpoint.patient_id, func.count()).where(of_mine).group_by(Touchpoint.patient_id)
        ).all()
    )
    rows = session.scalars(
        select(Touchpoint)
        .where(of_mine)
        .order_by(Touchpoint.due_at, Touchpoint.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    held = Counter(row.patient_id for row in rows)
    return [row for row in rows if held[row.patient_id] == counts[row.patient_id]]
