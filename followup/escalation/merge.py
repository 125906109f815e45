"""Merge one open case into another, and give a case its patient once a person has found out who wrote.

Nothing is lost on the way: every finding is attached to the case that stays, which becomes at least as severe, and
its owner hears of it. A machine merges only where two cases turn out to be one patient's; of two known patients
nobody can merge anything.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM, Actor, Subject, record
from followup.errors import ForbiddenState, InvalidInput, NotAllowed
from followup.escalation.acknowledge import cancel_pages
from followup.escalation.hold import hold_planned
from followup.escalation.models import Escalation, EscalationSignal
from followup.escalation.move import is_open, lock_case, move_case
from followup.escalation.open import Finding, attach
from followup.escalation.rules import is_higher
from followup.escalation.states import OPEN_STATES, CaseTier, EscalationState
from followup.replies.models import Reply
from followup.staff.models import Staff
from followup.staff.rules import Permission, allows


def merge_case(
    session: Session, case_id: uuid.UUID, into_id: uuid.UUID, *, staff: Staff, public_url: str, now: datetime
) -> Escalation:
    """Merge an open case into another open one of the same patient, or of nobody known; returns the one that stays.

    Raises NotFound, NotAllowed, ForbiddenState for a closed or documented case, InvalidInput at ``into`` for the
    case itself and for a case of another patient.
    """
    if not allows(staff.role, Permission.accept_escalations):
        raise NotAllowed("Only those who may accept cases can merge them.")
    if case_id == into_id:
        raise InvalidInput("into", "Choose another case.")
    # One order for all: two people who merge the same two cases never wait in a ring.
    first, second = sorted((case_id, into_id))
    locked = {each: lock_case(session, each) for each in (first, second)}
    case, into = locked[case_id], locked[into_id]
    if case.patient_id is not None and case.patient_id != into.patient_id:
        raise InvalidInput("into", "These are cases of two patients.")
    return _merge(session, case, into, public_url=public_url, now=now, actor=Actor("staff", staff.id))


def give_patient(
    session: Session, case_id: uuid.UUID, patient_id: uuid.UUID, *, public_url: str, now: datetime,
    actor: Actor = SYSTEM,
) -> Escalation:  # fmt: skip
    """Say whose case it is, after a person filed its reply; merges it into the patient's open case if there is one.

    Repeating it changes nothing. Raises NotFound, ForbiddenState for a case of another patient.
    """
    of_patient = select(Escalation.id).where(
        Escalation.patient_id == patient_id, Escalation.state.in_(OPEN_STATES), Escalation.id != case_id
    )
    other_id = session.scalar(of_patient)
    locked = {each: lock_case(session, each) for each in sorted(filter(None, (case_id, other_id)))}
    case, other = locked[case_id], locked.get(other_id) if other_id else None
    if case.patient_id == patient_id or not is_open(case):
        return case
    if case.patient_id is not None:
        raise ForbiddenState("This case is another patient's.")
    if other is not None and is_open(other):
        return _merge(session, case, other, public_url=public_url, now=now, actor=actor)
    case.patient_id = patient_id
    session.flush()
    record(
        session, case.clinic_id, actor=actor, action="name patient of escalation", now=now,
        subject=Subject("escalation", case.id, patient_id),
    )  # fmt: skip
    hold_planned(session, case.clinic_id, patient_id, now=now)
    return case


def identified_later(session: Session) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Return (case, patient) of open cases without a patient whose reply a person has filed since."""
    rows = session.execute(
        select(Escalation.id, Reply.patient_id)
        .join(EscalationSignal, EscalationSignal.escalation_id == Escalation.id)
        .join(Reply, Reply.id == EscalationSignal.cause_id)
        .where(
            Escalation.state.in_(OPEN_STATES), Escalation.patient_id.is_(None), Reply.patient_id.is_not(None)
        )
        .order_by(Escalation.id, Reply.received_at)
    )
    found: dict[uuid.UUID, uuid.UUID] = {}
    for case_id, patient_id in rows:
        if patient_id is not None:
            found.setdefault(case_id, patient_id)
    return list(found.items())


def _merge(
    session: Session, case: Escalation, into: Escalation, *, public_url: str, now: datetime, actor: Actor
) -> Escalation:
    if not is_open(case) or not is_open(into):
        raise ForbiddenState("Only open cases can be merged.")
    signals = session.scalars(
        select(EscalationSignal)
        .where(EscalationSignal.escalation_id == case.id)
        .order_by(EscalationSignal.at, EscalationSignal.id)
    ).all()
    move_case(
        session, case, EscalationState.merged, now=now, reason=f"merged into {into.code}", actor=actor,
        owner_id=None, closed_at=now, closed_by=str(actor),
    )  # fmt: skip
    cancel_pages(session, case, reason=f"the case was merged into {into.code}", now=now)
    for each in signals:
        finding = Finding(
            each.kind, each.cause_id, _tier(each, case), at=each.at, rule=each.rule,
            patient_id=into.patient_id, enrollment_id=into.enrollment_id,
        )  # fmt: skip
        attach(session, into, finding, public_url=public_url, now=now)
    record(
        session, case.clinic_id, actor=actor, action="merge escalation", now=now, reason=f"into {into.code}",
        subject=Subject("escalation", case.id, into.patient_id),
    )  # fmt: skip
    return into


def _tier(signal: EscalationSignal, case: Escalation) -> CaseTier:
    """A case that a person raised stays raised in the other one."""
    return case.tier if is_higher(case.tier, signal.tier) else signal.tier
