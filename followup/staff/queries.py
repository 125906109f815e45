"""Find who is asking: by address, by session, by key.

These three look over all clinics, because nobody has said yet which one it is; they run as the engine role,
which sees ids, hashes and times here, and no name, address or password hash. Everything after them runs
inside the clinic they found. All times are machine time: the database's ``now()``.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from followup.db.sealed import blind
from followup.errors import InvalidInput, NotFound
from followup.kit.tokens import hash_token
from followup.staff.models import ApiKey, Staff, StaffSession
from followup.staff.rules import IDLE_LIMIT
from followup.staff.states import StaffRole

LONGEST_SECRET = 200
LONGEST_ADDRESS = 320


@dataclass(frozen=True, slots=True)
class FoundStaff:
    """Where a staff member works."""

    clinic_id: uuid.UUID
    staff_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class FoundSession:
    """A session that holds, and whether its last use is old enough to be written down again."""

    clinic_id: uuid.UUID
    staff_id: uuid.UUID
    session_id: uuid.UUID
    last_seen_at: datetime
    needs_touch: bool


@dataclass(frozen=True, slots=True)
class FoundKey:
    """An API key that holds."""

    clinic_id: uuid.UUID
    key_id: uuid.UUID
    role: StaffRole
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A staff member as pages show one."""

    id: uuid.UUID
    name: str
    role: StaffRole


def find_by_address(looking: Session, address: str) -> FoundStaff | None:
    """Find the staff member with this mail address; the engine role looks. Disabled people are not found."""
    wanted = address.strip().lower()
    if not wanted or len(wanted) > LONGEST_ADDRESS:
        return None
    row = looking.execute(
        select(Staff.clinic_id, Staff.id).where(
            Staff.email_blind == blind("email", wanted), Staff.disabled_at.is_(None)
        )
    ).first()
    return FoundStaff(row.clinic_id, row.id) if row else None


def find_session(looking: Session, token: str, *, is_open: bool = True) -> FoundSession | None:
    """Find the session of a cookie's token: not ended, not idle too long, person not disabled.

    With ``is_open`` false: one that still waits for the second factor, and only such a one.
    """
    if not token or len(token) > LONGEST_SECRET:
        return None
    row = looking.execute(
        select(
            StaffSession.clinic_id,
            StaffSession.staff_id,
            StaffSession.id,
            StaffSession.last_seen_at,
            (StaffSession.last_seen_at < func.now() - IDLE_LIMIT / 15).label("needs_touch"),
        )
        .join(Staff, Staff.id == StaffSession.staff_id)
        .where(
            StaffSession.token_hash == hash_token(token),
            StaffSession.is_open == is_open,
            StaffSession.ended_at.is_(None),
            StaffSession.expires_at > func.now(),
            StaffSession.last_seen_at > func.now() - IDLE_LIMIT,
            Staff.disabled_at.is_(None),
        )
    ).first()
    return FoundSession(*row) if row else None


def find_key(looking: Session, key: str) -> FoundKey | None:
    """Find the API key with this text: not revoked, not expired."""
    if not key or len(key) > LONGEST_SECRET:
        return None
    row = looking.execute(
        select(ApiKey.clinic_id, ApiKey.id, ApiKey.role, ApiKey.scopes).where(
            ApiKey.key_hash == hash_token(key),
            ApiKey.revoked_at.is_(None),
            or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now()),
        )
    ).first()
    return FoundKey(row.clinic_id, row.id, row.role, tuple(row.scopes)) if row else None


def person(session: Session, staff_id: uuid.UUID) -> Person | None:
    """Return a person of this clinic who is not disabled."""
    row = session.execute(
        select(Staff.id, Staff.name, Staff.role).where(Staff.id == staff_id, Staff.disabled_at.is_(None))
    ).first()
    return Person(*row) if row else None


def colleagues(session: Session) -> Sequence[Person]:
    """Return everybody of this clinic who is not disabled, by name."""
    rows = session.execute(
        select(Staff.id, Staff.name, Staff.role)
        .where(Staff.disabled_at.is_(None))
        .order_by(Staff.name, Staff.id)
        .limit(5_000)
    )
    return [Person(*row) for row in rows]


def staff_member(session: Session, staff_id: uuid.UUID) -> Staff:
    """Return the row of a person of this clinic, for verbs that act in their name. Raises NotFound."""
    row = session.get(Staff, staff_id)
    if row is None or row.disabled_at is not None:
        raise NotFound("This person does not work here.")
    return row


def acting_for(session: Session, staff_id: uuid.UUID) -> Staff:
    """Return the row of the person a system acts for; raises InvalidInput at ``staff_id`` for nobody."""
    try:
        return staff_member(session, staff_id)
    except NotFound as unknown:
        raise InvalidInput("staff_id", unknown.message) from None


def names(session: Session) -> dict[str, str]:
    """Return the name of everyone of this clinic by ``staff:<id>``, for pages that show who did something."""
    rows = session.execute(select(Staff.id, Staff.name).order_by(Staff.id).limit(5_000))
    keys = session.execute(select(ApiKey.id, ApiKey.name).order_by(ApiKey.id).limit(5_000))
    return {f"staff:{row.id}": row.name for row in rows} | {
        f"api_key:{row.id}": f"{row.name} (system)" for row in keys
    }
