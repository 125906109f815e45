"""Keep what somebody wrote: one reply row for one inbound event, matched, its wish obeyed, bound to its question.

Whatever can't be found out (who, which question) is left open on the row; it never keeps a text from being stored
and triaged. One text of a number is handled at a time, so that "STOP" and "START" count in the order they came.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from followup.audit.record import moved
from followup.clinics.models import Clinic
from followup.clinics.states import Channel
from followup.doorbell import ring
from followup.enrollment.models import Enrollment
from followup.enrollment.states import EnrollmentState
from followup.intake.first_look import may_be_urgent
from followup.messaging.queue import Address, Draft, queue
from followup.messaging.say import say_system
from followup.messaging.states import Purpose
from followup.patients.models import ContactPoint
from followup.patients.states import ContactState
from followup.replies import opt
from followup.replies.hold import IDENTITY, hold
from followup.replies.limit import may_answer
from followup.replies.match import Found, Match
from followup.replies.models import Reply
from followup.replies.obey import Asking, obey
from followup.replies.questions import asked_before, writer_waiting
from followup.replies.rules import bind
from followup.replies.states import ReplyState
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

_IDENTITY_DUE = timedelta(hours=2)
_ANSWER_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What somebody wrote to one of our senders. ``may_be_answered``: no machine is on the other end."""

    event_id: uuid.UUID
    clinic_id: uuid.UUID
    sender_id: uuid.UUID
    channel: Channel
    address: str
    address_blind: bytes
    body: str
    received_at: datetime
    media_count: int = 0
    # What the carrier says it answered itself: STOP, START, HELP, or nothing.
    opt_out_type: str = ""
    # Whether the carrier acts on its own keywords, as it does unless a clinic switched that off.
    carrier_acts: bool = True
    is_verified: bool = True
    may_be_answered: bool = True
    # The fallback receiver gave its safety text in the outage in which this came.
    was_told: bool = False
    email_message_id: str | None = None
    threaded: uuid.UUID | None = None


