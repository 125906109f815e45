"""Keys for the clinic's own systems: shown once, stored hashed, with a role like a person's."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.errors import InvalidInput, NotFound
from followup.kit.tokens import hash_token
from followup.staff.models import ApiKey
from followup.staff.states import StaffRole

PREFIX = "fu_"
LONGEST_NAME = 100
_A_MINUTE = timedelta(minutes=1)


def create(
    session: Session, clinic_id: uuid.UUID, name: str, role: StaffRole, *, now: datetime, actor: Actor,
    expires_at: datetime | None = None,
) -> str:  # fmt: skip
    """Make a key and return its text, which cannot be shown again. ``expires_at`` is machine time.

    Raises InvalidInput for a name that is empty or too long.
    """
    called = " ".join(name.split())
    if not called or len(called) > LONGEST_NAME:
        raise InvalidInput("name", f"Say what uses this key, in at most {LONGEST_NAME} characters.")
    key = PREFIX + secrets.token_urlsafe(32)
    row = ApiKey(
        clinic_id=clinic_id, name=called, role=role, key_hash=hash_token(key), hint=f"…{key[-4:]}",
        expires_at=expires_at,
    )  # fmt: skip
    session.add(row)
    record(
        session, clinic_id, actor=actor, action="create api key", now=now, reason=called,
        subject=Subject("api_key", row.id),
    )  # fmt: skip
    return key


def revoke(session: Session, key_id: uuid.UUID, *, now: datetime, actor: Actor) -> None:
    """End a key this second; raises NotFound for one of another clinic. Revoking twice is no error."""
    row = session.get(ApiKey, key_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.revoked_at is None:
        row.revoked_at = func.now()
        record(
            session, row.clinic_id, actor=actor, action="revoke api key", now=now, reason=row.name,
            subject=Subject("api_key", key_id),
        )  # fmt: skip


def note_use(session: Session, key_id: uuid.UUID) -> None:
    """Remember that a key was used, at most once a minute so that a busy system does not write for every call."""
    session.execute(
        update(ApiKey)
        .where(
            ApiKey.id == key_id,
            or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < func.now() - _A_MINUTE),
        )
        .values(last_used_at=func.now())
    )


def role_of(session: Session, key_id: uuid.UUID) -> StaffRole:
    """Return what a key may do; raises NotFound."""
    role = session.scalar(select(ApiKey.role).where(ApiKey.id == key_id))
    if role is None:
        raise NotFound
    return role
