"""One patient's past and future on one line: what was sent and why, what came back, what was concluded, who acted.

Reads across all stages with a fixed number of queries, and three per enrollment. Everything is in order of time;
what has not happened yet comes after now. Texts are opened here, inside the clinic's own transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.enrollment.models import Touchpoint
from followup.enrollment.states import TouchpointState
from followup.escalation.models import Escalation
from followup.messaging.models import Message
from followup.outreach.queries import whys
from followup.replies.media import files_of
from followup.replies.models import Reply, ReplyMedia
from followup.tasks.models import Task
from followup.triage.models import Assessment

MOST_OF_EACH = 400
NOT_SENT = frozenset({TouchpointState.skipped, TouchpointState.cancelled, TouchpointState.call_task})


@dataclass(frozen=True, slots=True)
class Planned:
    """A planned contact that has no message: still to come, or settled without one."""

    kind: ClassVar[str] = "planned"
    at: datetime
    touchpoint: Touchpoint
    happened: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """A message to the patient, with the touchpoint it belongs to."""

    kind: ClassVar[str] = "sent"
    at: datetime
    message: Message
    touchpoint: Touchpoint | None
    happened: bool


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What somebody concluded about a reply: the engine first, people after it."""

    tier: str
    by: str
    at: datetime
    ruleset: str
    reason: str | None
    rules: tuple[str, ...]
    concepts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What the patient wrote, which words a rule stood on, and what was concluded."""

    kind: ClassVar[str] = "said"
    at: datetime
    reply: Reply
    tier: str | None
    evidence: tuple[Mapping[str, Any], ...]
    conclusions: tuple[Conclusion, ...]
    question: str | None
    files: Sequence[ReplyMedia] = ()
    happened: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """An escalation, at the time it was opened or closed."""

    kind: ClassVar[str] = "case"
    at: datetime
    case: Escalation
    is_end: bool
    happened: bool = True


@dataclass(frozen=True, slots=True)
class ToDo:
    """A task for a person, at the time it was opened."""

    kind: ClassVar[str] = "task"
    at: datetime
    task: Task
    happened: bool = True


Entry = Planned | Sent | Said | Case | ToDo

# What happened in one transaction has one time; it is told in the order in which it follows from each other.
_WITHIN_A_MOMENT = {"said": 0, "case": 1, "task": 2, "sent": 3, "planned": 4}


@dataclass(frozen=True, slots=True)
class Line:
    """The past and the future of one patient."""

    past: Sequence[Entry]
    future: Sequence[Entry]
    pain: Sequence[tuple[datetime, float]] = field(default_factory=tuple)
    # For every touchpoint one sentence: why it was sent then, or why not.
    whys: Mapping[uuid.UUID, str] = field(default_factory=dict)


def timeline(session: Session, patient_id: uuid.UUID, now: datetime) -> Line:
    """Return everything that happened to a patient and everything that is planned. ``now`` is care time."""
    touchpoints = {row.id: row for row in _rows(session, Touchpoint, patient_id, Touchpoint.due_at)}
    messages = _rows(session, Message, patient_id, Message.queued_at)
    entries: list[Entry] = [*_sent(messages, touchpoints)]
    spoken_for = {message.touchpoint_id for message in messages}
    entries += _planned((row for row in touchpoints.values() if row.id not in spoken_for), now)
    replies = _rows(session, Reply, patient_id, Reply.received_at)
    entries += _said(session, replies, touchpoints)
    for case in _rows(session, Escalation, patient_id, Escalation.opened_at):
        entries.append(Case(case.opened_at, case, is_end=False))
        if case.closed_at is not None:
            entries.append(Case(case.closed_at, case, is_end=True))
    entries += [ToDo(task.opened_at, task) for task in _rows(session, Task, patient_id, Task.opened_at)]
    entries.sort(key=lambda entry: (entry.at, _WITHIN_A_MOMENT[entry.kind]))
    return Line(
        past=[entry for entry in entries if entry.happened],
        future=[entry for entry in entries if not entry.happened],
        pain=_pain(replies),
        whys=_whys(session, touchpoints.values()),
    )


def _whys(session: Session, touchpoints: Iterable[Touchpoint]) -> dict[uuid.UUID, str]:
    found: dict[uuid.UUID, str] = {}
    for enrollment_id in sorted({each.enrollment_id for each in touchpoints}):
        found |= whys(session, enrollment_id)
    return found


def _rows(session: Session, table: Any, patient_id: uuid.UUID, order: Any) -> Sequence[Any]:
    """The newest rows of a patient, in order of time."""
    newest = session.scalars(
        select(table)
        .where(table.patient_id == patient_id)
        .order_by(order.desc(), table.id.desc())
        .limit(MOST_OF_EACH)
    ).all()
    return list(reversed(newest))


def _sent(messages: Iterable[Message], touchpoints: Mapping[uuid.UUID, Touchpoint]) -> list[Sent]:
    return [
        Sent(
            each.accepted_at or each.queued_at,
            each,
            touchpoints.get(each.touchpoint_id) if each.touchpoint_id else None,
            happened=True,
        )
        for each in messages
    ]


def _planned(touchpoints: Iterable[Touchpoint], now: datetime) -> list[Planned]:
    """What is past and still planned has not happened either: it is late, and stands right after now."""
    return [
        Planned(
            max(each.due_at, now) if each.state is TouchpointState.planned else each.due_at,
            each,
            happened=each.state is not TouchpointState.planned and each.due_at <= now,
        )
        for each in touchpoints
    ]


def _said(
    session: Session, replies: Sequence[Reply], touchpoints: Mapping[uuid.UUID, Touchpoint]
) -> list[Said]:
    ids = [reply.id for reply in replies]
    found, files = assessments(session, ids), files_of(session, ids)
    return [
        said(
            reply, found.get(reply.id, ()), _touchpoint_of(reply, touchpoints), files=files.get(reply.id, ())
        )
        for reply in replies
    ]


def _touchpoint_of(reply: Reply, touchpoints: Mapping[uuid.UUID, Touchpoint]) -> Touchpoint | None:
    return touchpoints.get(reply.touchpoint_id) if reply.touchpoint_id else None


def said(
    reply: Reply, found: Sequence[Assessment], touchpoint: Touchpoint | None, *, files: Sequence[ReplyMedia] = ()
) -> Said:  # fmt: skip
    """Put a reply and all that was concluded about it together; the newest conclusion counts."""
    by_engine = next((each.decision for each in found if each.assessed_by == "engine"), {})
    return Said(
        at=reply.received_at,
        reply=reply,
        tier=found[-1].tier if found else None,
        evidence=tuple(by_engine.get("evidence", ())),
        conclusions=tuple(_conclusion(each) for each in found),
        question=touchpoint.key if touchpoint else None,
        files=tuple(files),
    )


def assessments(session: Session, reply_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[Assessment]]:
    """Return everything concluded about several replies, oldest first, by reply."""
    rows = session.scalars(
        select(Assessment)
        .where(Assessment.reply_id.in_(reply_ids))
        .order_by(Assessment.assessed_at, Assessment.id)
    )
    found: dict[uuid.UUID, list[Assessment]] = {}
    for row in rows:
        found.setdefault(row.reply_id, []).append(row)
    return found


def _conclusion(each: Assessment) -> Conclusion:
    decision = each.decision
    evidence = decision.get("evidence", ())
    return Conclusion(
        tier=each.tier, by=each.assessed_by, at=each.assessed_at, ruleset=each.ruleset,
        reason=each.reason or decision.get("reason"),
        rules=tuple(dict.fromkeys(str(found.get("rule", "")) for found in evidence if found.get("rule"))),
        concepts=tuple(str(concept) for concept in decision.get("concepts", ())),
    )  # fmt: skip


def _pain(replies: Iterable[Reply]) -> list[tuple[datetime, float]]:
    """Pain scores over time, from 0 to 10, for the plot."""
    return [
        (reply.received_at, float(answer["value"]))
        for reply in replies
        for answer in reply.answers or ()
        if answer.get("kind") == "pain_score" and isinstance(answer.get("value"), int | float)
    ]
