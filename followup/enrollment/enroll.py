"""Enroll one patient for one procedure: register, record consent, pin the pathway, plan every touchpoint.

One verb for the form, the API, the command line and the import. Enrolling the same patient for the same procedure
twice is refused with the id of the first, also when both arrive in the same second.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, moved, record
from followup.clinics.models import Clinic, Sender
from followup.clinics.states import Channel
from followup.db.sealed import blind
from followup.doorbell import ring
from followup.enrollment.clinic_calendar import calendar_of
from followup.enrollment.models import Enrollment, Touchpoint
from followup.enrollment.planning.facts import EnrollmentFacts, Plan, PlannedTouchpoint, TakenSlot
from followup.enrollment.planning.from_pathway import pathway_plan
from followup.enrollment.planning.plan import plan
from followup.enrollment.request import CheckedRequest, EnrollmentRequest, Surroundings, check
from followup.enrollment.rules import REACHED_THE_PATIENT
from followup.enrollment.states import EnrollmentState, TouchpointState
from followup.errors import AlreadyEnrolled, InvalidInput, NotFound
from followup.kit.windows import to_local, zone
from followup.pathways.approve import usable
from followup.pathways.library import Library
from followup.pathways.pathway import Pathway
from followup.pathways.pin import pin
from followup.patients.models import ContactPoint, Patient, Procedure
from followup.patients.register import GivenConsent, NewPatient, find_same, others_at, register
from followup.staff.cover import cover_warnings
from followup.staff.models import StaffContactPoint
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

# The wording shown at enrollment; a change of words is a new version, and each consent row keeps both.
CONSENT_VERSION = "2026-11"
CONSENT_WORDING = (
    "The clinic may send me texts or emails about my recovery, up to one a day in the first week and up to three a"
    " week afterwards. Messages are not encrypted, so others with access to my phone or mail could read them."
    " Message and data rates may apply. I can stop at any time by answering STOP. They are not read around the"
    " clock: in an emergency I call 911."
)

CALL_DUE = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Preview:
    """What enrolling would do, before anything is saved."""

    checked: CheckedRequest
    pathway: Pathway
    plan: Plan
    warnings: tuple[str, ...]
    already: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What was saved."""

    enrollment_id: uuid.UUID
    patient_id: uuid.UUID
    warnings: tuple[str, ...]


def preview(
    session: Session, clinic_id: uuid.UUID, request: EnrollmentRequest, *, library: Library, now: datetime,
    ending: Collection[uuid.UUID] = (),
) -> Preview:  # fmt: skip
    """Check a request and plan its calendar; raises InvalidInput with every problem at its field.

    ``ending``: enrollments that end with it, so that what they still had planned takes no room.
    """
    clinic = session.get_one(Clinic, clinic_id)
    pathway = _pathway(session, library, request)
    checked = check(request, _surroundings(session, clinic, pathway, now))
    known = find_same(session, clinic_id, _new_patient(checked))
    already = _standing(session, known.id, checked) if known else None
    facts = _facts(session, checked, known, now, ending)
    planned = plan(facts, pathway_plan(pathway), calendar_of(clinic), now)
    warnings = (
        *checked.warnings, *_address_warnings(session, checked, known), *cover_warnings(session, now),
        *planned.notes,
    )  # fmt: skip
    return Preview(checked, pathway, planned, warnings, already)


