"""Claim pages and write down what the carrier answered: claim, commit, call, record.

A claim holds for 20 seconds of machine time; the case is looked at again in the claiming transaction, so that
nobody is paged for what somebody accepted a moment ago. What became of a call whose answer was lost is told by the
callback that carries our token, or, after a grace, by sending again: a duplicate is cheaper than a miss.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from followup.audit.record import moved
from followup.clinics.states import Channel
from followup.db import sealed
from followup.escalation.models import Escalation, Page
from followup.escalation.rules import CLAIM_LEASE_SECONDS, GRACE_SECONDS
from followup.escalation.states import OPEN_STATES, CaseTier, PagePurpose, PageState
from followup.escalation.storm import gather, take_turns

_DUE = text(
    """
    SELECT p.id, p.clinic_id FROM page p LEFT JOIN escalation e ON e.id = p.escalation_id
    WHERE p.state = 'planned' AND p.due_at <= :now AND (p.lease_until IS NULL OR p.lease_until <= now())
    ORDER BY (p.purpose = 'page' AND e.tier = 'emergency') DESC, p.purpose <> 'page', p.due_at, p.id
    LIMIT :many
    """
)
_CLAIM = text(
    """
    WITH mine AS (
        SELECT id FROM page WHERE id = ANY(:ids) AND state = 'planned' AND due_at <= :now
          AND (lease_until IS NULL OR lease_until <= now())
        ORDER BY id FOR UPDATE SKIP LOCKED
    )
    UPDATE page SET state = 'claimed', claimed_at = now(), tries = tries + 1,
        lease_until = now() + make_interval(secs => :lease)
    FROM mine WHERE page.id = mine.id
    RETURNING page.id, page.escalation_id, page.purpose, page.channel, page.to_sealed, page.body, page.subject,
              page.token, page.tries, page.staff_contact_point_id
    """
)
_SENDER = text(
    """
    SELECT address, messaging_service_sid FROM sender WHERE channel = :channel ORDER BY recorded_at, id LIMIT 1
    """
)


@dataclass(frozen=True, slots=True)
class DuePage:
    """A page that waits to be sent, somewhere."""

    id: uuid.UUID
    clinic_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class ClaimedPage:
    """One page that may be sent now; committed as claimed."""

    id: uuid.UUID
    clinic_id: uuid.UUID
    channel: Channel
    to: str
    body: str
    subject: str | None
    token: str
    sender: str
    case_id: uuid.UUID | None = None
    point_id: uuid.UUID | None = None
    purpose: PagePurpose = PagePurpose.page
    # Further pages to the same phone that this one carries.
    carries: tuple[uuid.UUID, ...] = ()


def due_pages(engine: Session, *, now: datetime, many: int) -> list[DuePage]:
    """List pages that are due over all clinics, emergencies first (engine role)."""
    return [DuePage(row.id, row.clinic_id) for row in engine.execute(_DUE, {"now": now, "many": many})]


def claim_pages(session: Session, pages: list[DuePage], *, now: datetime) -> list[ClaimedPage]:
    """Claim pages of one clinic; one whose case is closed is cancelled instead."""
    waiting = take_turns(session, [each.id for each in pages])
    rows = session.execute(
        _CLAIM,
        {
            "ids": [each.id for each in pages if each.id not in waiting],
            "now": now,
            "lease": CLAIM_LEASE_SECONDS,
        },
    ).all()
    clinic_of = {each.id: each.clinic_id for each in pages}
    order = {each.id: place for place, each in enumerate(pages)}
    claimed: list[ClaimedPage] = []
    for row in sorted(rows, key=lambda each: order[each.id]):
        clinic_id = clinic_of[row.id]
        reason = _not_needed(session, row.escalation_id, row.purpose)
        sender = _sender(session, Channel(row.channel))
        if reason is not None or sender is None:
            end_page(
                session, row.id, clinic_id, PageState.cancelled if reason else PageState.failed,
                reason=reason or f"the clinic has no sender for {row.channel}", now=now,
            )  # fmt: skip
            continue
        moved(
            session, clinic_id, thing="page", thing_id=row.id, before=PageState.planned,
            after=PageState.claimed, now=now,
        )  # fmt: skip
        place = sealed.place(Page.__tablename__, "to_sealed", row.id)
        claimed.append(
            ClaimedPage(
                id=row.id, clinic_id=clinic_id, channel=Channel(row.channel),
                to=sealed.ring().open(bytes(row.to_sealed), place), body=row.body, subject=row.subject,
                token=row.token, sender=sender, case_id=row.escalation_id,
                point_id=row.staff_contact_point_id, purpose=PagePurpose(row.purpose),
            )
        )  # fmt: skip
    if not claimed:
        return []
    return gather(session, claimed, clinic_id=claimed[0].clinic_id, carry=_carry, now=now)


def _carry(page: ClaimedPage, body: str, carried: tuple[uuid.UUID, ...]) -> ClaimedPage:
    return replace(page, body=body, carries=carried)


def end_page(
    session: Session, page_id: uuid.UUID, clinic_id: uuid.UUID, to: PageState, *, reason: str, now: datetime
) -> None:
    """End a claimed page that is not sent."""
    session.execute(
        update(Page)
        .where(Page.id == page_id, Page.state == PageState.claimed)
        .values(state=to, reason=reason, final_at=text("now()"))
        .execution_options(synchronize_session=False)
    )
    moved(
        session, clinic_id, thing="page", thing_id=page_id, before=PageState.claimed, after=to, now=now,
        reason=reason,
    )  # fmt: skip


def grace_of(tier: CaseTier | None) -> int:
    """Return for how many seconds a page that nobody knows about waits for its callback."""
    return GRACE_SECONDS[tier or CaseTier.urgent]


def _not_needed(session: Session, case_id: uuid.UUID | None, purpose: str) -> str | None:
    if case_id is None or purpose == PagePurpose.answer:
        return None
    state = session.get_one(Escalation, case_id, populate_existing=True).state
    return None if state in OPEN_STATES else "the case is closed"


def _sender(session: Session, channel: Channel) -> str | None:
    wanted = Channel.email if channel is Channel.email else Channel.sms
    row = session.execute(_SENDER, {"channel": wanted}).first()
    if row is None:
        return None
    # A call needs a number; a messaging service only texts.
    return str(row.address if channel is not Channel.sms else row.messaging_service_sid or row.address)
