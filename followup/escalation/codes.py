"""Codes: the short public name of a case, and the word that accepts it from one phone.

A reply code belongs to one phone and one case, has a check character, and is given to nobody else in the clinic
while it lives: a mistyped or old code must never accept somebody else's case.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.escalation.models import Escalation, ReplyCode
from followup.escalation.rules import CODE_LIVES
from followup.kit.tokens import CODE_ALPHABET, new_reply_code


def new_case_code(length: int) -> str:
    """Return a random short name for a case, with a digit so that it is no word; not a reply code."""
    while True:
        code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(length))
        if any(char.isdigit() for char in code):
            return code


def reply_code_for(session: Session, case: Escalation, point_id: uuid.UUID, *, now: datetime) -> str:
    """Return the code that accepts this case from this phone, made when it is first paged."""
    standing = session.scalar(
        select(ReplyCode).where(
            ReplyCode.staff_contact_point_id == point_id, ReplyCode.escalation_id == case.id
        )
    )
    if standing is not None:
        standing.expires_at = now + CODE_LIVES
        return standing.code
    code = _free_code(session)
    session.add(
        ReplyCode(
            clinic_id=case.clinic_id, staff_contact_point_id=point_id, escalation_id=case.id, code=code,
            expires_at=now + CODE_LIVES,
        )
    )  # fmt: skip
    session.flush()
    return code


def _free_code(session: Session) -> str:
    """Return a code that no phone of this clinic was ever given, of four characters or, when crowded, of five."""
    for length in (4, 4, 4, 4, 5, 5, 6):
        code = new_reply_code(length)
        if session.scalar(select(ReplyCode.id).where(ReplyCode.code == code).limit(1)) is None:
            return code
    return new_reply_code(8)
