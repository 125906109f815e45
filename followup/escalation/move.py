"""The one place that changes the state of a case: under its lock, along the table, with a version guard.

Every move writes its move row in the same transaction, starts the clocks of the new state and stops the others.
A case that was moved meanwhile is not moved again: the slower one hears of it.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM, Actor, moved
from followup.errors import Conflict, ForbiddenState, NotFound
from followup.escalation.models import Escalation
from followup.escalation.policy import TierPolicy, read_policy
from followup.escalation.rules import CASE_MOVES, KEEPS, clocks
from followup.escalation.states import OPEN_STATES, EscalationState, TimerKind
from followup.escalation.timers import cancel_timers, set_timer


def lock_case(session: Session, case_id: uuid.UUID) -> Escalation:
    """Return the case under a row lock that other engines and people wait for. Raises NotFound."""
    case = session.scalar(
        select(Escalation)
        .where(Escalation.id == case_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if case is None:
        raise NotFound
    return case


def is_open(case: Escalation) -> bool:
    """Whether somebody still has to do something about it."""
    return case.state in OPEN_STATES


def policy_of(case: Escalation) -> TierPolicy:
    """Return the clocks of the case's tier, from the policy that was frozen when it opened."""
    return read_policy(case.policy).of(case.tier)


def move_case(
    session: Session,
    case: Escalation,
    to: EscalationState,
    *,
    now: datetime,
    reason: str,
    actor: Actor = SYSTEM,
    **values: Any,
) -> None:
    """Move a locked case to ``to`` and set ``values`` with it.

    ``reason`` is plain words without patient data. Raises ForbiddenState for a move that the table does not hold,
    Conflict if the case was moved by somebody else.
    """
    before = case.state
    if not CASE_MOVES.allows(before, to):
        raise ForbiddenState(f"A case that is {before} can't become {to}.")
    session.flush()
    changed = session.execute(
        update(Escalation)
        .where(Escalation.id == case.id, Escalation.version == case.version, Escalation.state == before)
        .values(state=to, version=case.version + 1, **values)
        .returning(Escalation.id)
        .execution_options(synchronize_session=False)
    ).first()
    if changed is None:
        raise Conflict
    session.refresh(case)
    moved(
        session, case.clinic_id, thing="escalation", thing_id=case.id, before=before, after=to, now=now,
        reason=reason, actor=actor,
    )  # fmt: skip
    cancel_timers(session, case.id, now=now, besides=KEEPS.get(to, frozenset()))
    if to in OPEN_STATES:
        for kind, due_at in clocks(to, policy_of(case), now).items():
            set_timer(session, case, kind, due_at=due_at, now=now)


def page_anew(
    session: Session, case: Escalation, *, reason: str, now: datetime, actor: Actor = SYSTEM
) -> None:
    """Take a case from its owner and begin the ladder of its tier from the first step."""
    move_case(
        session, case, EscalationState.paging, now=now, reason=reason, actor=actor, owner_id=None,
        accepted_at=None, contacted_at=None, step=0, round=1,
    )  # fmt: skip


def start_contact_clock(session: Session, case: Escalation, *, now: datetime) -> None:
    """Give the owner the whole time of the tier to reach the patient."""
    policy = policy_of(case)
    for kind, seconds in (
        (TimerKind.contact, policy.contact),
        (TimerKind.contact_warning, policy.contact_warning),
    ):
        set_timer(session, case, kind, due_at=now + timedelta(seconds=seconds), now=now)


def flag(case: Escalation, word: str) -> bool:
    """Raise a flag on a locked case, such as "cannot be texted"; False if it was raised before."""
    if word in case.flags:
        return False
    case.flags = [*case.flags, word]
    return True


def unflag(case: Escalation, word: str) -> None:
    """Lower a flag that no longer holds."""
    case.flags = [each for each in case.flags if each != word]
