"""Refuse to work with the wrong encryption keys.

A process that lacks the key of existing rows would fail at the first patient it shows, and one with a brand-new key
would quietly begin a second, unreadable record. Both are caught when it starts: the ids of the keys that rows are
sealed with are kept in a table of their own. An id tells nothing about its key.
"""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from followup.db import sealed
from followup.db.models import SealingKey
from followup.errors import ConfigurationError, Unreachable
from followup.kit.ids import new_id


def check_keys(looking: Session) -> None:
    """Compare the installed keys with those of existing rows, and note the newest; the engine role.

    Raises ConfigurationError if a key that rows are sealed with is not configured.
    """
    ring = sealed.ring()
    try:
        found = looking.scalars(select(SealingKey.key_id).where(SealingKey.retired_at.is_(None))).all()
    except ProgrammingError:
        raise Unreachable("The database has no tables yet: run `followup migrate`.") from None
    used = set(map(bytes, found))
    absent = sorted(key.hex() for key in used - set(ring.ids))
    if absent:
        raise ConfigurationError(
            f"FOLLOWUP_ENCRYPTION_KEYS lacks the key {', '.join(absent)} that rows are sealed with. Put it back"
            " (behind the newest, with a comma); patients' names and texts can't be read without it. A new key"
            " replaces an old one through `followup rotate-keys`."
        )
    if ring.newest.id not in used:
        note_newest(looking)


def note_newest(session: Session) -> None:
    """Remember that rows may be sealed with the newest key from now on."""
    noted = insert(SealingKey).values(id=new_id(), key_id=sealed.ring().newest.id)
    session.execute(
        noted.on_conflict_do_update(index_elements=[SealingKey.key_id], set_={"retired_at": None})
    )


def retire_others(session: Session) -> int:
    """Note that no row is sealed with any key but the newest; returns how many keys are free to go."""
    retired = (
        update(SealingKey)
        .where(SealingKey.key_id != sealed.ring().newest.id, SealingKey.retired_at.is_(None))
        .values(retired_at=func.now())
        .returning(SealingKey.key_id)
    )
    return len(session.execute(retired).all())
