"""Store one raw event from synchronous code: the mailbox, and what reconciliation found missing.

The same event twice is stored once, whoever was first.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import CursorResult
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from followup.doorbell import ring
from followup.intake.events import IncomingEvent, row_of
from followup.intake.models import ProviderEvent


def store(session: Session, event: IncomingEvent) -> bool:
    """Store one event and ring; False if it was stored already. ``session``: the intake or engine role."""
    statement = insert(ProviderEvent).values(row_of(event)).on_conflict_do_nothing()
    statement = statement.execution_options(preserve_rowcount=True)
    result = cast("CursorResult[object]", session.execute(statement))
    is_new = result.rowcount == 1
    if is_new:
        ring(session, "care.process_events")
    return is_new
