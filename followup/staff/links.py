"""Invitations and password resets: a link for one person, once, for some hours; only its hash is kept.

Opening a link changes nothing, because mail scanners open links too; the form behind it does. An administrator
makes it; it is built on the configured address of the service, never on what a request claims. Machine time.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.db.sealed import blind
from followup.errors import NotFound
from followup.kit.tokens import hash_token, random_token
from followup.staff.models import Staff, StaffLink
from followup.staff.sign_in import set_password
from followup.staff.states import LinkKind

LIVES = {LinkKind.invitation: timedelta(hours=72), LinkKind.reset: timedelta(hours=2)}
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link that holds."""

    id: uuid.UUID
    clinic_id: uuid.UUID
    staff_id: uuid.UUID
    kind: LinkKind


def make_link(session: Session, address: str, *, kind: LinkKind, now: datetime, actor: Actor) -> str:
    """Return the token of a new link for the person with this mail address; older ones end. Raises NotFound."""
    staff = session.scalar(
        select(Staff).where(
            Staff.email_blind == blind("email", address.strip().lower()), Staff.disabled_at.is_(None)
        )
    )
    if staff is None:
        raise NotFound(f"Nobody with the address {address} works here. The clinic file names who does.")
    _end_others(session, staff.id)
    token = random_token()
    row = StaffLink(clinic_id=staff.clinic_id, staff_id=staff.id, kind=kind, token_hash=hash_token(token))
    row.expires_at = func.now() + LIVES[kind]
    session.add(row)
    record(
        session, staff.clinic_id, actor=actor, action=f"make {kind} link", now=now,
        subject=Subject("staff", staff.id),
    )  # fmt: skip
    return token


def find_staff_link(looking: Session, token: str) -> FoundLink | None:
    """Find the link with this token: not used, not expired, person not disabled; the engine role looks."""
    if not token or len(token) > _LONGEST:
        return None
    row = looking.execute(
        select(StaffLink.id, StaffLink.clinic_id, StaffLink.staff_id, StaffLink.kind)
        .join(Staff, Staff.id == StaffLink.staff_id)
        .where(
            StaffLink.token_hash == hash_token(token), StaffLink.used_at.is_(None),
            StaffLink.expires_at > func.now(), Staff.disabled_at.is_(None),
        )
    ).first()  # fmt: skip
    return FoundLink(*row) if row else None


def use_link(session: Session, link: FoundLink, password: str, *, now: datetime) -> None:
    """Set the password of the link's person and end the link. Raises NotFound if it was used, InvalidInput."""
    taken = (
        update(StaffLink)
        .where(StaffLink.id == link.id, StaffLink.used_at.is_(None), StaffLink.expires_at > func.now())
        .values(used_at=func.now())
        .returning(StaffLink.id)
    )
    if session.scalar(taken) is None:
        raise NotFound("This link is not valid any more. Ask the administrator of your clinic for a new one.")
    set_password(session, link.staff_id, password, now=now, actor=Actor("staff", link.staff_id))
    _end_others(session, link.staff_id)


def _end_others(session: Session, staff_id: uuid.UUID) -> None:
    session.execute(
        update(StaffLink)
        .where(StaffLink.staff_id == staff_id, StaffLink.used_at.is_(None))
        .values(used_at=func.now())
    )
