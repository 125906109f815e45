"""Climb the ladder: page the next step, page again, and begin another round, without end, until somebody accepts.

A step that resolves to nobody is skipped in the same tick and raises one alarm; it never burns its delay. From the
second round on, each round is one broadcast to every duty and to the line that is answered day and night.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM, Subject, record
from followup.escalation.models import Escalation, Page
from followup.escalation.move import flag, policy_of
from followup.escalation.plan_pages import page_line, page_person
from followup.escalation.policy import Step, Target, TierPolicy
from followup.escalation.states import CaseTier, PagePurpose, TimerKind
from followup.escalation.timers import due_at, set_timer
from followup.staff.on_call import managers, next_change, who
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

PAGE = "staff-page"
PAGE_AGAIN = "staff-page-again"
UNCOVERED = "uncovered"
# Two clocks of one tick must not page the same person twice.
_JUST_NOW = timedelta(seconds=30)
_DUTIES = (Target.nurse, Target.physician, Target.manager)


def climb(session: Session, case: Escalation, *, public_url: str, now: datetime) -> None:
    """Page what comes next for a locked case that is paging, and set the clock of what comes after it."""
    policy = policy_of(case)
    _mind_the_change_of_shift(session, case, now=now)
    if case.round > 1 or case.step >= len(policy.steps):
        _broadcast(session, case, policy, public_url=public_url, now=now)
        return
    while case.step < len(policy.steps):
        place = case.step
        step = policy.steps[place]
        reached = _page_step(session, case, step, place=place, public_url=public_url, now=now)
        case.step = place + 1
        if reached:
            _tell_managers_if_alone(session, case, public_url=public_url, now=now)
            set_timer(session, case, TimerKind.step, due_at=now + _until_next(policy, place), now=now)
            return
    # Not even the last rung could be planned; the next round tries everybody again.
    set_timer(session, case, TimerKind.step, due_at=now + timedelta(seconds=policy.round_pause), now=now)


def page_again(session: Session, case: Escalation, *, public_url: str, now: datetime) -> None:
    """Page everybody again whose step was reached in this round: whoever is on call now, old shift or new."""
    policy = policy_of(case)
    set_repage(session, case, now=now)
    if case.round > 1:
        return  # Every round after the first is a page to everybody already.
    voice_after = 0 if case.tier is CaseTier.emergency else None
    just_paged = _paged_since(session, case, now - _JUST_NOW)
    ever_paged = _paged_since(session, case, case.opened_at - _JUST_NOW)
    for place, step in enumerate(policy.steps[: case.step]):
        for target in step.targets:
            for staff_id in on_call_now(session, target, now=now):
                if staff_id in just_paged:
                    continue
                just_paged.add(staff_id)
                key, after = (PAGE_AGAIN, voice_after) if staff_id in ever_paged else (PAGE, step.voice_after)
                page_person(
                    session, case, staff_id, step=place, voice_after=after, key=key, public_url=public_url,
                    now=now,
                )  # fmt: skip


def set_repage(session: Session, case: Escalation, *, now: datetime) -> None:
    """Set the clock of the next call to those paged: its interval, or the next change of shift if sooner."""
    interval = now + timedelta(seconds=policy_of(case).repage)
    change = next_change(session, now)
    set_timer(session, case, TimerKind.repage, due_at=min(interval, change) if change else interval, now=now)


def _mind_the_change_of_shift(session: Session, case: Escalation, *, now: datetime) -> None:
    """Whoever comes on duty hears of open cases when the shift begins, not an interval later."""
    change, running = next_change(session, now), due_at(session, case.id, TimerKind.repage)
    if change is not None and running is not None and change < running:
        set_timer(session, case, TimerKind.repage, due_at=change, now=now)


def on_call_now(session: Session, target: Target, *, now: datetime) -> list[uuid.UUID]:
    """Return who a step's target resolves to at this instant."""
    return [person.id for person in who(session, target, now)]


def _page_step(
    session: Session, case: Escalation, step: Step, *, place: int, public_url: str, now: datetime
) -> int:
    planned = 0
    paged: set[uuid.UUID] = set()
    for target in step.targets:
        if target is Target.catch_all:
            planned += page_line(session, case, step=place, public_url=public_url, now=now)
            continue
        reached = 0
        for staff_id in on_call_now(session, target, now=now):
            if staff_id in paged:
                reached += 1
                continue
            count = page_person(
                session, case, staff_id, step=place, voice_after=step.voice_after, key=PAGE,
                public_url=public_url, now=now,
            )  # fmt: skip
            paged.add(staff_id)
            reached += count
            planned += count
        if not reached:
            _alarm(session, case, target, now=now)
    return planned


def _broadcast(
    session: Session, case: Escalation, policy: TierPolicy, *, public_url: str, now: datetime
) -> None:
    case.round += 1
    case.step = len(policy.steps)
    everybody: dict[uuid.UUID, None] = {}
    for target in _DUTIES:
        everybody |= dict.fromkeys(on_call_now(session, target, now=now))
    everybody |= dict.fromkeys(person.id for person in managers(session))
    for staff_id in everybody:
        page_person(
            session, case, staff_id, step=0, voice_after=0, key=PAGE_AGAIN, public_url=public_url, now=now
        )
    page_line(session, case, step=0, public_url=public_url, now=now)
    set_timer(session, case, TimerKind.step, due_at=now + timedelta(seconds=policy.round_pause), now=now)


def _alarm(session: Session, case: Escalation, target: Target, *, now: datetime) -> None:
    """Say once per case and duty that nobody could be paged for it; the managers hear it by the task and a page."""
    if not flag(case, f"{UNCOVERED}: {target}"):
        return
    record(
        session, case.clinic_id, actor=SYSTEM, action="nobody on call", now=now, reason=target,
        subject=Subject("escalation", case.id, case.patient_id),
    )  # fmt: skip
    open_task(
        session, case.clinic_id, kind=TaskKind.staffing, priority="high", now=now, due_at=now,
        subject_id=case.id, reason=f"Case {case.code}: nobody on call as {target} could be paged.",
    )  # fmt: skip


def _tell_managers_if_alone(session: Session, case: Escalation, *, public_url: str, now: datetime) -> None:
    """When no person at all could be paged, whoever answers for the clinic is, on call or not."""
    if _paged_since(session, case, case.opened_at - _JUST_NOW):
        return
    for person in managers(session):
        page_person(
            session, case, person.id, step=case.step, voice_after=None, key=PAGE, public_url=public_url,
            now=now,
        )  # fmt: skip


def _until_next(policy: TierPolicy, place: int) -> timedelta:
    if place + 1 < len(policy.steps):
        return timedelta(seconds=policy.steps[place + 1].after - policy.steps[place].after)
    return timedelta(seconds=policy.round_pause)


def _paged_since(session: Session, case: Escalation, since: datetime) -> set[uuid.UUID]:
    """Return the people for whom a page of this case was due later than ``since`` (care time)."""
    rows = session.scalars(
        select(Page.staff_id).where(
            Page.escalation_id == case.id,
            Page.purpose == PagePurpose.page,
            Page.staff_id.is_not(None),
            Page.due_at > since,
        )
    ).all()
    return {staff_id for staff_id in rows if staff_id is not None}
