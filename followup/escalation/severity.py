"""Raise and lower the tier of an open case. A machine only raises; lowering takes a licensed person and a reason.

Raising voids the clocks of the lower tier: the ladder of the higher one begins at once. Lowering never loosens what
has begun: pages that went out stay out, and the clocks of the case go on as they were.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM, Actor, Subject, moved, record
from followup.errors import ForbiddenState, InvalidInput, NotAllowed
from followup.escalation.climb import set_repage
from followup.escalation.models import Escalation
from followup.escalation.move import is_open, lock_case, page_anew, policy_of, start_contact_clock
from followup.escalation.plan_pages import page_person
from followup.escalation.rules import is_higher
from followup.escalation.states import CaseTier, EscalationState, TimerKind
from followup.escalation.timers import due_at, set_timer
from followup.staff.models import Staff
from followup.staff.on_call import who
from followup.staff.rules import LICENSED

S = EscalationState


def raise_tier(
    session: Session, case: Escalation, tier: CaseTier, *, reason: str, public_url: str, now: datetime,
    actor: Actor = SYSTEM,
) -> bool:  # fmt: skip
    """Raise a locked open case; False if it is that severe already. ``reason`` holds no patient data."""
    if not is_higher(tier, case.tier):
        return False
    before = case.tier
    case.tier = tier
    case.version += 1
    moved(
        session, case.clinic_id, thing="escalation", thing_id=case.id, before=f"tier {before}",
        after=f"tier {tier}", now=now, reason=reason, actor=actor,
    )  # fmt: skip
    _begin_again(session, case, public_url=public_url, now=now)
    return True


def raise_tier_by_hand(
    session: Session, case_id: uuid.UUID, *, reason: str, public_url: str, now: datetime, staff: Staff
) -> Escalation:
    """Raise a case to emergency because a person says so; anybody of the clinic may.

    Raises InvalidInput without a reason, ForbiddenState for a closed case.
    """
    case = _locked_for_a_reason(session, case_id, reason)
    raise_tier(
        session, case, CaseTier.emergency, reason="raised by a person", public_url=public_url, now=now,
        actor=Actor("staff", staff.id),
    )  # fmt: skip
    _audit(session, case, staff, action="raise tier", reason=reason, now=now)
    return case


def lower_tier(
    session: Session, case_id: uuid.UUID, *, reason: str, now: datetime, staff: Staff
) -> Escalation:
    """Lower a case to urgent. Raises NotAllowed for somebody without a license, InvalidInput without a reason."""
    if staff.role not in LICENSED:
        raise NotAllowed("Only a nurse or a physician may lower the tier of a case.")
    case = _locked_for_a_reason(session, case_id, reason)
    if case.tier is CaseTier.urgent:
        return case
    case.tier = CaseTier.urgent
    case.version += 1
    moved(
        session, case.clinic_id, thing="escalation", thing_id=case.id, before=f"tier {CaseTier.emergency}",
        after=f"tier {CaseTier.urgent}", now=now, reason="lowered by a licensed person",
        actor=Actor("staff", staff.id),
    )  # fmt: skip
    # The ladder of the lower tier may be longer; the steps that were paged count.
    case.step = min(case.step, len(policy_of(case).steps))
    _audit(session, case, staff, action="lower tier", reason=reason, now=now)
    return case


def _begin_again(session: Session, case: Escalation, *, public_url: str, now: datetime) -> None:
    """Start what the higher tier asks for in the state the case is in."""
    if case.state is S.paging:
        case.step, case.round = 0, 1
        set_timer(session, case, TimerKind.step, due_at=now, now=now)
        set_repage(session, case, now=now)
        return
    # Somebody has it: that person and the physician on call hear at once, and the time to contact is shorter.
    assert case.owner_id is not None
    for staff_id in dict.fromkeys([case.owner_id, *(each.id for each in who(session, "physician", now))]):
        page_person(
            session, case, staff_id, step=case.step, voice_after=0, key="staff-page", public_url=public_url,
            now=now,
        )  # fmt: skip
    if case.state is S.contacted:
        page_anew(session, case, reason="the tier was raised after the contact", now=now)
        return
    _shorten_contact_clock(session, case, now=now)


def _shorten_contact_clock(session: Session, case: Escalation, *, now: datetime) -> None:
    fresh = now + timedelta(seconds=policy_of(case).contact)
    running = due_at(session, case.id, TimerKind.contact)
    if running is not None and fresh < running:
        start_contact_clock(session, case, now=now)


def _locked_for_a_reason(session: Session, case_id: uuid.UUID, reason: str) -> Escalation:
    if not reason.strip():
        raise InvalidInput("reason", "Say why.")
    case = lock_case(session, case_id)
    if not is_open(case):
        raise ForbiddenState("This case is closed; a new message opens a new one.")
    return case


def _audit(
    session: Session, case: Escalation, staff: Staff, *, action: str, reason: str, now: datetime
) -> None:
    record(
        session, case.clinic_id, actor=Actor("staff", staff.id), action=action, now=now,
        subject=Subject("escalation", case.id, case.patient_id), details={"reason": reason},
    )  # fmt: skip
