"""Begin, keep, list and end sign-ins. The token goes to the browser; only its hash stays.

Machine time throughout: a demo clock that jumps a week must not sign anybody out or in. The idle limit is
that of screens with patient data; the absolute limit ends even a session that is never idle.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.errors import NotFound
from followup.kit.tokens import hash_token
from followup.staff.models import StaffSession
from followup.staff.rules import ABSOLUTE_LIMIT, HALF_WAY_LIMIT, IDLE_LIMIT, PROOF_LASTS

MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One place where a person is signed in. Times are machine time, UTC."""

    id: uuid.UUID
    began_at: datetime
    last_seen_at: datetime
    expires_at: datetime


def begin(
    session: Session, clinic_id: uuid.UUID, staff_id: uuid.UUID, *, now: datetime, is_open: bool = True
) -> str:
    """Begin a session for a person who proved who they are; returns the token, which exists nowhere else.

    With ``is_open`` false only the password was given: the session opens the page of the second factor, for some
    minutes. ``now`` is care time, for the audit row only.
    """
    token = secrets.token_urlsafe(32)
    row = StaffSession(clinic_id=clinic_id, staff_id=staff_id, token_hash=hash_token(token), is_open=is_open)
    row.last_seen_at = func.now()
    row.expires_at = func.now() + (ABSOLUTE_LIMIT if is_open else HALF_WAY_LIMIT)
    row.proved_at = func.now() if is_open else None
    session.add(row)
    record(
        session, clinic_id, actor=Actor("staff", staff_id), action="sign in" if is_open else "give password",
        now=now, subject=Subject("staff_session", row.id),
    )  # fmt: skip
    return token


def replace(session: Session, session_id: uuid.UUID, *, now: datetime) -> str:
    """End a half-way session and begin an open one with a new token: who knew the old one gains nothing."""
    row = session.get(StaffSession, session_id, with_for_update=True)
    if row is None or row.ended_at is not None:
        raise NotFound
    row.ended_at = func.now()
    return begin(session, row.clinic_id, row.staff_id, now=now)


def prove(session: Session, session_id: uuid.UUID) -> None:
    """Remember that the person just proved again who they are."""
    session.execute(update(StaffSession).where(StaffSession.id == session_id).values(proved_at=func.now()))


def is_proved(session: Session, session_id: uuid.UUID) -> bool:
    """Whether the person proved who they are within the last minutes."""
    recent = select(StaffSession.id).where(
        StaffSession.id == session_id, StaffSession.proved_at > func.now() - PROOF_LASTS
    )
    return session.scalar(recent) is not None


def touch(session: Session, session_id: uuid.UUID) -> None:
    """Remember that a session is in use."""
    session.execute(update(StaffSession).where(StaffSession.id == session_id).values(last_seen_at=func.now()))


def open_sessions(session: Session, staff_id: uuid.UUID) -> Sequence[OpenSession]:
    """Return where a person is signed in, newest use first."""
    rows = session.execute(
        select(StaffSession.id, StaffSession.recorded_at, StaffSession.last_seen_at, StaffSession.expires_at)
        .where(
            StaffSession.staff_id == staff_id,
            StaffSession.is_open,
            StaffSession.ended_at.is_(None),
            StaffSession.expires_at > func.now(),
            StaffSession.last_seen_at > func.now() - IDLE_LIMIT,
        )
        .order_by(StaffSession.last_seen_at.desc(), StaffSession.id)
        .limit(MOST_LISTED)
    )
    return [OpenSession(*row) for row in rows]


def end(session: Session, session_id: uuid.UUID, *, staff_id: uuid.UUID, now: datetime) -> None:
    """End one session of this person; raises NotFound for anybody else's. Ending twice is no error."""
    row = session.get(StaffSession, session_id, with_for_update=True)
    if row is None or row.staff_id != staff_id:
        raise NotFound
    if row.ended_at is None:
        row.ended_at = func.now()
        record(
            session, row.clinic_id, actor=Actor("staff", staff_id), action="sign out", now=now,
            subject=Subject("staff_session", session_id),
        )  # fmt: skip


def end_all(session: Session, staff_id: uuid.UUID, *, besides: uuid.UUID | None = None) -> None:
    """End every session of a person, this second; ``besides`` keeps the one that asks."""
    ended = update(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None))
    if besides is not None:
        ended = ended.where(StaffSession.id != besides)
    session.execute(ended.values(ended_at=func.now()))
