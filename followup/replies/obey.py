"""Do what a text asks of us, before anything else and in the same transaction that stores the reply.

An opt-out counts at once, for the number in every record of the clinic; nothing is cancelled silently. The one
confirmation carries the emergency line, because it may be the last text this patient ever gets from us. The
patient's words stay in the reply, sealed: consent rows name it. Source: 47 CFR 64.1200(a)(10)-(12).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from followup.audit.record import Actor, moved
from followup.clinics.states import Channel
from followup.intake.first_look import may_be_urgent
from followup.messaging.consequences import plan_again
from followup.messaging.models import Message
from followup.messaging.queue import Address, Draft, queue
from followup.messaging.rules import STANDS_FOR_A_STEP
from followup.messaging.say import say_system
from followup.messaging.states import MessageState, Purpose
from followup.patients.consent import record_consent, record_opt_out
from followup.patients.models import ContactPoint
from followup.patients.states import ContactState
from followup.replies.hold import IDENTITY, WISH, hold
from followup.replies.limit import may_answer
from followup.replies.match import Match
from followup.replies.models import Reply
from followup.replies.opt import Ask, Wish
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

CONFIRM_WITHIN = timedelta(minutes=5)
_ANSWER_WITHIN = timedelta(hours=1)
_ASK_DUE = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Asking:
    """One reply with its wish. ``carrier_answered``: the patient was told already; a second text confuses."""

    reply: Reply
    match: Match
    wish: Wish
    carrier_answered: bool
    carrier_helped: bool = False

    @property
    def actor(self) -> Actor:
        """The patient, as far as known."""
        return Actor("patient", self.reply.patient_id)

    @property
    def points(self) -> list[uuid.UUID]:
        """Every record of this clinic with the address, in one order, so that two texts can't lock each other."""
        return sorted(each.contact_point_id for each in self.match.candidates)


def obey(session: Session, asking: Asking, *, now: datetime) -> None:
    """Carry out the wish of one reply and note it on the reply; a wish that changes nothing is no wish."""
    if asking.wish.ask is not None:
        _HOW[asking.wish.ask](session, asking, now)


def _help(session: Session, asking: Asking, now: datetime) -> None:
    asking.reply.opt = Ask.help.value
    chosen = asking.match.chosen
    # The carrier's default answer names neither us nor a number to call; only its own configured one will do.
    if chosen is None or asking.carrier_helped or not may_answer(session, asking.reply, now=now):
        return
    _say(
        session, asking.reply, chosen.contact_point_id, key="help", language=asking.match.language,
        purpose=Purpose.answer, now=now, within=_ANSWER_WITHIN,
    )  # fmt: skip


def _opt_out(session: Session, asking: Asking, now: datetime) -> None:
    reply = asking.reply
    reply.opt = Ask.opt_out.value
    points = asking.points
    if asking.wish.everything and reply.patient_id is not None:
        all_points = session.scalars(
            select(ContactPoint.id).where(ContactPoint.patient_id == reply.patient_id)
        )
        points = sorted({*points, *all_points})
    how = "email" if reply.channel is Channel.email else "text"
    changed = [
        point
        for point in points
        if record_opt_out(
            session, point, wording=f"in the patient's words, reply {reply.id}", how=how, now=now,
            actor=asking.actor,
        )
    ]  # fmt: skip
    cancel_queued(session, points, reason="the patient asked us to stop writing here", now=now)
    if not changed or asking.carrier_answered:
        return
    # With a warning sign beside it the confirmation is all that may be said: it says to call, and whom.
    is_urgent = not asking.wish.is_whole and may_be_urgent(reply.body)
    key = "opt-out-red-flag" if is_urgent else "opt-out-confirmed"
    _say(
        session, reply, _answer_to(asking), key=key, language=asking.match.language, purpose=Purpose.consent,
        now=now, within=_ANSWER_WITHIN if is_urgent else CONFIRM_WITHIN,
    )  # fmt: skip


def _opt_in(session: Session, asking: Asking, now: datetime) -> None:
    """Texts again, for a number that had opted out; from any other number these words are an answer."""
    wanted = [
        each.contact_point_id
        for each in asking.match.candidates
        if each.is_opted_out and not each.is_wrong_person
    ]
    if not wanted:
        return
    reply = asking.reply
    if not reply.is_verified:
        # Anybody can write a From address: stopping is believed, starting again is asked about.
        _ask_a_person(session, asking, kind=TaskKind.consent, reason=WISH, now=now)
        return
    reply.opt = Ask.opt_in.value
    for point in session.scalars(
        select(ContactPoint).where(ContactPoint.id.in_(wanted)).order_by(ContactPoint.id).with_for_update()
    ):
        record_consent(
            session, point, wording=f"in the patient's words, reply {reply.id}", wording_version="-",
            how="email" if reply.channel is Channel.email else "text", obtained_by="patient", now=now,
            actor=asking.actor,
        )  # fmt: skip
    if not asking.carrier_answered:
        _say(
            session, reply, _answer_to(asking), key="opt-in-confirmed", language=asking.match.language,
            purpose=Purpose.consent, now=now, within=CONFIRM_WITHIN,
        )  # fmt: skip