def enroll(
    session: Session, clinic_id: uuid.UUID, request: EnrollmentRequest, *, library: Library, now: datetime,
    actor: Actor, request_key: str | None = None, consent_stands: bool = False,
) -> Enrolled:  # fmt: skip
    """Enroll a patient; raises InvalidInput, or AlreadyEnrolled with the id of the first enrollment.

    ``request_key`` makes a repeated request return the enrollment that the first one made. ``consent_stands``: the
    consents are on record already, and nobody gave them anew.
    """
    if request_key and (repeated := _by_request_key(session, request_key)):
        return Enrolled(repeated.id, repeated.patient_id, ())
    seen = preview(session, clinic_id, request, library=library, now=now)
    if seen.already is not None:
        raise AlreadyEnrolled(str(seen.already))
    checked = seen.checked
    patient = register(
        session, clinic_id, _new_patient(checked), consent=_consent(checked, stands=consent_stands), now=now,
        actor=actor,
    )  # fmt: skip
    procedure = Procedure(
        clinic_id=clinic_id, patient_id=patient.id, performed_on=checked.performed_on,
        performed_at=checked.performed_at, time_zone=checked.zone, harvest=checked.harvest,
        facts=dict(checked.facts) or None,
    )  # fmt: skip
    session.add(procedure)
    session.flush()
    enrollment = _enrollment(clinic_id, patient, procedure, checked, actor, now, request_key)
    enrollment.pathway_version_id = pin(session, clinic_id, seen.pathway, now=now)
    try:
        with session.begin_nested():
            session.add(enrollment)
    except IntegrityError:
        standing = _standing(session, patient.id, checked)
        raise AlreadyEnrolled(str(standing or "")) from None
    moved(
        session, clinic_id, thing="enrollment", thing_id=enrollment.id, before=None,
        after=EnrollmentState.active, now=now, reason="enrolled", actor=actor,
    )  # fmt: skip
    add_touchpoints(session, enrollment, seen.plan.touchpoints, pathway=seen.pathway, now=now)
    record(
        session, clinic_id, actor=actor, action="enroll", now=now,
        subject=Subject("enrollment", enrollment.id, patient.id),
    )  # fmt: skip
    ring(session, "messages.dispatch")
    return Enrolled(enrollment.id, patient.id, seen.warnings)


def add_touchpoints(
    session: Session, enrollment: Enrollment, planned: Sequence[PlannedTouchpoint], *, pathway: Pathway,
    now: datetime,
) -> None:  # fmt: skip
    """Write planned touchpoints as rows; one that became a call for a person opens its task."""
    # One round trip for all of them: an import of thousands of patients is mostly this.
    rows = [_touchpoint(enrollment, each, pathway) for each in planned]
    session.add_all(rows)
    session.flush()
    for each, row in zip(planned, rows, strict=True):
        moved(
            session, enrollment.clinic_id, thing="touchpoint", thing_id=row.id, before=None, after=each.state,
            now=now, reason=row.reason,
        )  # fmt: skip
        if each.state is TouchpointState.call_task:
            open_task(
                session, enrollment.clinic_id, kind=TaskKind.call_missed_text, now=now, due_at=now + CALL_DUE,
                patient_id=enrollment.patient_id, subject_id=row.id, reason=each.why,
            )  # fmt: skip


def _touchpoint(enrollment: Enrollment, each: PlannedTouchpoint, pathway: Pathway) -> Touchpoint:
    question = next((step.question_key for step in pathway.steps if step.key == each.key), None)
    return Touchpoint(
        clinic_id=enrollment.clinic_id, enrollment_id=enrollment.id, patient_id=enrollment.patient_id,
        key=each.key, kind=each.kind, channel=each.channel, day=each.day, local_date=each.local_date,
        local_time=datetime.combine(each.local_date, each.local_time), time_zone=each.zone,
        due_at=each.due_at, look_at=each.due_at, not_after=each.not_after, late_rule=each.late.value,
        slot=each.slot, requires_answer=each.requires_answer, state=each.state,
        reason=each.why if each.reason else None,
        reason_code=each.reason.value if each.reason else None, why=each.why, pending_question=question,
    )  # fmt: skip


def _enrollment(  # noqa: PLR0917 - private, called once
    clinic_id: uuid.UUID, patient: Patient, procedure: Procedure, checked: CheckedRequest, actor: Actor,
    now: datetime, request_key: str | None,
) -> Enrollment:  # fmt: skip
    hours = checked.preferred_hours
    return Enrollment(
        clinic_id=clinic_id, patient_id=patient.id, procedure_id=procedure.id, pathway=checked.pathway,
        performed_on=checked.performed_on, channel=checked.channel, language=checked.language,
        time_zone=checked.zone, preferences={"hours": str(hours)} if hours else {},
        state=EnrollmentState.active, enrolled_at=now, enrolled_by=str(actor), request_key=request_key,
    )  # fmt: skip


def _pathway(session: Session, library: Library, request: EnrollmentRequest) -> Pathway:
    wanted = request.text("pathway")
    try:
        return usable(session, library, wanted)
    except NotFound:
        raise InvalidInput("pathway", "Choose one of the pathways of this clinic.") from None


