"""The second factor: a code from an app on the person's phone, and codes on paper for when the phone is lost.

A code counts once: the time step of the last one is kept, and nothing at or before it is taken again, so that a
code read over a shoulder opens nothing. One step of drift either way is allowed. Steps are machine time.
Source: RFC 6238; OWASP ASVS 5.0, 6.5.1 and 6.6.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyotp
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.errors import Conflict, InvalidInput, NotFound
from followup.kit.tokens import hash_token
from followup.staff.models import RecoveryCode, Staff
from followup.staff.rules import step_of

ISSUER = "followup"
RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_CODE_LENGTH = 16  # 31 letters: 79 random bits


@dataclass(frozen=True, slots=True)
class NewFactor:
    """What the person puts into the app: the key for typing, the address for tapping."""

    key: str
    address: str


def has_factor(session: Session, staff_id: uuid.UUID) -> bool:
    """Whether this person confirmed a second factor."""
    return session.scalar(select(Staff.factor_since).where(Staff.id == staff_id)) is not None


def prepare(session: Session, staff_id: uuid.UUID) -> NewFactor:
    """Return the secret to put into an app; it counts once a code from it was given. Raises NotFound, Conflict."""
    staff = _locked(session, staff_id)
    if staff.factor_since is not None:
        raise Conflict("There is a second factor already. Remove it first.")
    if staff.factor is None:
        staff.factor = pyotp.random_base32(length=32)
    spelled = " ".join(staff.factor[at : at + 4] for at in range(0, 32, 4))
    return NewFactor(spelled, pyotp.TOTP(staff.factor).provisioning_uri(name=staff.email, issuer_name=ISSUER))


def confirm(session: Session, staff_id: uuid.UUID, code: str, *, now: datetime) -> Sequence[str]:
    """Let the prepared factor count; returns the recovery codes, which exist nowhere else.

    Raises InvalidInput for a wrong code, Conflict if there is one already or none was prepared.
    """
    staff = _locked(session, staff_id)
    if staff.factor is None or staff.factor_since is not None:
        raise Conflict("This was done already, or not begun.")
    step = step_of(code, staff.factor, last=None, seconds=_seconds(session))
    if step is None:
        raise InvalidInput("code", "This code does not fit. Is the clock of the phone right?")
    staff.factor_since, staff.factor_step = func.now(), step
    _note(session, staff, "add second factor", now=now)
    return renew_recovery_codes(session, staff_id, now=now)


def renew_recovery_codes(session: Session, staff_id: uuid.UUID, *, now: datetime) -> Sequence[str]:
    """Make new recovery codes; the old ones end. They are shown once."""
    staff = _locked(session, staff_id)
    session.execute(update(RecoveryCode).where(RecoveryCode.staff_id == staff_id).values(used_at=func.now()))
    made = ["".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH)) for _ in range(RECOVERY_CODES)]
    session.add_all(
        RecoveryCode(clinic_id=staff.clinic_id, staff_id=staff_id, code_hash=hash_token(each))
        for each in made
    )
    _note(session, staff, "make recovery codes", now=now)
    return ["-".join(each[at : at + 4] for at in range(0, _CODE_LENGTH, 4)) for each in made]


def is_right_code(session: Session, staff_id: uuid.UUID, typed: str, *, now: datetime) -> bool:
    """Whether this is the person's code now, or an unused recovery code; takes it. Failures are on record."""
    staff = _locked(session, staff_id)
    written = "".join(typed.split()).replace("-", "").lower()
    if staff.factor is not None and staff.factor_since is not None:
        step = step_of(written, staff.factor, last=staff.factor_step, seconds=_seconds(session))
        if step is not None:
            staff.factor_step = step
            return True
    if len(written) == _CODE_LENGTH and _take(session, staff_id, written):
        _note(session, staff, "use recovery code", now=now)
        return True
    _note(session, staff, "second factor refused", now=now)
    return False


def remove(session: Session, staff_id: uuid.UUID, *, now: datetime, actor: Actor) -> None:
    """Take a second factor away, with its recovery codes; the person has to add one at the next sign-in."""
    staff = _locked(session, staff_id)
    staff.factor = staff.factor_since = staff.factor_step = None
    session.execute(update(RecoveryCode).where(RecoveryCode.staff_id == staff_id).values(used_at=func.now()))
    _note(session, staff, "remove second factor", now=now, actor=actor)


def _take(session: Session, staff_id: uuid.UUID, code: str) -> bool:
    taken = (
        update(RecoveryCode)
        .where(
            RecoveryCode.staff_id == staff_id, RecoveryCode.code_hash == hash_token(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=func.now())
        .returning(RecoveryCode.id)
    )  # fmt: skip
    return session.scalar(taken) is not None


def _locked(session: Session, staff_id: uuid.UUID) -> Staff:
    staff = session.get(Staff, staff_id, with_for_update=True, populate_existing=True)
    if staff is None or staff.disabled_at is not None:
        raise NotFound
    return staff


def _seconds(session: Session) -> float:
    return float(session.scalar(select(func.extract("epoch", func.clock_timestamp()))) or 0)


def _note(session: Session, staff: Staff, action: str, *, now: datetime, actor: Actor | None = None) -> None:
    record(
        session, staff.clinic_id, actor=actor or Actor("staff", staff.id), action=action, now=now,
        subject=Subject("staff", staff.id),
    )  # fmt: skip
