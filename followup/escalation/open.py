"""Open a case for a finding, or attach the finding to the open one. One open case per patient; severity only rises.

Opening never depends on whether anybody is on call, on quotas, or on whether the patient can be texted. It is done
in the transaction that assessed the finding, so that no red flag is ever known and not acted on.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM, Actor, moved
from followup.errors import InvalidInput
from followup.escalation.codes import new_case_code
from followup.escalation.hold import hold_planned
from followup.escalation.models import Escalation, EscalationPolicy, EscalationSignal
from followup.escalation.move import is_open, lock_case, move_case, page_anew, start_contact_clock
from followup.escalation.plan_pages import page_person
from followup.escalation.policy import DEFAULT, read_policy
from followup.escalation.rules import REOPENED_WITHIN, clocks
from followup.escalation.severity import raise_tier
from followup.escalation.states import OPEN_STATES, CaseTier, EscalationState
from followup.escalation.timers import set_timer
from followup.kit.ids import new_id
from followup.log import logger

_log = logger(__name__)
# Names of three characters are used up one day; each failed try asks for a longer one.
_LENGTHS = (3, 3, 3, 4, 4, 5, 5, 6)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a case stands on: an assessed reply, an overdue task, a silence, a text of staff. ``at``: care time."""

    kind: str
    cause_id: uuid.UUID
    tier: CaseTier
    at: datetime
    rule: str | None = None
    patient_id: uuid.UUID | None = None
    enrollment_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """The case that now stands for a finding."""

    case: Escalation
    is_new: bool
    was_raised: bool = False


def open_case(
    session: Session, clinic_id: uuid.UUID, finding: Finding, *, public_url: str, now: datetime,
    actor: Actor = SYSTEM,
) -> Opened:  # fmt: skip
    """Open a case or attach to the patient's open one; a finding without a known patient gets a case of its own."""
    opened = _opened(session, clinic_id, finding, public_url=public_url, now=now, actor=actor)
    if finding.patient_id is not None and is_open(opened.case):
        # After the case is locked, in the order in which closing one goes: two transactions never wait in a ring.
        hold_planned(session, clinic_id, finding.patient_id, now=now)
    return opened


def _opened(
    session: Session, clinic_id: uuid.UUID, finding: Finding, *, public_url: str, now: datetime, actor: Actor
) -> Opened:
    case = _open_case_with(session, finding)
    if case is None and finding.patient_id is not None:
        case = _open_case_of(session, finding.patient_id)
    if case is not None:
        return attach(session, case, finding, public_url=public_url, now=now)
    made = _insert(session, clinic_id, finding, now=now)
    if made is None:
        # Another transaction opened one for this patient a moment ago: it is committed now, so attach to it.
        assert finding.patient_id is not None
        case = _open_case_of(session, finding.patient_id)
        assert case is not None, "only an open case of the same patient stands in the way of a new one"
        return attach(session, case, finding, public_url=public_url, now=now)
    moved(
        session, clinic_id, thing="escalation", thing_id=made.id, before=None, after=EscalationState.paging,
        now=now, reason=finding.kind, actor=actor,
    )  # fmt: skip
    _add_signal(session, made, finding)
    for kind, due_at in clocks(made.state, read_policy(made.policy).of(made.tier), now).items():
        set_timer(session, made, kind, due_at=due_at, now=now)
    return Opened(made, is_new=True)


def published_policy(session: Session) -> dict[str, Any]:
    """Return the clinic's newest published policy; one that can't be read is an alarm, never a missing page."""
    newest = select(EscalationPolicy.content).order_by(
        EscalationPolicy.published_at.desc(), EscalationPolicy.id.desc()
    )
    content: dict[str, Any] | None = session.scalar(newest.limit(1))
    if content is None:
        return dict(DEFAULT)
    try:
        read_policy(content)
    except InvalidInput as error:
        _log.error("published policy refused, default used", fields=[each.field for each in error.problems])
        return dict(DEFAULT)
    return content