def _surroundings(session: Session, clinic: Clinic, pathway: Pathway, now: datetime) -> Surroundings:
    own = session.scalars(select(Sender.address).where(Sender.channel == Channel.sms))
    return Surroundings(
        today=to_local(now, zone(clinic.time_zone)).date(),
        clinic_zone=clinic.time_zone,
        own_numbers=frozenset([*own, clinic.urgent_phone, clinic.office_phone]),
        languages=pathway.languages,
    )


def _new_patient(checked: CheckedRequest) -> NewPatient:
    return NewPatient(
        name=checked.name, phone=checked.phone, email=checked.email, language=checked.language,
        time_zone=checked.zone,
        birth_date=checked.birth_date.isoformat() if checked.birth_date else None,
    )  # fmt: skip


def _consent(checked: CheckedRequest, *, stands: bool) -> GivenConsent:
    return GivenConsent(
        sms=checked.consent_sms and not stands, email=checked.consent_email and not stands, wording=CONSENT_WORDING,
        wording_version=CONSENT_VERSION, how=checked.consent_how, obtained_by=checked.obtained_by,
    )  # fmt: skip


def _facts(  # noqa: PLR0917 - private, called once
    session: Session,
    checked: CheckedRequest,
    known: Patient | None,
    now: datetime,
    ending: Collection[uuid.UUID],
) -> EnrollmentFacts:
    """Only the chosen channel carries the plan; the other one is a fallback that delivery may use."""
    usable = {Channel.sms: checked.consent_sms, Channel.email: checked.consent_email}
    return EnrollmentFacts(
        performed_on=checked.performed_on, performed_at=checked.performed_at, zone=checked.zone,
        channels=tuple(each for each in (checked.channel,) if usable[each]), enrolled_at=now,
        harvest=checked.harvest.value, preferred_hours=checked.preferred_hours,
        taken=_taken(session, known, ending) if known else (),
    )  # fmt: skip


def _taken(session: Session, patient: Patient, ending: Collection[uuid.UUID]) -> tuple[TakenSlot, ...]:
    """Days on which another enrollment of this patient already has a planned text: the caps are per person."""
    rows = session.execute(
        select(Touchpoint.channel, Touchpoint.local_date, Touchpoint.slot).where(
            Touchpoint.patient_id == patient.id,
            Touchpoint.slot > 0,
            Touchpoint.state.in_([TouchpointState.planned, *REACHED_THE_PATIENT]),
            or_(Touchpoint.state != TouchpointState.planned, Touchpoint.enrollment_id.not_in(list(ending))),
        )
    )
    return tuple(TakenSlot(row.channel, row.local_date, row.slot) for row in rows)


def _standing(session: Session, patient_id: uuid.UUID, checked: CheckedRequest) -> uuid.UUID | None:
    return session.scalar(
        select(Enrollment.id).where(
            Enrollment.patient_id == patient_id,
            Enrollment.pathway == checked.pathway,
            Enrollment.performed_on == checked.performed_on,
            Enrollment.state != EnrollmentState.withdrawn,
        )
    )


def _by_request_key(session: Session, key: str) -> Enrollment | None:
    return session.scalar(select(Enrollment).where(Enrollment.request_key == key))


def _address_warnings(session: Session, checked: CheckedRequest, known: Patient | None) -> tuple[str, ...]:
    warnings = []
    besides = known.id if known else None
    for channel, address in ((Channel.sms, checked.phone), (Channel.email, checked.email)):
        if address is None:
            continue
        if others_at(session, channel, address, besides=besides):
            warnings.append(
                f"Another patient has this {'number' if channel is Channel.sms else 'address'}:"
                " answers from it will be asked whom they are about."
            )
        if session.scalar(
            select(StaffContactPoint.id).where(
                StaffContactPoint.address_blind == blind("phone", address)
            ).limit(1)
        ):  # fmt: skip
            warnings.append("This number belongs to a member of staff.")
    if known is not None and _opted_out(session, known):
        warnings.append("This patient has asked for no more messages before; this records a new consent.")
    return tuple(warnings)


def _opted_out(session: Session, patient: Patient) -> bool:
    return bool(
        session.scalar(
            select(ContactPoint.id)
            .where(ContactPoint.patient_id == patient.id, ContactPoint.opted_out_at.is_not(None))
            .limit(1)
        )
    )
