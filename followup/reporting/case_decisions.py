"""What people decided about a case, and why: whoever has it next reads that first.

The reasons are sealed in the audit trail, where nobody can change them; this only opens them for the case's page.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.models import AuditEvent

DECISIONS: Mapping[str, str] = MappingProxyType(
    {
        "unreachable: keep_trying": "decided to keep trying",
        "unreachable: welfare_check": "asked for a welfare check",
        "unreachable: sent_to_emergency": "had emergency services sent",
        "raise tier": "made it an emergency",
        "lower tier": "made it urgent",
    }
)


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision: who ("staff:..." as names are looked up), what in plain words, why. ``at`` is care time."""

    at: datetime
    who: str
    what: str
    why: str


def decisions(session: Session, case_id: uuid.UUID) -> Sequence[Decided]:
    """Return what people decided about one case, in order."""
    rows = session.scalars(
        select(AuditEvent)
        .where(AuditEvent.subject_id == case_id, AuditEvent.action.in_(tuple(DECISIONS)))
        .order_by(AuditEvent.seq)
    )
    return [
        Decided(row.at, f"{row.actor_kind}:{row.actor_id}", DECISIONS[row.action], str(row.details["reason"]))
        for row in rows
    ]
