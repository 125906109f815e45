"""Follow a page: what the carrier answered or reported, forward only, and what has to happen because of it.

A page that failed, was refused, or could not be delivered moves on at once: the next channel of the same person,
and when that person has none left, the next step of the ladder. No news is no failure, but after a minute of it the
next channel is used as well.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from followup.audit.record import moved
from followup.clinics.states import Channel
from followup.doorbell import ring
from followup.escalation.models import Escalation, Page
from followup.escalation.move import is_open, lock_case
from followup.escalation.next_way import retry_page, use_next_way
from followup.escalation.page_claim import grace_of
from followup.escalation.page_rules import is_about_the_number, retry_after
from followup.escalation.rules import CARRIER_PAGE_STATES, FAILED, PAGE_RANKS, QUIET_SECONDS
from followup.escalation.states import PagePurpose, PageState
from followup.ports import Accepted, InDoubt, Outcome, Refusal, Refused
from followup.staff.models import StaffContactPoint
from followup.staff.on_call import CANNOT_BE_TEXTED, OPTED_OUT
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind


@dataclass(frozen=True, slots=True)
class PageReport:
    """What a carrier says about one page. ``refusal`` classifies ``error_code`` when it failed."""

    provider_id: str
    status: str
    error_code: str | None = None
    refusal: Refusal | None = None


def record_page(
    session: Session, page_id: uuid.UUID, outcome: Outcome, *, public_url: str, now: datetime
) -> None:
    """Write down what the carrier answered to a call; a callback that was quicker is not overwritten."""
    page = _locked(session, page_id)
    if page is None:
        return
    match outcome:
        case Accepted():
            page.provider_id = page.provider_id or outcome.provider_id or None
            _advance(session, page, PageState.submitted, now=now)
        case InDoubt():
            _doubt(session, page, outcome.reason, now=now)
        case Refused():
            if page.state not in (PageState.claimed, PageState.unknown):
                return
            _fail(
                session, page, PageState.failed, code=outcome.code, refusal=outcome.refusal,
                public_url=public_url, now=now,
            )  # fmt: skip


def track_page(session: Session, token: str, report: PageReport, *, public_url: str, now: datetime) -> bool:
    """Apply a carrier's report that carries a page's token; False if no page of this clinic has it.

    A first report also settles a page whose answer was lost. Copies and reports out of order change nothing.
    """
    page_id = session.scalar(select(Page.id).where(Page.token == token))
    if page_id is None:
        return False
    _apply(session, page_id, report, public_url=public_url, now=now)
    carried = select(Page.id).where(Page.bundle_id == page_id).order_by(Page.escalation_id)
    for each in session.scalars(carried).all():
        _apply(session, each, replace(report, provider_id=""), public_url=public_url, now=now)
    return True


def _apply(
    session: Session, page_id: uuid.UUID, report: PageReport, *, public_url: str, now: datetime
) -> None:
    page = _locked(session, page_id)
    if page is None:
        return
    page.provider_id = page.provider_id or report.provider_id or None
    told = CARRIER_PAGE_STATES.get(report.status)
    if told is None or not PAGE_RANKS.is_forward(page.state, told):
        return
    if told in FAILED:
        _fail(
            session, page, told, code=report.error_code or report.status,
            refusal=report.refusal or Refusal.unknown, public_url=public_url, now=now,
        )  # fmt: skip
    else:
        _advance(session, page, told, now=now)


def _locked(session: Session, page_id: uuid.UUID) -> Page | None:
    """Lock the case, then its page: the order that accepting and climbing use, so that none waits in a ring."""
    case_id = session.scalar(select(Page.escalation_id).where(Page.id == page_id))
    if case_id is not None:
        lock_case(session, case_id)
    return session.scalar(
        select(Page).where(Page.id == page_id).with_for_update().execution_options(populate_existing=True)
    )


def _advance(session: Session, page: Page, to: PageState, *, now: datetime) -> None:
    if not PAGE_RANKS.is_forward(page.state, to):
        return
    before, page.state = page.state, to
    machine_now = session.scalar(select(func.now()))
    page.submitted_at = page.submitted_at or machine_now
    page.lease_until = _look_again(session, page)
    if to is PageState.delivered:
        page.final_at = machine_now
        _succeeded(session, page, now=now)
    if page.escalation_id is not None and page.purpose is PagePurpose.page:
        session.execute(
            update(Escalation)
            .where(Escalation.id == page.escalation_id, Escalation.first_page_at.is_(None))
            .values(first_page_at=now)
        )
    _moved(session, page, before, now=now)


def _look_again(session: Session, page: Page) -> datetime | None:
    """Return when (machine time) silence about a page that went out is acted on; None if it is not."""
    is_silent = page.state is PageState.submitted or (
        page.state is PageState.sent and page.channel is Channel.sms
    )
    if page.purpose is not PagePurpose.page or page.channel is Channel.email or not is_silent:
        return None
    return page.lease_until if page.state is PageState.sent else _in_seconds(session, QUIET_SECONDS)


def _in_seconds(session: Session, seconds: int) -> datetime:
    return session.scalars(select(func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds))).one()


def _doubt(session: Session, page: Page, reason: str, *, now: datetime) -> None:
    if page.state is not PageState.claimed:
        return
    page.state, page.reason = PageState.unknown, reason
    case = session.get(Escalation, page.escalation_id) if page.escalation_id else None
    page.lease_until = _in_seconds(session, grace_of(case.tier if case else None))
    _moved(session, page, PageState.claimed, now=now)


def _fail(
    session: Session, page: Page, to: PageState, *, code: str, refusal: Refusal, public_url: str, now: datetime
) -> None:  # fmt: skip
    before, page.state = page.state, to
    page.error_code = code
    page.reason = f"the carrier says {code}"
    page.final_at = session.scalar(select(func.now()))
    _moved(session, page, before, now=now)
    _blame(session, page, refusal, code=code, now=now)
    if page.purpose is not PagePurpose.page or page.escalation_id is None:
        return
    case = lock_case(session, page.escalation_id)
    if not is_open(case):
        return
    wait = retry_after(refusal, page.tries) if to is PageState.failed else None
    if wait is not None and retry_page(session, case, page, wait=wait, public_url=public_url, now=now):
        return
    use_next_way(session, case, page, public_url=public_url, now=now)
    ring(session, "care.page")


def _blame(session: Session, page: Page, refusal: Refusal, *, code: str, now: datetime) -> None:
    """Keep what the failure says about the number or about our account; both are somebody's to mend."""
    if refusal is Refusal.configuration:
        open_task(
            session, page.clinic_id, kind=TaskKind.sending_paused, priority="high", now=now, due_at=now,
            subject_id=page.clinic_id,
            reason=f"A page to staff was refused for our own account or sender (code {code}).",
        )  # fmt: skip
        return
    not_answered = page.channel is Channel.voice and page.state is PageState.undelivered
    if page.staff_contact_point_id is None or not_answered:
        return
    point = session.get_one(StaffContactPoint, page.staff_contact_point_id, with_for_update=True)
    point.hard_failures += 1
    if is_about_the_number(refusal) and point.disabled_at is None:
        point.disabled_at = now
        point.disabled_reason = OPTED_OUT if refusal is Refusal.opted_out else CANNOT_BE_TEXTED
    open_task(
        session, page.clinic_id, kind=TaskKind.staffing, priority="high", now=now, due_at=now,
        subject_id=point.id, reason=f"A page did not reach a member of staff (code {code}). Check the number.",
    )  # fmt: skip


def _succeeded(session: Session, page: Page, *, now: datetime) -> None:
    if page.staff_contact_point_id is not None:
        session.execute(
            update(StaffContactPoint)
            .where(StaffContactPoint.id == page.staff_contact_point_id)
            # Care time, like the check of a phone: how fresh a success is, is judged by the care clock.
            .values(last_success_at=now, hard_failures=0)
        )


def _moved(session: Session, page: Page, before: PageState, *, now: datetime) -> None:
    moved(
        session, page.clinic_id, thing="page", thing_id=page.id, before=before, after=page.state, now=now,
        reason=page.reason,
    )  # fmt: skip
