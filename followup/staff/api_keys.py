"""Keys for the clinic's own systems: shown once, stored hashed, with a role like a person's."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.errors import InvalidInput, NotFound
from followup.kit.tokens import hash_token
from followup.staff.models import ApiKey
from followup.staff.rules import PERMISSIONS, Permission
from followup.staff.states import StaffRole

PREFIX = "fu_"
USUAL_DAYS = 365
MOST_DAYS = 3650
# What a system can be trusted with; people and records are managed by people.
FOR_KEYS = frozenset(
    {
        Permission.see_patients, Permission.enroll, Permission.change_enrollment, Permission.review_replies,
        Permission.close_tasks, Permission.see_escalations, Permission.accept_escalations,
    }
)  # fmt: skip
LONGEST_NAME = 100
_A_MINUTE = timedelta(minutes=1)


def create(
    session: Session, clinic_id: uuid.UUID, name: str, role: StaffRole, *, now: datetime, actor: Actor,
    expires_at: datetime | None = None, scopes: Iterable[Permission] | None = None,
) -> str:  # fmt: skip
    """Make a key and return its text, which cannot be shown again. ``expires_at`` is machine time.

    ``scopes`` are what it is for, of what its role may do; not named: all that a key can be for.

    Raises InvalidInput for a name that is empty or too long, and for a scope that the role does not include.
    """
    wanted = FOR_KEYS & PERMISSIONS[role] if scopes is None else frozenset(scopes)
    if not wanted or not wanted <= FOR_KEYS & PERMISSIONS[role]:
        raise InvalidInput("scope", "Choose what this key is for, among what its role may do.")
    called = " ".join(name.split())
    if not called or len(called) > LONGEST_NAME:
        raise InvalidInput("name", f"Say what uses this key, in at most {LONGEST_NAME} characters.")
    key = PREFIX + secrets.token_urlsafe(32)
    row = ApiKey(
        clinic_id=clinic_id, name=called, role=role, scopes=sorted(each.name for each in wanted),
        key_hash=hash_token(key), hint=f"…{key[-4:]}",
        expires_at=expires_at,
    )  # fmt: skip
    session.add(row)
    record(
        session, clinic_id, actor=actor, action="create api key", now=now, reason=called,
        subject=Subject("api_key", row.id), details={"role": str(role), "scopes": row.scopes},
    )  # fmt: skip
    return key


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as a page lists it; its text is known to nobody. Times are machine time."""

    id: uuid.UUID
    name: str
    hint: str
    role: StaffRole
    scopes: tuple[str, ...]
    made_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


def listed(session: Session) -> Sequence[ListedKey]:
    """Return the keys of this clinic, those that hold first, newest first."""
    rows = session.scalars(
        select(ApiKey).order_by(ApiKey.revoked_at.isnot(None), ApiKey.id.desc()).limit(500)
    )
    return [
        ListedKey(
            row.id, row.name, row.hint, row.role, tuple(_words_of(row.scopes)), row.recorded_at, row.last_used_at,
            row.expires_at, row.revoked_at,
        )
        for row in rows
    ]  # fmt: skip


def scopes_of(names: Iterable[str]) -> frozenset[Permission]:
    """Return the permissions with these names; raises InvalidInput for one that is none."""
    try:
        return frozenset(Permission[name] for name in names)
    except KeyError:
        known = ", ".join(sorted(each.name for each in FOR_KEYS))
        raise InvalidInput("scope", f"A key can be for: {known}.") from None


def _words_of(names: Iterable[str]) -> Iterable[str]:
    return (Permission[name].value for name in names if name in Permission.__members__)


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
