"""What follows a page that did not work: the same channel again, the next one, or the next step of the ladder.

Only the first round is hastened: a line that is busy all night must not turn rounds into a storm of pages.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from followup.clinics.states import Channel
from followup.doorbell import ring
from followup.escalation.models import Escalation, Page
from followup.escalation.page_rules import next_channel
from followup.escalation.plan_pages import Slip, To, page_line, plan_page
from followup.escalation.states import EscalationState, PagePurpose, PageState, TimerKind
from followup.escalation.timers import hasten
from followup.staff.on_call import ways_to

# Pages that may still get somebody to answer.
_HOPEFUL = (
    PageState.planned, PageState.claimed, PageState.unknown, PageState.submitted, PageState.sent,
    PageState.delivered,
)  # fmt: skip
_KEY = "staff-page"


def retry_page(
    session: Session, case: Escalation, page: Page, *, wait: int, public_url: str, now: datetime
) -> bool:
    """Plan the same page once more, ``wait`` seconds of machine time from now; rows never go backwards."""
    to = To(page.channel, page.to, page.staff_id, page.staff_contact_point_id)
    slip = Slip(_KEY, PagePurpose.page, now, page.step, tries=page.tries, wait_seconds=wait)
    return plan_page(session, case, to, slip=slip, public_url=public_url, now=now) is not None


def use_next_way(session: Session, case: Escalation, page: Page, *, public_url: str, now: datetime) -> None:
    """Move on at once: the person's next channel, else the next step; the clinic's line is called again.

    Idempotent: a channel that this step used already for this person is not used again.
    """
    if page.staff_id is None:
        if case.state is EscalationState.paging:
            _call_line_again(session, case, page, public_url=public_url, now=now)
        return
    if case.state is not EscalationState.paging and case.owner_id != page.staff_id:
        return
    if _hasten_planned(session, case, page, now=now):
        return
    ways = {each.channel: each for each in reversed(ways_to(session, page.staff_id))}
    channel = next_channel(list(ways), _used(session, page))
    if channel is not None:
        slip = Slip(_KEY, PagePurpose.page, now, page.step)
        plan_page(session, case, To.by(ways[channel]), slip=slip, public_url=public_url, now=now)
    elif (
        case.state is EscalationState.paging
        and case.round == page.round == 1
        and not _somebody_may_answer(session, page)
    ):
        hasten(session, case.id, TimerKind.step, now=now)


def _call_line_again(
    session: Session, case: Escalation, page: Page, *, public_url: str, now: datetime
) -> None:
    """Call the last rung, which was busy or did not answer, once more in this round."""
    calls = session.scalars(
        select(Page.id).where(
            Page.escalation_id == case.id, Page.round == page.round, Page.step == page.step,
            Page.staff_id.is_(None),
        )
    ).all()  # fmt: skip
    if page.round == case.round and len(calls) < 2:
        page_line(session, case, step=page.step, public_url=public_url, now=now)


def _hasten_planned(session: Session, case: Escalation, page: Page, *, now: datetime) -> bool:
    """A call that was planned for later is made now."""
    hastened = session.execute(
        update(Page)
        .where(
            Page.escalation_id == case.id,
            Page.staff_id == page.staff_id,
            Page.round == page.round,
            Page.step == page.step,
            Page.purpose == PagePurpose.page,
            Page.state == PageState.planned,
            Page.channel != page.channel,
        )
        .values(due_at=text("LEAST(due_at, :due)").bindparams(due=now))
        .returning(Page.id)
        .execution_options(synchronize_session=False)
    ).all()
    if hastened:
        ring(session, "care.page")
    return bool(hastened)


def _used(session: Session, page: Page) -> list[Channel]:
    return list(
        session.scalars(
            select(Page.channel)
            .where(
                Page.escalation_id == page.escalation_id, Page.staff_id == page.staff_id,
                Page.round == page.round, Page.step == page.step, Page.purpose == PagePurpose.page,
            )
            .distinct()
        )
    )  # fmt: skip


def _somebody_may_answer(session: Session, page: Page) -> bool:
    return (
        session.scalar(
            select(Page.id)
            .where(
                Page.escalation_id == page.escalation_id, Page.round == page.round, Page.step == page.step,
                Page.purpose == PagePurpose.page, Page.state.in_(_HOPEFUL), Page.id != page.id,
            )
            .limit(1)
        )
        is not None
    )  # fmt: skip
