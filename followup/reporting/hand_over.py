"""Who could take a case over, and to whom it is offered: what the page of a case asks before it offers anything.

The offer itself is made and accepted elsewhere; nobody is named here who may not own a case.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.escalation.models import HandOver
from followup.escalation.rules import HAND_OVER_EXPIRES
from followup.staff.models import Shift, Staff
from followup.staff.queries import colleagues
from followup.staff.rules import Permission, allows


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer nobody has answered: to whom, and until when (care time) it stands."""

    to_id: uuid.UUID
    to_name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who may take a case over, and whether they are on call now."""

    id: uuid.UUID
    name: str
    role: str
    is_on_call: bool


def standing_offer(session: Session, case_id: uuid.UUID) -> Offer | None:
    """Return the offer of a case that waits for an answer."""
    row = session.execute(
        select(HandOver, Staff)
        .join(Staff, Staff.id == HandOver.to_id)
        .where(HandOver.escalation_id == case_id, HandOver.accepted_at.is_(None), HandOver.ended_at.is_(None))
    ).first()
    if row is None:
        return None
    return Offer(row.HandOver.to_id, row.Staff.name, row.HandOver.offered_at + HAND_OVER_EXPIRES)


def receivers(session: Session, owner_id: uuid.UUID | None, now: datetime) -> Sequence[Receiver]:
    """Return who may take a case over from its owner: whoever is on call first, then by name."""
    on_call = set(session.scalars(select(Shift.staff_id).where(Shift.starts_at <= now, Shift.ends_at > now)))
    people = [
        Receiver(each.id, each.name, each.role.value, each.id in on_call)
        for each in colleagues(session)
        if each.id != owner_id and allows(each.role, Permission.accept_escalations)
    ]
    return sorted(people, key=lambda each: (not each.is_on_call, each.name))
