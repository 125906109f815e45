"""Act on pages that nobody has told us about: claims that ran out, doubts, and silence after the carrier took one.

Machine time throughout: leases do not follow the care clock. Everything is open-ended ("older than X and not
done"), so that an outage of any length is caught up by the next sweep.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from followup.audit.record import moved
from followup.escalation.models import Page
from followup.escalation.move import is_open, lock_case
from followup.escalation.next_way import retry_page, use_next_way
from followup.escalation.page_claim import grace_of
from followup.escalation.rules import MOST_TRIES
from followup.escalation.states import PagePurpose, PageState

_WAITED = text(
    """
    SELECT id, clinic_id FROM page
    WHERE state IN ('claimed', 'unknown', 'submitted', 'sent') AND lease_until < now()
    ORDER BY lease_until, id LIMIT :many
    """
)


def pages_without_news(engine: Session, *, many: int = 200) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """List (page, clinic) that were waited for long enough (engine role)."""
    return [(row.id, row.clinic_id) for row in engine.execute(_WAITED, {"many": many})]


def act_on_silence(session: Session, page_id: uuid.UUID, *, public_url: str, now: datetime) -> None:
    """Do what follows from no news about one page, once; a report that came meanwhile settles it instead."""
    case_id = session.scalar(select(Page.escalation_id).where(Page.id == page_id))
    case = lock_case(session, case_id) if case_id else None
    page = session.scalar(
        select(Page)
        .where(Page.id == page_id, Page.lease_until < func.now())
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if page is None:
        return
    if page.state is PageState.claimed:
        _into_doubt(session, page, grace=grace_of(case.tier if case else None), now=now)
        return
    page.lease_until = None
    if case is None or not is_open(case) or page.purpose is not PagePurpose.page:
        return
    if page.state is PageState.unknown and page.tries < MOST_TRIES:
        page.reason = f"{page.reason or 'no answer recorded'}; sent again"
        retry_page(session, case, page, wait=0, public_url=public_url, now=now)
    elif page.state in (PageState.unknown, PageState.submitted, PageState.sent):
        page.reason = "no report from the carrier; the next channel is used as well"
        use_next_way(session, case, page, public_url=public_url, now=now)


def _into_doubt(session: Session, page: Page, *, grace: int, now: datetime) -> None:
    page.state, page.reason = PageState.unknown, "the call's answer was not recorded"
    page.lease_until = session.scalar(select(func.now() + func.make_interval(0, 0, 0, 0, 0, 0, grace)))
    moved(
        session, page.clinic_id, thing="page", thing_id=page.id, before=PageState.claimed,
        after=PageState.unknown, now=now, reason=page.reason,
    )  # fmt: skip
