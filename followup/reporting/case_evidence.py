"""One case for a quality review: when each thing happened, how long it took against the clinic's own targets.

Read from the moves and the audit trail, which nobody can change unseen, and ended by the hash of the last record
about the case. No message is quoted: whoever reviews how fast people were needs none.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.models import AuditEvent, Move
from followup.errors import NotFound
from followup.escalation.models import Escalation, EscalationSignal, Page
from followup.escalation.move import policy_of
from followup.escalation.queries import Event, story
from followup.escalation.states import CaseTier, PagePurpose
from followup.replies.models import Reply

# What this house promises beside the clinic's own targets: a reply is assessed, and somebody is paged, at once.
ASSESSED_WITHIN = timedelta(seconds=60)
PAGED_WITHIN = {CaseTier.emergency: timedelta(seconds=15), CaseTier.urgent: timedelta(seconds=60)}


@dataclass(frozen=True, slots=True)
class Milestone:
    """One of the seven things that have to happen. ``took`` and ``target`` count from ``since``; care time."""

    name: str
    at: datetime | None
    since: str = ""
    took: timedelta | None = None
    target: timedelta | None = None

    @property
    def verdict(self) -> str:
        """In plain words: in time, late by how it stands, or not yet."""
        if self.at is None:
            return "not yet"
        if self.target is None or self.took is None:
            return ""
        return "in time" if self.took <= self.target else "late"


@dataclass(frozen=True, slots=True)
class Record:
    """One row of the audit trail about the case; ``hash`` is empty until the row is chained."""

    number: int
    at: datetime
    action: str
    hash: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything of the page."""

    case: Escalation
    milestones: Sequence[Milestone]
    events: Sequence[Event]
    records: Sequence[Record]
    rules: Sequence[tuple[str, str]]

    @property
    def last_hash(self) -> str:
        """The hash of the newest chained record about the case, which covers every record before it."""
        return next((each.hash for each in reversed(self.records) if each.hash), "")


def evidence(session: Session, case_id: uuid.UUID) -> Evidence:
    """Return the evidence of one case; raises NotFound, also for another clinic's."""
    case = session.get(Escalation, case_id)
    if case is None:
        raise NotFound
    signals = session.scalars(
        select(EscalationSignal)
        .where(EscalationSignal.escalation_id == case_id)
        .order_by(EscalationSignal.at, EscalationSignal.id)
    ).all()
    return Evidence(
        case=case,
        milestones=_milestones(session, case, signals),
        # Who read the case is in the audit trail; here it would bury what was done.
        events=[each for each in story(session, case_id) if not each.what.startswith("read ")],
        records=_records(session, case_id),
        rules=[(each.rule or each.kind, each.tier.value) for each in signals],
    )


def _milestones(
    session: Session, case: Escalation, signals: Sequence[EscalationSignal]
) -> tuple[Milestone, ...]:
    first = next((each.cause_id for each in signals if each.kind == "reply"), None)
    reply = session.get(Reply, first) if first else None
    policy = policy_of(case)
    of_pages = select(Page.id).where(Page.escalation_id == case.id, Page.purpose == PagePurpose.page)
    pages = _first_moves(session, list(session.scalars(of_pages)))
    moves = _first_moves(session, [case.id])
    received = reply.received_at if reply else case.opened_at
    handed = min((pages[each] for each in ("submitted", "sent", "delivered") if each in pages), default=None)
    at = {
        "received": received,
        "assessed": _first_moves(session, [first]).get("assessed", case.opened_at)
        if first
        else case.opened_at,
        "first page handed to the carrier": handed,
        "first page delivered": pages.get("delivered"),
        "accepted": moves.get("accepted"),
        "patient contacted": moves.get("contacted"),
        "closed": moves.get("closed"),
    }
    targets: dict[str, tuple[str, timedelta | None]] = {
        "received": ("", None),
        "assessed": ("received", ASSESSED_WITHIN),
        "first page handed to the carrier": ("received", PAGED_WITHIN[case.tier]),
        "first page delivered": ("first page handed to the carrier", None),
        "accepted": ("received", timedelta(seconds=policy.accept)),
        "patient contacted": ("accepted", timedelta(seconds=policy.contact)),
        "closed": ("patient contacted", timedelta(seconds=policy.document)),
    }
    return tuple(
        Milestone(name, at[name], since, _took(at.get(since), at[name]), target)
        for name, (since, target) in targets.items()
    )


def _took(begun: datetime | None, ended: datetime | None) -> timedelta | None:
    return ended - begun if ended is not None and begun is not None else None


def _first_moves(session: Session, things: Sequence[uuid.UUID]) -> dict[str, datetime]:
    """When each state was reached for the first time: a second acceptance does not make the first one later."""
    found: dict[str, datetime] = {}
    for move in session.scalars(select(Move).where(Move.thing_id.in_(things)).order_by(Move.at, Move.id)):
        found.setdefault(move.to_state, move.at)
    return found


def _records(session: Session, case_id: uuid.UUID) -> list[Record]:
    rows = session.scalars(
        select(AuditEvent).where(AuditEvent.subject_id == case_id).order_by(AuditEvent.seq)
    )
    return [Record(row.seq, row.at, row.action, row.hash.hex() if row.hash else "") for row in rows]
