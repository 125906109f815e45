"""Plan pages: rows with a due time, written in the transaction of the move that asks for them.

Nothing is sent here. The caller holds the lock of the case, so that one step plans each page once; the unique key
of the table is the second lock.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from followup.audit.record import moved
from followup.clinics.models import Clinic
from followup.clinics.states import Channel
from followup.db import sealed
from followup.doorbell import ring
from followup.escalation.codes import reply_code_for
from followup.escalation.models import Escalation, Page
from followup.escalation.page_rules import first_wave
from followup.escalation.page_text import PageFacts, Taken, house_words, page_words
from followup.escalation.states import PagePurpose, PageState
from followup.kit.ids import new_id
from followup.kit.tokens import random_token
from followup.staff.models import StaffContactPoint
from followup.staff.on_call import Way, ways_to

LINK_PATH = "/c"
# Answers without a case have no order among them; the number only has to differ.
_NUMBERS = 2_000_000_011


@dataclass(frozen=True, slots=True)
class To:
    """Where one page goes: a person's contact point, or the clinic's line that belongs to nobody in particular."""

    channel: Channel
    address: str
    staff_id: uuid.UUID | None = None
    point_id: uuid.UUID | None = None

    @staticmethod
    def by(way: Way) -> To:
        """Return the target of one way to a person."""
        return To(way.channel, way.point.address, way.point.staff_id, way.point.id)


@dataclass(frozen=True, slots=True)
class Slip:
    """Which words go out, why, and when (care time); ``wait_seconds`` more of machine time for a retry."""

    key: str
    purpose: PagePurpose
    due_at: datetime
    step: int
    tries: int = 0
    wait_seconds: int | None = None


def page_person(
    session: Session, case: Escalation, staff_id: uuid.UUID, *, step: int, voice_after: int | None,
    key: str, public_url: str, now: datetime,
) -> int:  # fmt: skip
    """Plan the pages of one person for one step; returns how many, 0 for somebody who can't be reached."""
    ways = ways_to(session, staff_id)
    planned = 0
    for channel, due_at in first_wave(
        [each.channel for each in ways], voice_after=voice_after, now=now
    ).items():
        way = next(each for each in ways if each.channel is channel)
        slip = Slip(key, PagePurpose.page, due_at, step)
        planned += plan_page(session, case, To.by(way), slip=slip, public_url=public_url, now=now) is not None
    return planned


def page_line(session: Session, case: Escalation, *, step: int, public_url: str, now: datetime) -> int:
    """Plan a call to the line that is answered day and night; it belongs to the clinic, not to a shift."""
    line = session.get_one(Clinic, case.clinic_id).urgent_phone
    slip = Slip("staff-page", PagePurpose.page, now, step)
    to = To(Channel.voice, line)
    return int(plan_page(session, case, to, slip=slip, public_url=public_url, now=now) is not None)


def notify(
    session: Session, case: Escalation, staff: Sequence[uuid.UUID], *, key: str, public_url: str, now: datetime,
    taken: Taken | None = None,
) -> None:  # fmt: skip
    """Plan one notice to each of some people, by the first way that reaches them without ringing."""
    for staff_id in staff:
        ways = [each for each in ways_to(session, staff_id) if each.channel is not Channel.voice]
        if ways:
            slip = Slip(key, PagePurpose.notice, now, case.step)
            plan_page(session, case, To.by(ways[0]), slip=slip, public_url=public_url, now=now, taken=taken)


def plan_page(
    session: Session, case: Escalation, to: To, *, slip: Slip, public_url: str, now: datetime,
    taken: Taken | None = None,
) -> uuid.UUID | None:  # fmt: skip
    """Plan one page and ring if it is due; returns its id, None if the very same page was planned already."""
    link_token = random_token()
    code = None
    if to.point_id is not None and slip.purpose is PagePurpose.page:
        code = reply_code_for(session, case, to.point_id, now=now)
    facts = PageFacts(
        tier=case.tier,
        clinic_code=session.get_one(Clinic, case.clinic_id).code,
        case_code=case.code,
        link=f"{public_url}{LINK_PATH}/{link_token}",
        reply_code=code,
    )
    words = page_words(slip.key, to.channel, facts, taken=taken)
    page_id = new_id()
    values = {
        "id": page_id, "clinic_id": case.clinic_id, "escalation_id": case.id, "round": case.round,
        "step": slip.step, "staff_id": to.staff_id, "staff_contact_point_id": to.point_id,
        "to_sealed": _seal(page_id, to.address), "channel": to.channel, "purpose": slip.purpose,
        "number": _next_number(session, case, to, slip), "token": random_token(), "link_token": link_token,
        "body": words.body, "subject": words.subject, "state": PageState.planned, "due_at": slip.due_at,
        "tries": slip.tries,
    }  # fmt: skip
    if slip.wait_seconds is not None:
        values["lease_until"] = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, slip.wait_seconds)
    planned = session.scalar(insert(Page).values(values).on_conflict_do_nothing().returning(Page.id))
    if planned is None:
        return None
    moved(
        session, case.clinic_id, thing="page", thing_id=page_id, before=None, after=PageState.planned, now=now,
        reason=f"{slip.purpose} by {to.channel}",
    )  # fmt: skip
    if slip.due_at <= now:
        ring(session, "care.page")
    return page_id


def answer_staff(
    session: Session, clinic_id: uuid.UUID, point: StaffContactPoint, *, key: str, case: Escalation | None,
    public_url: str, now: datetime, taken: Taken | None = None,
) -> None:  # fmt: skip
    """Plan the answer to a text of staff; without a case it says nothing about any."""
    to = To(Channel.sms, point.address, point.staff_id, point.id)
    if case is not None:
        slip = Slip(key, PagePurpose.answer, now, case.step)
        plan_page(session, case, to, slip=slip, public_url=public_url, now=now, taken=taken)
        return
    page_id = new_id()
    session.add(
        Page(
            id=page_id, clinic_id=clinic_id, escalation_id=None, round=0, step=0, staff_id=to.staff_id,
            staff_contact_point_id=to.point_id, to_sealed=_seal(page_id, to.address), channel=to.channel,
            purpose=PagePurpose.answer, number=page_id.int % _NUMBERS, token=random_token(),
            link_token=random_token(), body=house_words(key), state=PageState.planned, due_at=now,
        )
    )  # fmt: skip
    moved(
        session, clinic_id, thing="page", thing_id=page_id, before=None, after=PageState.planned, now=now,
        reason="answer by sms",
    )  # fmt: skip
    ring(session, "care.page")


def _next_number(session: Session, case: Escalation, to: To, slip: Slip) -> int:
    same = select(func.max(Page.number)).where(
        Page.escalation_id == case.id,
        Page.round == case.round,
        Page.step == slip.step,
        Page.staff_contact_point_id.is_not_distinct_from(to.point_id),
        Page.channel == to.channel,
        Page.purpose == slip.purpose,
    )
    return (session.scalar(same) or 0) + 1


def _seal(page_id: uuid.UUID, address: str) -> bytes:
    return sealed.ring().seal(address, sealed.place(Page.__tablename__, "to_sealed", page_id))
