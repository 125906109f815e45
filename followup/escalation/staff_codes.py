"""Understand what a member of staff texted: a code, "no" with a code, a bare "ok", STOP, or words.

Pure of consequences except through ``acknowledge``: an unknown, expired or ambiguous code changes nothing, and
nobody learns from the answer which codes exist.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.escalation.acknowledge import Result, StaffAnswer, accept, pass_up
from followup.escalation.models import ReplyCode
from followup.kit.tokens import find_reply_codes
from followup.staff.models import Staff, StaffContactPoint

# Ours for staff; the carrier acts on its own list and tells us with the text.
_STOP = re.compile(r"\s*(stop|stopall|unsubscribe|cancel|end|quit|revoke|optout|opt out)\W*", re.IGNORECASE)
_START = re.compile(r"\s*(start|unstop)\W*", re.IGNORECASE)
_BARE = re.compile(
    r"\s*(ack|acknowledged?|ok(ay)?|k|yes|y|yep|accept(ed)?|got it|on it|mine|will do|1|4)\W*", re.IGNORECASE
)
_DECLINE = re.compile(
    r"\b(no(?! (problem|worries))|nope|decline|can'?t|cannot|pass|up|busy|not me|next)\b", re.IGNORECASE
)
_LENGTHS = (4, 5, 6, 8)


@dataclass(frozen=True, slots=True)
class Sender:
    """A phone that texted, and whose it is; a declared shared line has several."""

    points: tuple[StaffContactPoint, ...]

    @property
    def point_ids(self) -> list[uuid.UUID]:
        """The ids of its contact points."""
        return [each.id for each in self.points]


def sender_of(session: Session, from_blind: bytes) -> Sender | None:
    """Return the contact points of active staff with this number, None for a number that is not of staff."""
    points = session.scalars(
        select(StaffContactPoint)
        .join(Staff, Staff.id == StaffContactPoint.staff_id)
        .where(StaffContactPoint.address_blind == from_blind, Staff.disabled_at.is_(None))
        .order_by(StaffContactPoint.position, StaffContactPoint.id)
    ).all()
    return Sender(tuple(points)) if points else None


def is_stop(text: str) -> bool:
    """Whether a text asks us to stop, in the carriers' own words."""
    return _STOP.fullmatch(text) is not None


def is_start(text: str) -> bool:
    """Whether a text asks for our texts again; "yes" alone does not, it answers a page."""
    return _START.fullmatch(text) is not None


def is_bare(text: str) -> bool:
    """Whether a text means to accept without saying what."""
    return _BARE.fullmatch(text) is not None


def answer_codes(
    session: Session, sender: Sender, text: str, *, public_url: str, now: datetime
) -> StaffAnswer | None:
    """Act on the code in a text; None if there is no code in it at all."""
    written = tuple(dict.fromkeys(code for length in _LENGTHS for code in find_reply_codes(text, length)))
    if not written:
        return None
    known = _open_codes(session, sender, written, now=now)
    cases = {each.escalation_id for each in known}
    people = {each.staff_contact_point_id for each in known}
    if not known:
        return StaffAnswer(Result.unknown_code)
    if len(cases) > 1 or len(people) > 1:
        return StaffAnswer(Result.several)
    staff_id = next(each.staff_id for each in sender.points if each.id in people)
    if _DECLINE.search(text):
        return pass_up(session, known[0].escalation_id, staff_id, reason="declined by text", now=now)
    return accept(session, known[0].escalation_id, staff_id, how="code", public_url=public_url, now=now)


def _open_codes(
    session: Session, sender: Sender, written: Sequence[str], *, now: datetime
) -> Sequence[ReplyCode]:
    return session.scalars(
        select(ReplyCode).where(
            ReplyCode.staff_contact_point_id.in_(sender.point_ids),
            ReplyCode.code.in_(written),
            ReplyCode.expires_at > now,
        )
    ).all()
