"""Prove that a phone or address is a member of staff's own: six digits, fifteen minutes, five wrong tries.

A number with a typo would send pages to a stranger at three in the morning, so only a proved one counts as cover.
The code is stored as a hash and is right once. Machine time: a moved demo clock revives no code.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.db.sealed import blind
from followup.errors import Conflict, NotFound
from followup.kit.tokens import same
from followup.staff.duties.models import StaffPointCode
from followup.staff.models import StaffContactPoint

LIVES = timedelta(minutes=15)
MOST_WRONG_TRIES = 5
# One minute between two codes to one phone: a lost text may be asked for again, a stranger is not flooded.
PAUSE = timedelta(minutes=1)
MOST_PER_DAY = 6


class TooSoon(Conflict):
    """A code was sent a moment ago. Please wait a minute before you ask for another."""

    code = "too-soon"


@dataclass(frozen=True, slots=True)
class Code:
    """A fresh code on its way to a contact point; it exists nowhere else."""

    point: StaffContactPoint
    digits: str


def new_code(
    session: Session, point_id: uuid.UUID, *, staff_id: uuid.UUID, now: datetime, actor: Actor
) -> Code:
    """Make a code for one's own contact point; the caller sends it. ``now`` is care time, for the record.

    Raises NotFound for somebody else's point, TooSoon.
    """
    point = session.get(StaffContactPoint, point_id, with_for_update=True)
    if point is None or point.staff_id != staff_id:
        raise NotFound
    _refuse_too_many(session, point_id)
    digits = f"{secrets.randbelow(1_000_000):06d}"
    row = StaffPointCode(
        clinic_id=point.clinic_id, staff_contact_point_id=point_id, code_hash=_hash(point_id, digits)
    )
    row.sent_at, row.expires_at = func.now(), func.now() + LIVES
    session.add(row)
    session.flush()
    record(
        session, point.clinic_id, actor=actor, action="ask for a code", now=now,
        subject=Subject("staff_contact_point", point_id),
    )  # fmt: skip
    return Code(point, digits)


def confirm_code(session: Session, point_id: uuid.UUID, code: str, now: datetime) -> bool:
    """Verify a contact point if the newest code sent to it is this one; False for any other.

    A wrong try is counted and commits with the caller's transaction; after five, the code is void. A verified point
    counts again, so one that STOP or a dead number had disabled is enabled: its owner has just had a code on it.
    """
    point = session.get(StaffContactPoint, point_id, with_for_update=True)
    if point is None:
        return False
    row = session.scalar(
        select(StaffPointCode)
        .where(
            StaffPointCode.staff_contact_point_id == point_id,
            StaffPointCode.used_at.is_(None),
            StaffPointCode.expires_at > func.now(),
            StaffPointCode.wrong_tries < MOST_WRONG_TRIES,
        )
        .order_by(StaffPointCode.sent_at.desc(), StaffPointCode.id.desc())
        .limit(1)
        .with_for_update()
    )
    if row is None:
        return False
    if not same(_hash(point_id, "".join(code.split())), row.code_hash):
        row.wrong_tries += 1
        session.flush()
        return False
    row.used_at = func.now()
    point.verified_at, point.last_success_at = now, now
    point.disabled_at = point.disabled_reason = None
    point.hard_failures = 0
    session.flush()
    record(
        session, point.clinic_id, actor=Actor("staff", point.staff_id), action="verify contact point", now=now,
        subject=Subject("staff_contact_point", point_id),
    )  # fmt: skip
    return True


def confirm_by_text(session: Session, point_ids: Collection[uuid.UUID], text: str, now: datetime) -> bool:
    """Verify whichever of a sender's points this text holds the code of; for a text that is nothing but digits."""
    digits = "".join(each for each in text if not each.isspace())
    if not (digits.isascii() and digits.isdigit() and len(digits) == 6):
        return False
    return any(confirm_code(session, each, digits, now) for each in sorted(point_ids))


def _refuse_too_many(session: Session, point_id: uuid.UUID) -> None:
    newest, today = session.execute(
        select(
            func.coalesce(func.max(StaffPointCode.sent_at) > func.now() - PAUSE, False),
            func.count().filter(StaffPointCode.sent_at > func.now() - timedelta(days=1)),
        ).where(StaffPointCode.staff_contact_point_id == point_id)
    ).one()
    if newest or today >= MOST_PER_DAY:
        raise TooSoon


def _hash(point_id: uuid.UUID, digits: str) -> bytes:
    """A keyed hash: a million codes are quickly tried against a plain one."""
    return blind("staff point code", f"{point_id} {digits}")
