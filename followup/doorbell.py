"""The doorbell: an earlier stage leaves a row and rings; a later one answers.

A bell carries a name and ids, never content, and is rung after the outer commit (``db/session``). Losing one
costs at most a tick, because what has to happen is a row with a due time. Which task answers which bell is the
workers' table.
"""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from followup.db.session import BELLS, Bell


def ring(session: Session, name: str, *ids: uuid.UUID) -> None:
    """Ring ``name`` once this transaction is committed; the same bell rings once."""
    bell = Bell(name, tuple(str(each) for each in ids))
    bells: list[Bell] = session.info.setdefault(BELLS, [])
    if bell not in bells:
        bells.append(bell)