def one_at_a_time(session: Session, clinic_id: uuid.UUID, address_blind: bytes) -> None:
    """Wait until no other transaction handles this address of this clinic."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"),
        {"key": f"reply:{clinic_id}:{address_blind.hex()}"},
    )


def keep(session: Session, written: Written, match: Match, *, now: datetime) -> Reply:
    """Store a reply, do what it asks, and ring for triage."""
    chosen = match.chosen
    reply = Reply(
        provider_event_id=written.event_id,
        clinic_id=written.clinic_id,
        sender_id=written.sender_id,
        channel=written.channel,
        sender_address=written.address,
        from_blind=written.address_blind,
        body=written.body,
        media_count=written.media_count,
        is_verified=written.is_verified,
        email_message_id=written.email_message_id,
        received_at=written.received_at,
        patient_id=chosen.patient_id if chosen else None,
        contact_point_id=chosen.contact_point_id if chosen else None,
        state=ReplyState.received,
    )
    session.add(reply)
    if chosen is not None:
        _bind(session, reply, written)
    session.flush()
    moved(
        session, written.clinic_id, thing="reply", thing_id=reply.id, before=None, after=ReplyState.received,
        now=now,
    )  # fmt: skip
    wish = opt.as_carrier_did(opt.read(written.body), written.opt_out_type)
    _hear(session, match, now=now)
    if match.candidates:
        obey(session, _asking(reply, match, wish, written), now=now)
    if match.found is Found.shared:
        _ask_who(session, reply, match, now=now)
    elif match.chosen is None and any(each.is_replaced for each in match.candidates):
        _ask_whether_still_theirs(session, reply, now=now)
    elif match.found is Found.stranger and written.may_be_answered and wish.ask is None:
        _answer_stranger(session, reply, written, now=now)
    ring(session, "care.respond", reply.id)
    return reply


def _asking(reply: Reply, match: Match, wish: opt.Wish, written: Written) -> Asking:
    return Asking(
        reply, match, wish,
        carrier_answered=bool(written.opt_out_type) or (written.carrier_acts and wish.carrier_acts),
        carrier_helped=written.opt_out_type == "HELP",
    )  # fmt: skip


def _bind(session: Session, reply: Reply, written: Written) -> None:
    assert reply.patient_id is not None
    asked = asked_before(session, reply.patient_id, written.received_at)
    since = asked[0].asked_at if asked else None
    reply.asked_by = writer_waiting(session, reply.patient_id, at=written.received_at, since=since)
    binding = bind(asked, received_at=written.received_at, threaded=written.threaded)
    # What a person asked last is what is answered: a "2" to "how many did you take?" is no pain score.
    if binding is not None and reply.asked_by is None:
        reply.touchpoint_id, reply.enrollment_id = binding.touchpoint_id, binding.enrollment_id
        return
    # Without a question it belongs to the newest recovery, a running one before an ended one.
    reply.enrollment_id = session.scalar(
        select(Enrollment.id)
        .where(Enrollment.patient_id == reply.patient_id)
        .order_by(
            Enrollment.state.in_([EnrollmentState.active, EnrollmentState.paused]).desc(),
            Enrollment.performed_on.desc(),
        )
        .limit(1)
    )


def _hear(session: Session, match: Match, *, now: datetime) -> None:
    """Somebody answered from it: the address works, and it was last confirmed now."""
    if match.chosen is None:
        return
    point = ContactPoint.id == match.chosen.contact_point_id
    session.execute(update(ContactPoint).where(point).values(last_heard_at=now))
    session.execute(
        update(ContactPoint)
        .where(point, ContactPoint.state.in_([ContactState.stated, ContactState.bad]))
        .values(state=ContactState.confirmed, state_reason="somebody answered from it")
    )


def _ask_who(session: Session, reply: Reply, match: Match, *, now: datetime) -> None:
    """Two patients share the address: their planned texts wait until a person knows who wrote."""
    hold(session, [each.patient_id for each in match.candidates], reason=IDENTITY, now=now)
    open_task(
        session, reply.clinic_id, kind=TaskKind.identity, now=now, due_at=now + _IDENTITY_DUE,
        subject_id=reply.id, priority="high" if may_be_urgent(reply.body) else "normal",
        reason="Several patients share the number this came from. Read it, ask who wrote, and file it there.",
    )  # fmt: skip


def _ask_whether_still_theirs(session: Session, reply: Reply, *, now: datetime) -> None:
    """A number that a patient gave up belongs to anybody by now: nothing is filed or answered until it is known."""
    open_task(
        session, reply.clinic_id, kind=TaskKind.identity, now=now, due_at=now + _IDENTITY_DUE,
        subject_id=reply.id, priority="high" if may_be_urgent(reply.body) else "normal",
        reason="This came from a number or address that a patient gave up. Ask the patient, and file it if it is"
        " theirs.",
    )  # fmt: skip


def _answer_stranger(session: Session, reply: Reply, written: Written, *, now: datetime) -> None:
    """One answer to a number nobody knows: nothing about any patient, only whom to call."""
    if not may_answer(session, reply, now=now):
        return
    is_urgent = may_be_urgent(written.body)
    if is_urgent and written.was_told:
        return
    key = "unknown-number-red-flag" if is_urgent else "unknown-number"
    language = str(session.get_one(Clinic, written.clinic_id).settings.get("language", "en"))
    said = say_system(
        session, written.clinic_id, key=key, language=language, channel=written.channel, now=now
    )
    draft = Draft(
        purpose=Purpose.safety if is_urgent else Purpose.answer, text_key=key, language=language,
        body=said.body, subject=said.subject, not_before=now, not_after=now + _ANSWER_WITHIN,
        cause_id=reply.id, in_reply_to=written.email_message_id,
    )  # fmt: skip
    to = Address(written.channel, written.address)
    queue(session, written.clinic_id, draft=draft, to=to, now=now, sender_id=written.sender_id)
