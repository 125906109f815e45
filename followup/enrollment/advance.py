"""The one place that changes the state of a touchpoint: by conditional update, with its move row.

A move that is not allowed from where the row stands changes nothing and answers False; the caller decides whether
that is a race it lost or an error to report.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM, Actor, moved
from followup.enrollment.models import Touchpoint
from followup.enrollment.planning.reasons import Reason
from followup.enrollment.rules import TOUCHPOINT_MOVES
from followup.enrollment.states import TouchpointState


def advance_touchpoint(
    session: Session, touchpoint_id: uuid.UUID, *, to: TouchpointState, now: datetime, reason: str,
    code: Reason | None = None, actor: Actor = SYSTEM, **values: Any,
) -> bool:  # fmt: skip
    """Move one touchpoint to ``to`` if its present state allows it; ``reason`` is plain words that stay with it."""
    before = session.scalar(select(Touchpoint.state).where(Touchpoint.id == touchpoint_id).with_for_update())
    if before is None or not TOUCHPOINT_MOVES.allows(before, to):
        return False
    clinic_id = session.scalar(
        update(Touchpoint)
        .where(Touchpoint.id == touchpoint_id)
        .values(state=to, reason=reason, reason_code=code, **values)
        .returning(Touchpoint.clinic_id)
    )
    if clinic_id is None:
        return False
    moved(
        session, clinic_id, thing="touchpoint", thing_id=touchpoint_id, before=before, after=to, now=now,
        reason=reason, actor=actor,
    )  # fmt: skip
    return True
