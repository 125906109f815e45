"""Hand a case over: an offer that the other person accepts. Until then its owner stays its owner.

Nobody can drop an open case at the change of shift: an offer that runs out pages both and the first step.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.errors import Conflict, InvalidInput, NotAllowed, NotFound
from followup.escalation.climb import on_call_now
from followup.escalation.models import Escalation, HandOver
from followup.escalation.move import lock_case
from followup.escalation.plan_pages import notify, page_person
from followup.escalation.policy import Target
from followup.escalation.rules import HAND_OVER_EXPIRES, OWNED
from followup.escalation.states import TimerKind
from followup.escalation.timers import cancel_timers, set_timer
from followup.kit.ids import new_id
from followup.staff.models import Staff
from followup.staff.rules import Permission, allows


def offer_hand_over(
    session: Session, case_id: uuid.UUID, *, owner: Staff, to_id: uuid.UUID, public_url: str, now: datetime
) -> HandOver:
    """Offer an open case to another person, who is paged. Raises NotAllowed, InvalidInput or Conflict."""
    case = lock_case(session, case_id)
    if case.state not in OWNED or case.owner_id != owner.id:
        raise NotAllowed("Only the owner of a case can hand it over.")
    receiver = session.get(Staff, to_id)
    if receiver is None or receiver.id == owner.id or receiver.disabled_at is not None:
        raise InvalidInput("to", "Choose somebody else who works here.")
    if not allows(receiver.role, Permission.accept_escalations):
        raise InvalidInput("to", "This person may not take over cases.")
    offer_id = session.scalar(
        insert(HandOver)
        .values(
            id=new_id(), clinic_id=case.clinic_id, escalation_id=case.id, from_id=owner.id, to_id=to_id,
            offered_at=now,
        )
        .on_conflict_do_nothing()
        .returning(HandOver.id)
    )  # fmt: skip
    if offer_id is None:
        raise Conflict("This case is offered to somebody already.")
    page_person(
        session, case, to_id, step=case.step, voice_after=120, key="staff-hand-over", public_url=public_url,
        now=now,
    )  # fmt: skip
    set_timer(session, case, TimerKind.hand_over, due_at=now + HAND_OVER_EXPIRES, now=now)
    _audit(session, case, owner, action="offer hand-over", now=now)
    return session.get_one(HandOver, offer_id)


def accept_hand_over(
    session: Session, case_id: uuid.UUID, *, receiver: Staff, public_url: str, now: datetime
) -> Escalation:
    """Become the owner of a case that was offered to oneself. Raises NotFound if there is no such offer."""
    case = lock_case(session, case_id)
    offer = _open_offer(session, case)
    if offer is None or offer.to_id != receiver.id or case.owner_id != offer.from_id:
        raise NotFound("This case is not offered to you, or not any more.")
    offer.accepted_at = now
    before, case.owner_id = case.owner_id, receiver.id
    case.version += 1
    cancel_timers(session, case.id, now=now, only=(TimerKind.hand_over,))
    notify(session, case, [before], key="staff-passed-on", public_url=public_url, now=now)
    _audit(session, case, receiver, action="accept hand-over", now=now)
    return case


def decline_hand_over(
    session: Session, case_id: uuid.UUID, *, receiver: Staff, public_url: str, now: datetime
) -> None:
    """Refuse an offer; its owner is told at once. Raises NotFound if there is no such offer."""
    case = lock_case(session, case_id)
    offer = _open_offer(session, case)
    if offer is None or offer.to_id != receiver.id:
        raise NotFound("This case is not offered to you, or not any more.")
    _end(session, case, offer, public_url=public_url, now=now)
    _audit(session, case, receiver, action="decline hand-over", now=now)


def expire_hand_over(session: Session, case: Escalation, *, public_url: str, now: datetime) -> None:
    """End an offer that nobody answered: both hear it, and so does whoever is on call for the first step."""
    offer = _open_offer(session, case)
    if offer is None:
        return
    _end(session, case, offer, public_url=public_url, now=now)
    for staff_id in dict.fromkeys([offer.to_id, *on_call_now(session, Target.nurse, now=now)]):
        if staff_id != offer.from_id:
            page_person(
                session, case, staff_id, step=case.step, voice_after=0, key="staff-hand-over",
                public_url=public_url, now=now,
            )  # fmt: skip


def _end(session: Session, case: Escalation, offer: HandOver, *, public_url: str, now: datetime) -> None:
    offer.ended_at = now
    cancel_timers(session, case.id, now=now, only=(TimerKind.hand_over,))
    notify(session, case, [offer.from_id], key="staff-still-yours", public_url=public_url, now=now)


def _open_offer(session: Session, case: Escalation) -> HandOver | None:
    return session.scalar(
        select(HandOver).where(
            HandOver.escalation_id == case.id, HandOver.accepted_at.is_(None), HandOver.ended_at.is_(None)
        )
    )


def _audit(session: Session, case: Escalation, staff: Staff, *, action: str, now: datetime) -> None:
    record(
        session, case.clinic_id, actor=Actor("staff", staff.id), action=action, now=now,
        subject=Subject("escalation", case.id, case.patient_id),
    )  # fmt: skip
