"""How often somebody may try to sign in. Token buckets in the database: all web processes count together.

The table has a fixed number of rows, chosen by a keyed hash of what is counted, so that a million invented
addresses take no more room than ten and nobody can aim at somebody else's row. Machine time.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import Float, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from followup.db.sealed import blind
from followup.kit.ids import new_id
from followup.staff.models import SignInBucket
from followup.staff.sign_in import TooManyTries

SLOTS = 65_536


@dataclass(frozen=True, slots=True)
class Limit:
    """How many tries at once, and how many come back per minute."""

    name: str
    burst: int
    per_minute: float


# One person mistyping, one place trying many people, one person tried from many places. The last is wide,
# because
# it can lock somebody out: a nurse at night must get in although a stranger knows her address.
PERSON_FROM_PLACE = Limit("person from place", burst=8, per_minute=1)
PLACE = Limit("place", burst=60, per_minute=10)
PERSON = Limit("person", burst=100, per_minute=5)
# A million codes, five at once and one every two minutes: guessing takes years.
SECOND_FACTOR = Limit("second factor", burst=5, per_minute=0.5)


def count_try(looking: Session, *, address: str, place: str) -> None:
    """Count one try to sign in with a mail address from a network address; the engine role counts.

    Raises TooManyTries; tries beyond the limit are not counted, so that waiting helps.
    """
    who = address.strip().lower()
    for limit, key in ((PERSON_FROM_PLACE, f"{who} {place}"), (PLACE, place), (PERSON, who)):
        if not take(looking, limit, key):
            raise TooManyTries


def take(looking: Session, limit: Limit, key: str) -> bool:
    """Take one try out of the bucket of ``key``, or answer False; one statement, so that nobody slips between."""
    slot = int.from_bytes(blind("limit", f"{limit.name} {key}")[:8], "big") % SLOTS
    elapsed = func.extract("epoch", func.now() - SignInBucket.counted_at) / 60.0
    full = literal(float(limit.burst), Float)
    refilled = func.least(full, SignInBucket.tries_left + elapsed * limit.per_minute)
    fresh = insert(SignInBucket).values(
        id=new_id(), slot=slot, tries_left=float(limit.burst - 1), counted_at=func.now()
    )
    counted = fresh.on_conflict_do_update(
        index_elements=[SignInBucket.slot],
        set_={"tries_left": refilled - 1.0, "counted_at": func.now()},
        where=refilled >= 1.0,
    ).returning(SignInBucket.slot)
    return looking.scalars(select(SignInBucket.slot).from_statement(counted)).first() is not None


def count_code(looking: Session, staff_id: uuid.UUID) -> None:
    """Count one try at a second factor; the engine role counts. Raises TooManyTries."""
    if not take(looking, SECOND_FACTOR, str(staff_id)):
        raise TooManyTries
