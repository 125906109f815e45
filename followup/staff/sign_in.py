"""Check a password, slowly, and equally slowly for somebody we do not know.

argon2id at the floor that OWASP names (19 MiB, two rounds), and only so many at once: hashing must not become
the way to exhaust this machine. What is wrong (the address, the password, a disabled person) is never told.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.errors import FollowupError, InvalidInput, NotFound
from followup.staff.models import Staff
from followup.staff.rules import LONGEST_PASSWORD, password_problem
from followup.staff.sessions import end_all

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_AT_ONCE = threading.BoundedSemaphore(4)
_PATIENCE_SECONDS = 5.0


class SignInRefused(FollowupError):
    """The address or the password is not right."""

    code = "sign-in-refused"


class TooManyTries(FollowupError):
    """There were too many tries. Please wait some minutes and try again."""

    permanent = False
    code = "too-many-tries"


def hash_password(password: str, *, about: Iterable[str] = ()) -> str:
    """Return the argon2id hash to store; raises InvalidInput for a password that is too short, long or common."""
    if problem := password_problem(password, about=about):
        raise InvalidInput("password", problem)
    with _hashing():
        return _HASHER.hash(password)


def is_right(session: Session, staff_id: uuid.UUID | None, password: str, *, now: datetime) -> bool:
    """Whether this is the password of this person; takes the same work for nobody (None) and records a failure.

    The caller commits either way, so that a refused try stays on record.
    """
    row = session.execute(
        select(Staff.clinic_id, Staff.password_hash).where(Staff.id == (staff_id or uuid.UUID(int=0)))
    ).first()
    stored = row.password_hash if row and row.password_hash else _nobody()
    right = _verify(stored, password) and row is not None and row.password_hash is not None
    if not right and row is not None and staff_id is not None:
        record(
            session, row.clinic_id, actor=Actor("staff", staff_id), action="sign-in refused", now=now,
            subject=Subject("staff", staff_id),
        )  # fmt: skip
    return right


def set_password(
    session: Session, staff_id: uuid.UUID, password: str, *, now: datetime, actor: Actor
) -> None:
    """Set a password and end every session that the old one opened. Raises NotFound, InvalidInput."""
    staff = session.get(Staff, staff_id, with_for_update=True)
    if staff is None:
        raise NotFound
    staff.password_hash = hash_password(
        password, about=[staff.name, *staff.email.replace("@", ".").split(".")]
    )
    end_all(session, staff_id)
    record(
        session, staff.clinic_id, actor=actor, action="set password", now=now,
        subject=Subject("staff", staff_id),
    )  # fmt: skip


def _verify(stored: str, password: str) -> bool:
    with _hashing():
        try:
            return _HASHER.verify(stored, password[: LONGEST_PASSWORD + 1])
        except (VerificationError, InvalidHashError):
            return False


@contextmanager
def _hashing() -> Iterator[None]:
    if not _AT_ONCE.acquire(timeout=_PATIENCE_SECONDS):
        raise TooManyTries
    try:
        yield
    finally:
        _AT_ONCE.release()


_nobodys_hash: list[str] = []


def _nobody() -> str:
    """The hash of a password that nobody has, made once per process."""
    if not _nobodys_hash:
        _nobodys_hash.append(_HASHER.hash(uuid.uuid4().hex))
    return _nobodys_hash[0]