def attach(session: Session, case: Escalation, finding: Finding, *, public_url: str, now: datetime) -> Opened:
    """Attach a finding to a locked open case: it may be raised, is nobody's rest, and its owner hears of it."""
    is_news = _add_signal(session, case, finding)
    raised = raise_tier(
        session, case, finding.tier, reason=f"a more severe {finding.kind}", public_url=public_url, now=now
    )
    if not is_news:
        return Opened(case, is_new=False, was_raised=raised)
    if case.state is EscalationState.unreachable:
        # Who writes can be reached: the owner tries again, with a fresh clock.
        move_case(session, case, EscalationState.contacting, now=now, reason="the patient wrote again")
        start_contact_clock(session, case, now=now)
    elif case.state is EscalationState.contacted:
        # What was said on the phone does not answer what was written after it.
        page_anew(session, case, reason="the patient wrote again after the contact", now=now)
    if not raised and case.owner_id is not None:
        page_person(
            session, case, case.owner_id, step=case.step, voice_after=None, key="staff-new-signal",
            public_url=public_url, now=now,
        )  # fmt: skip
    return Opened(case, is_new=False, was_raised=raised)


def _insert(session: Session, clinic_id: uuid.UUID, finding: Finding, *, now: datetime) -> Escalation | None:
    policy = published_policy(session)
    for length in _LENGTHS:
        case_id = new_id()
        inserted = session.scalar(
            insert(Escalation)
            .values(
                id=case_id, clinic_id=clinic_id, code=new_case_code(length), patient_id=finding.patient_id,
                enrollment_id=finding.enrollment_id, tier=finding.tier, state=EscalationState.paging,
                policy=policy, opened_at=now, flags=[], previous_id=_previous(session, finding, now),
            )
            .on_conflict_do_nothing()
            .returning(Escalation.id)
        )  # fmt: skip
        if inserted is not None:
            return lock_case(session, case_id)
        if finding.patient_id is not None and _open_case_of(session, finding.patient_id) is not None:
            return None
    raise RuntimeError("no free name for a case was found")


def _open_case_of(session: Session, patient_id: uuid.UUID) -> Escalation | None:
    """Return the patient's open case under its lock; one that was closed while we waited for it is none."""
    case = session.scalar(
        select(Escalation)
        .where(Escalation.patient_id == patient_id, Escalation.state.in_(OPEN_STATES))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return case if case is not None and case.state in OPEN_STATES else None


def _previous(session: Session, finding: Finding, now: datetime) -> uuid.UUID | None:
    """Return the case of the same patient that was closed within 72 hours: the new one carries its history."""
    if finding.patient_id is None:
        return None
    newest = (
        select(Escalation.id)
        .where(
            Escalation.patient_id == finding.patient_id,
            Escalation.state == EscalationState.closed,
            Escalation.closed_at > now - REOPENED_WITHIN,
        )
        .order_by(Escalation.closed_at.desc())
        .limit(1)
    )
    return session.scalar(newest)


def _open_case_with(session: Session, finding: Finding) -> Escalation | None:
    """Return the open case that this very cause is attached to already; a closed one does not count."""
    case_id = session.scalar(
        select(EscalationSignal.escalation_id)
        .join(Escalation, Escalation.id == EscalationSignal.escalation_id)
        .where(
            EscalationSignal.cause_id == finding.cause_id, EscalationSignal.kind == finding.kind,
            Escalation.state.in_(OPEN_STATES),
        )
        .limit(1)
    )  # fmt: skip
    return lock_case(session, case_id) if case_id is not None else None


def _add_signal(session: Session, case: Escalation, finding: Finding) -> bool:
    """Attach a finding; False if this cause stands there already."""
    added = session.scalar(
        insert(EscalationSignal)
        .values(
            id=new_id(), clinic_id=case.clinic_id, escalation_id=case.id, kind=finding.kind,
            cause_id=finding.cause_id, tier=finding.tier, rule=finding.rule, at=finding.at,
        )
        .on_conflict_do_nothing()
        .returning(EscalationSignal.id)
    )  # fmt: skip
    return added is not None