def _wrong_person(session: Session, asking: Asking, now: datetime) -> None:
    """Stop all texts to an address where somebody else answers: not for a forged mail, nor beside an emergency."""
    if may_be_urgent(asking.reply.body) or not asking.reply.is_verified:
        _who_is_this(session, asking, now)
        return
    asking.reply.opt = Ask.wrong_person.value
    points = asking.points
    session.execute(
        update(ContactPoint)
        .where(ContactPoint.id.in_(points))
        .values(state=ContactState.wrong_person, state_reason="somebody else answered from it")
    )
    cancel_queued(session, points, reason="somebody else answers at this address", now=now)
    for each in asking.match.candidates:
        open_task(
            session, asking.reply.clinic_id, kind=TaskKind.wrong_person, now=now, due_at=now + _ASK_DUE,
            patient_id=each.patient_id, subject_id=each.contact_point_id, priority="high",
            reason="Somebody else answers at this address, so nothing more goes there. Find the right one, and note"
            " what may have been disclosed.",
        )  # fmt: skip


def _who_is_this(session: Session, asking: Asking, now: datetime) -> None:
    """Perhaps a patient who forgot us, perhaps a stranger with the patient's old number: a person finds out."""
    _ask_a_person(session, asking, kind=TaskKind.wrong_person, reason=IDENTITY, now=now)


def _maybe_opt_out(session: Session, asking: Asking, now: datetime) -> None:
    _ask_a_person(session, asking, kind=TaskKind.consent, reason=WISH, now=now)


def _ask_a_person(session: Session, asking: Asking, *, kind: TaskKind, reason: str, now: datetime) -> None:
    asking.reply.opt = asking.wish.ask.value if asking.wish.ask else None
    hold(session, [each.patient_id for each in asking.match.candidates], reason=reason, now=now)
    for each in asking.match.candidates:
        open_task(
            session, asking.reply.clinic_id, kind=kind, now=now, due_at=now + _ASK_DUE,
            patient_id=each.patient_id, subject_id=each.contact_point_id,
            reason=f"Planned texts are held: {reason}. Please call.",
        )  # fmt: skip


def cancel_queued(
    session: Session, contact_points: Sequence[uuid.UUID], *, reason: str, now: datetime
) -> None:
    """Cancel what waits for these addresses. Safety texts and the confirmation are the sender's own decision.

    A step whose text is cancelled goes back to planning, which sends it to another address that was agreed to, asks
    for a call, or leaves it out with its reason. What a pump has claimed already is stopped by its last look before
    the call, which waits for this transaction.
    """
    if not contact_points:
        return
    cancelled = session.execute(
        update(Message)
        .where(
            Message.contact_point_id.in_(contact_points),
            Message.state == MessageState.queued,
            Message.claimable,
            Message.purpose.not_in([Purpose.consent, Purpose.safety]),
        )
        .values(state=MessageState.cancelled, claimable=False, reason=reason, final_at=now)
        .returning(Message.id, Message.clinic_id, Message.touchpoint_id, Message.purpose)
    )
    for message_id, clinic_id, touchpoint_id, purpose in cancelled.all():
        moved(
            session, clinic_id, thing="message", thing_id=message_id, before=MessageState.queued,
            after=MessageState.cancelled, now=now, reason=reason,
        )  # fmt: skip
        if touchpoint_id is not None and purpose in STANDS_FOR_A_STEP:
            plan_again(session, touchpoint_id, look_at=now, now=now, reason=reason)


def _answer_to(asking: Asking) -> uuid.UUID:
    chosen = asking.match.chosen or asking.match.candidates[0]
    return chosen.contact_point_id


def _say(
    session: Session, reply: Reply, contact_point_id: uuid.UUID, *, key: str, language: str, purpose: Purpose,
    now: datetime, within: timedelta,
) -> None:  # fmt: skip
    point = session.get_one(ContactPoint, contact_point_id)
    said = say_system(
        session, reply.clinic_id, key=key, language=language, channel=reply.channel, now=now,
        patient_id=reply.patient_id,
    )  # fmt: skip
    draft = Draft(
        purpose=purpose, text_key=key, language=language, body=said.body, subject=said.subject, not_before=now,
        not_after=now + within, patient_id=reply.patient_id, enrollment_id=reply.enrollment_id,
        cause_id=reply.id, in_reply_to=reply.email_message_id,
    )  # fmt: skip
    queue(session, reply.clinic_id, draft=draft, to=Address.of(point), now=now, sender_id=reply.sender_id)


_HOW: dict[Ask, Callable[[Session, Asking, datetime], None]] = {
    Ask.opt_out: _opt_out,
    Ask.maybe_opt_out: _maybe_opt_out,
    Ask.opt_in: _opt_in,
    Ask.yes: _opt_in,
    Ask.help: _help,
    Ask.wrong_person: _wrong_person,
    Ask.who_is_this: _who_is_this,
}
