"""The audit trail as an auditor reads it: who did what to whom, when and why, newest first.

Names of patients are not in it, only their ids; whoever reads it is written down in it, too.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.models import AuditEvent

PAGE = 100
MOST_EXPORTED = 50_000


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was done or read. ``at`` is care time, UTC; ``subject`` has the whole id."""

    number: int
    at: datetime
    who: str
    action: str
    subject: str
    patient_id: uuid.UUID | None
    reason: str | None
    is_chained: bool

    @property
    def subject_words(self) -> str:
        """The subject for a person's eye: ids are long, and their ends tell them apart."""
        kind, _, subject_id = self.subject.partition(" ")
        return f"{kind.replace('_', ' ')} {subject_id[-6:]}".strip()


@dataclass(frozen=True, slots=True)
class Trail:
    """A page of the trail, and the number to go on before, if there is more."""

    lines: Sequence[Line]
    before: int | None


def trail(
    session: Session, *, before: int | None = None, patient_id: uuid.UUID | None = None, many: int = PAGE
) -> Trail:
    """Return up to ``many`` lines before a number, of one patient or of all."""
    query = select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(many + 1)
    if before is not None:
        query = query.where(AuditEvent.seq < before)
    if patient_id is not None:
        query = query.where(AuditEvent.patient_id == patient_id)
    rows = session.scalars(query).all()
    lines = [_line(row) for row in rows[:many]]
    return Trail(lines, lines[-1].number if len(rows) > many else None)


def _line(row: AuditEvent) -> Line:
    return Line(
        number=row.seq, at=row.at, action=row.action, patient_id=row.patient_id, reason=row.reason,
        who=f"{row.actor_kind}:{row.actor_id}" if row.actor_id else row.actor_kind,
        subject=f"{row.subject_kind} {row.subject_id}" if row.subject_id else row.subject_kind,
        is_chained=row.hash is not None,
    )  # fmt: skip
