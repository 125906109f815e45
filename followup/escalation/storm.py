"""A storm of red flags: one text to a phone lists the codes of several cases, and calls to it take turns.

Nothing is dropped and nothing waits for the storm to end: what a carrier sends at one text a second must still
bring every case to a phone within seconds. Each case keeps its own page row, which shares the fate of the text that
carried it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from followup.clinics.models import Clinic
from followup.clinics.states import Channel
from followup.escalation.models import Escalation, Page, ReplyCode
from followup.escalation.page_text import BundleFacts
from followup.escalation.states import CaseTier, PagePurpose
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

# Up to three cases are read more easily as three texts.
BUNDLE_FROM = 4
MOST_IN_A_BUNDLE = 25
# A phone that rings is not called again; the next case calls when this one had its chance.
CALL_TURN_SECONDS = 45

_CALLS = text(
    """
    WITH ranked AS (
        SELECT id, row_number() OVER (PARTITION BY staff_contact_point_id ORDER BY place) AS turn,
               staff_contact_point_id
        FROM page JOIN unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS due(page_id, place) ON due.page_id = page.id
        WHERE channel = 'voice' AND staff_contact_point_id IS NOT NULL AND state = 'planned'
    )
    UPDATE page SET lease_until = now() + make_interval(secs => :turn)
    FROM ranked WHERE page.id = ranked.id AND (ranked.turn > 1 OR EXISTS (
        SELECT 1 FROM page other WHERE other.staff_contact_point_id = ranked.staff_contact_point_id
          AND other.channel = 'voice' AND other.state IN ('claimed', 'submitted', 'sent')
          AND other.claimed_at > now() - make_interval(secs => :turn)))
    RETURNING page.id
    """
)


def take_turns(session: Session, page_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Put off calls to a phone that is being called, or about to be; returns the pages that wait (machine time)."""
    return set(session.scalars(_CALLS, {"ids": list(page_ids), "turn": CALL_TURN_SECONDS}))


class Bundled(Protocol):
    """What is asked of a claimed page here."""

    @property
    def id(self) -> uuid.UUID:
        """Its id."""
        ...

    @property
    def case_id(self) -> uuid.UUID | None:
        """Its case."""
        ...

    @property
    def point_id(self) -> uuid.UUID | None:
        """The phone it goes to."""
        ...

    @property
    def channel(self) -> Channel:
        """How it goes."""
        ...

    @property
    def purpose(self) -> PagePurpose:
        """What it is for."""
        ...


P = TypeVar("P", bound=Bundled)
Carry = Callable[[P, str, tuple[uuid.UUID, ...]], P]


def gather(
    session: Session, claimed: Sequence[P], *, clinic_id: uuid.UUID, carry: Carry[P], now: datetime
) -> list[P]:
    """Return what is sent: pages as they are, or one for several of the same phone, made by ``carry``."""
    groups: dict[uuid.UUID | None, list[P]] = defaultdict(list)
    for page in claimed:
        may_join = page.channel is Channel.sms and page.purpose is PagePurpose.page and page.case_id
        groups[page.point_id if may_join else page.id].append(page)
    sent: list[P] = []
    for group in groups.values():
        if len(group) < BUNDLE_FROM:
            sent += group
            continue
        for start in range(0, len(group), MOST_IN_A_BUNDLE):
            sent.append(_one_for_all(session, group[start : start + MOST_IN_A_BUNDLE], clinic_id, carry))
        _alarm(session, clinic_id, len(group), now=now)
    order = {page.id: place for place, page in enumerate(claimed)}
    return sorted(sent, key=lambda page: order[page.id])


def _one_for_all(session: Session, group: list[P], clinic_id: uuid.UUID, carry: Carry[P]) -> P:
    leader, *others = group
    rows = session.execute(
        select(ReplyCode.code, Escalation.tier)
        .join(Escalation, Escalation.id == ReplyCode.escalation_id)
        .where(
            ReplyCode.staff_contact_point_id == leader.point_id,
            Escalation.id.in_([each.case_id for each in group]),
        )
        .order_by((Escalation.tier == CaseTier.emergency).desc(), Escalation.opened_at, Escalation.id)
    ).all()
    facts = BundleFacts(
        clinic_code=session.get_one(Clinic, clinic_id).code,
        emergencies=sum(row.tier is CaseTier.emergency for row in rows),
        reply_codes=tuple(row.code for row in rows),
    )
    carried = tuple(each.id for each in others)
    session.execute(
        update(Page)
        .where(Page.id.in_(carried))
        .values(bundle_id=leader.id)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Page)
        .where(Page.id == leader.id)
        .values(body=facts.words())
        .execution_options(synchronize_session=False)
    )
    return carry(leader, facts.words(), carried)


def _alarm(session: Session, clinic_id: uuid.UUID, count: int, *, now: datetime) -> None:
    open_task(
        session, clinic_id, kind=TaskKind.staffing, priority="high", now=now, due_at=now, subject_id=clinic_id,
        reason=f"Many red flags at once: {count} cases went to one phone together. Get more people on the phones.",
    )  # fmt: skip
