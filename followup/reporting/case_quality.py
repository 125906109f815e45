"""How fast people were, by tier and by hour, against the clinic's own targets; and which rules call for nothing.

A rule that pages a nurse at night for what is expected after the procedure makes the next page be read more slowly:
its share of cases that needed something is shown beside it. Counts only; nobody is named.
"""

from __future__ import annotations

import statistics
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from followup.audit.models import Move
from followup.escalation.models import Escalation, EscalationSignal, Page
from followup.escalation.move import policy_of
from followup.escalation.rules import FALSE_ALARM
from followup.escalation.states import PagePurpose
from followup.reporting.period import Period

# Dispositions that say nothing had to be done.
NOTHING_TO_DO = frozenset({FALSE_ALARM, "expected"})


@dataclass(frozen=True, slots=True)
class Measured:
    """One case in seconds; a step that has not happened is None. Counted to the first time it happened."""

    tier: str
    hour: int
    accept: float | None
    contact: float | None
    document: float | None
    in_time: tuple[bool | None, bool | None, bool | None]
    pages: int


@dataclass(frozen=True, slots=True)
class Group:
    """Cases that belong together; shares in percent, minutes are medians, None where nothing can be said."""

    name: str
    cases: int
    accept_minutes: float | None
    accepted_in_time: float | None
    contact_minutes: float | None
    contacted_in_time: float | None
    documented_in_time: float | None
    pages_each: float


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """What became of the cases that stood on one rule. ``share``: percent of the closed that needed something."""

    rule: str
    cases: int
    closed: int
    needed_something: int
    false_alarms: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Quality:
    """All of it for one period."""

    tiers: Sequence[Group]
    hours: Sequence[Group]
    whole: Group
    rules: Sequence[RuleRecord]


def quality(session: Session, period: Period) -> Quality:
    """Measure every case that was opened in a period; hours are those of the clinic's day."""
    cases = session.scalars(
        select(Escalation)
        .where(Escalation.opened_at >= period.begins, Escalation.opened_at < period.ends)
        .order_by(Escalation.opened_at, Escalation.id)
    ).all()
    measured = _measured(session, cases, period)
    return Quality(
        tiers=_groups(measured, key=lambda each: each.tier),
        hours=_groups(measured, key=lambda each: f"{each.hour:02d}:00"),
        whole=_group("all", measured),
        rules=_rules(session, cases),
    )


def _measured(session: Session, cases: Sequence[Escalation], period: Period) -> list[Measured]:
    ids = [case.id for case in cases]
    reached: dict[tuple[uuid.UUID, str], datetime] = {
        (row.thing_id, row.to_state): row.at
        for row in session.execute(
            select(Move.thing_id, Move.to_state, func.min(Move.at).label("at"))
            .where(Move.thing_id.in_(ids), Move.to_state.in_(("accepted", "contacted", "closed")))
            .group_by(Move.thing_id, Move.to_state)
        )
    }
    paged: dict[uuid.UUID | None, int] = {
        row.escalation_id: row.many
        for row in session.execute(
            select(Page.escalation_id, func.count().label("many"))
            .where(Page.escalation_id.in_(ids), Page.purpose == PagePurpose.page)
            .group_by(Page.escalation_id)
        )
    }
    return [_measure(case, reached, paged.get(case.id, 0), period) for case in cases]


def _measure(
    case: Escalation, reached: dict[tuple[uuid.UUID, str], datetime], pages: int, period: Period
) -> Measured:
    policy = policy_of(case)
    accepted, contacted = reached.get((case.id, "accepted")), reached.get((case.id, "contacted"))
    accept = _seconds(case.opened_at, accepted)
    contact = _seconds(accepted, contacted)
    document = _seconds(contacted, reached.get((case.id, "closed")))
    limits = (policy.accept, policy.contact, policy.document)
    in_time = tuple(
        None if took is None else took <= limit
        for took, limit in zip((accept, contact, document), limits, strict=True)
    )
    return Measured(
        tier=case.tier.value, hour=case.opened_at.astimezone(period.zone).hour, accept=accept, contact=contact,
        document=document, in_time=(in_time[0], in_time[1], in_time[2]), pages=pages,
    )  # fmt: skip


def _groups(measured: Iterable[Measured], *, key: Callable[[Measured], str]) -> list[Group]:
    sorted_out: dict[str, list[Measured]] = defaultdict(list)
    for each in measured:
        sorted_out[key(each)].append(each)
    return [_group(name, sorted_out[name]) for name in sorted(sorted_out)]


def _group(name: str, measured: Sequence[Measured]) -> Group:
    return Group(
        name=name,
        cases=len(measured),
        accept_minutes=_median(each.accept for each in measured),
        accepted_in_time=_share(each.in_time[0] for each in measured),
        contact_minutes=_median(each.contact for each in measured),
        contacted_in_time=_share(each.in_time[1] for each in measured),
        documented_in_time=_share(each.in_time[2] for each in measured),
        pages_each=sum(each.pages for each in measured) / len(measured) if measured else 0.0,
    )


def _rules(session: Session, cases: Sequence[Escalation]) -> list[RuleRecord]:
    by_id = {case.id: case for case in cases}
    stood_on: dict[str, set[uuid.UUID]] = defaultdict(set)
    for signal in session.scalars(
        select(EscalationSignal).where(EscalationSignal.escalation_id.in_(list(by_id)))
    ):
        stood_on[signal.rule or signal.kind].add(signal.escalation_id)
    found = [_rule(rule, [by_id[each] for each in ids]) for rule, ids in stood_on.items()]
    return sorted(found, key=lambda each: (-each.cases, each.rule))


def _rule(rule: str, cases: Sequence[Escalation]) -> RuleRecord:
    closed = [case.disposition for case in cases if case.disposition]
    needed = sum(each not in NOTHING_TO_DO for each in closed)
    return RuleRecord(
        rule=rule, cases=len(cases), closed=len(closed), needed_something=needed,
        false_alarms=closed.count(FALSE_ALARM), share=100 * needed / len(closed) if closed else None,
    )  # fmt: skip


def _seconds(begun: datetime | None, ended: datetime | None) -> float | None:
    """Return the time between two instants, never below nothing: a call can come before the acceptance."""
    if begun is None or ended is None:
        return None
    return max(ended - begun, timedelta(0)).total_seconds()


def _median(seconds: Iterable[float | None]) -> float | None:
    known = [each for each in seconds if each is not None]
    return statistics.median(known) / 60 if known else None


def _share(verdicts: Iterable[bool | None]) -> float | None:
    known = [each for each in verdicts if each is not None]
    return 100 * sum(known) / len(known) if known else None
