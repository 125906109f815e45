"""Compare a restored database with what the carrier says was sent meanwhile (F34).

A backup does not know what its lost hours sent. Before anything may be sent again, every contact that was due in
them is looked up in the carrier's own list: what was sent is not sent again, and what nobody can know (mail, a
number the list could not be had for) becomes a call of a person, never a second text on a guess.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, moved, record
from followup.clinics.models import Clinic
from followup.clinics.states import Channel
from followup.enrollment.advance import advance_touchpoint
from followup.enrollment.models import Touchpoint
from followup.enrollment.planning.reasons import SENTENCES, Reason
from followup.enrollment.states import TouchpointState
from followup.errors import Conflict
from followup.messaging.models import Message
from followup.messaging.states import MessageState
from followup.patients.models import ContactPoint
from followup.ports import CarrierMessage
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

ListSent = Callable[[Iterable[str], datetime], Mapping[str, Sequence[CarrierMessage]]]

# A contact may have waited for its hours when the backup was made.
_BEFORE = timedelta(days=1)
_CALL_DUE = timedelta(hours=4)
_WHY = SENTENCES[Reason.BEFORE_RESTORE]


@dataclass(slots=True)
class Compared:
    """What became of the contacts of the lost hours."""

    sent_already: int = 0
    for_a_person: int = 0
    still_to_send: int = 0


def compare(
    session: Session,
    clinic_id: uuid.UUID,
    list_sent: ListSent,
    *,
    since: datetime,
    now: datetime,
    actor: Actor,
) -> Compared:
    """Settle what the lost hours may have sent; ``since`` is when the backup was made (UTC).

    Repeating it changes nothing. Raises Conflict unless the clinic's sending is paused: the list must stand still.
    """
    clinic = session.get_one(Clinic, clinic_id)
    if clinic.sending_paused_at is None:
        raise Conflict(
            "Sending is not paused. Pause it first, so that nothing is sent while this is compared."
        )
    compared = Compared()
    contacts = _overdue(session, since=since, now=now)
    waiting = session.scalars(
        # Also what was queued since: a reply that the carrier's list brought back may have been answered before.
        select(Message).where(Message.state == MessageState.queued).order_by(Message.queued_at, Message.id)
    ).all()
    numbers = {number for _, number in contacts if number} | {
        each.to for each in waiting if each.channel is Channel.sms
    }
    listed = list_sent(sorted(numbers), since)
    unclaimed = {number: list(texts) for number, texts in listed.items()}
    for message in waiting:
        _settle_message(session, message, unclaimed, compared, now=now)
    for touchpoint, number in contacts:
        _settle_contact(session, touchpoint, number, unclaimed, compared=compared, now=now, actor=actor)
    record(
        session, clinic_id, actor=actor, action="compare after restore", now=now,
        subject=Subject("clinic", clinic_id),
        details={"sent": compared.sent_already, "person": compared.for_a_person, "open": compared.still_to_send},
    )  # fmt: skip
    return compared


def _overdue(session: Session, *, since: datetime, now: datetime) -> list[tuple[Touchpoint, str | None]]:
    rows = session.scalars(
        select(Touchpoint)
        .where(
            Touchpoint.state == TouchpointState.planned, Touchpoint.due_at <= now,
            Touchpoint.due_at >= since - _BEFORE,
        )
        .order_by(Touchpoint.due_at, Touchpoint.id)
        .with_for_update()
    ).all()  # fmt: skip
    points = session.scalars(
        select(ContactPoint)
        .where(
            ContactPoint.patient_id.in_([row.patient_id for row in rows]), ContactPoint.channel == Channel.sms
        )
        .order_by(ContactPoint.id.desc())
    )
    numbers = {point.patient_id: point.address for point in points}
    return [(row, numbers.get(row.patient_id) if row.channel is Channel.sms else None) for row in rows]


def _settle_message(
    session: Session, message: Message, unclaimed: dict[str, list[CarrierMessage]], compared: Compared, *,
    now: datetime,
) -> None:  # fmt: skip
    texts = unclaimed.get(message.to, [])
    same = next((each for each in texts if each.body == message.body), None)
    if same is None:
        compared.still_to_send += 1
        return
    texts.remove(same)
    session.execute(
        update(Message)
        .where(Message.id == message.id, Message.state == MessageState.queued)
        .values(state=MessageState.cancelled, claimable=False, reason=_WHY, final_at=now)
    )
    moved(
        session, message.clinic_id, thing="message", thing_id=message.id, before=MessageState.queued,
        after=MessageState.cancelled, now=now, reason=_WHY,
    )  # fmt: skip
    compared.sent_already += 1


def _settle_contact(
    session: Session, touchpoint: Touchpoint, number: str | None,
    unclaimed: dict[str, list[CarrierMessage]], *, compared: Compared, now: datetime, actor: Actor,
) -> None:  # fmt: skip
    if number is None or number not in unclaimed:
        to, compared.for_a_person = TouchpointState.call_task, compared.for_a_person + 1
        open_task(
            session, touchpoint.clinic_id, kind=TaskKind.call_missed_text, now=now, due_at=now + _CALL_DUE,
            subject_id=touchpoint.id, patient_id=touchpoint.patient_id,
            reason=f"Please call: nobody knows whether the contact {touchpoint.key} was sent before the restore.",
        )  # fmt: skip
    elif text := next((each for each in unclaimed[number] if each.created_at >= touchpoint.due_at), None):
        unclaimed[number].remove(text)
        to, compared.sent_already = TouchpointState.skipped, compared.sent_already + 1
    else:
        compared.still_to_send += 1
        return
    advance_touchpoint(
        session, touchpoint.id, to=to, now=now, reason=_WHY, code=Reason.BEFORE_RESTORE, actor=actor
    )
