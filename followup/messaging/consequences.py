"""Carry out what follows when a message was refused or failed: try later, give up, stop, or ask a person.

A text that matters and did not get there is never just a failed row: it opens a task with a due time.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from followup.audit.record import SYSTEM, moved
from followup.doorbell import ring
from followup.enrollment.advance import advance_touchpoint
from followup.enrollment.models import Touchpoint
from followup.enrollment.states import TouchpointState
from followup.messaging.models import Message
from followup.messaging.queue import Address, Draft, Queued, queue
from followup.messaging.rules import (
    AWAITED,
    BAD_ADDRESS,
    OPTED_OUT,
    STANDS_FOR_A_STEP,
    Consequence,
    Follow,
    longer_wait,
)
from followup.messaging.states import MessageState, Purpose
from followup.messaging.stop import stop_a_refused_wording, stop_all
from followup.patients.consent import record_opt_out
from followup.patients.models import ContactPoint
from followup.patients.states import ContactState
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind

# A person looks at an undelivered text within this long; a safety text is the escalation's business at once.
TASK_DUE = timedelta(hours=2)
HOURS_OVER = "the hours for texts were over before it could be sent; decided anew"


def apply(
    session: Session, message_id: uuid.UUID, *, consequence: Consequence, code: str, now: datetime
) -> None:
    """Apply a consequence to a message that is still on its way (queued, accepted or sent)."""
    message = session.get(Message, message_id, with_for_update=True, populate_existing=True)
    if message is None or message.state not in (
        MessageState.queued, MessageState.accepted, MessageState.sent,
    ):  # fmt: skip
        return
    if consequence.burns_attempt and message.state is MessageState.queued:
        # What the carrier took was counted when it took it.
        message.calls += 1
    message.error_code = code
    match consequence.follow:
        case Follow.retry if message.state is MessageState.queued:
            _try_later(message, consequence, now=now)
        case Follow.retry:
            _fail(session, message, code=code, now=now)
            _send_again(session, message, consequence, now=now)
        case Follow.stop_all if message.state is MessageState.queued:
            stop_all(session, message, consequence, code=code, now=now)
        case _:
            _fail(session, message, code=code, now=now, stale=consequence.went_stale)
            if consequence.follow is Follow.stop_all:
                # Taken first, refused later: the account is wrong all the same, and the step stays due.
                stop_all(session, message, consequence, code=code, now=now)
            stands = message.touchpoint_id if message.purpose in STANDS_FOR_A_STEP else None
            if stands and _may_plan_again(session, stands, consequence, now=now):
                plan_again(session, stands, look_at=now + consequence.after, now=now)
            else:
                _give_up(session, message, consequence, code=code, now=now)


def plan_again(
    session: Session, touchpoint_id: uuid.UUID, *, look_at: datetime, now: datetime, reason: str = HOURS_OVER
) -> None:
    """Hand a step whose text certainly did not go out back to planning.

    Planning knows its hours, its last moment and the patient's other addresses; a safety contact that has none of
    them left becomes a call.
    """
    if not advance_touchpoint(session, touchpoint_id, to=TouchpointState.skipped, now=now, reason=reason):
        return
    advance_touchpoint(
        session, touchpoint_id, to=TouchpointState.planned, now=now, reason=reason, look_at=look_at,
        remind_at=None,
    )  # fmt: skip
    ring(session, "messages.dispatch")


def _give_up(
    session: Session, message: Message, consequence: Consequence, *, code: str, now: datetime
) -> None:
    if consequence.record_opt_out and message.contact_point_id is not None:
        _opted_out(session, message, message.contact_point_id, code=code, now=now)
        return
    goes_another_way = False
    if consequence.mark_bad and message.contact_point_id is not None:
        _mark_bad(session, message.contact_point_id, code=code)
        goes_another_way = _go_another_way(session, message, now=now)
    if consequence.bad_wording:
        stop_a_refused_wording(session, message, now=now)
    if consequence.wants_task or consequence.follow is Follow.stop_all:
        _open_task(session, message, consequence, code=code, now=now, goes_another_way=goes_another_way)


def _opted_out(
    session: Session, message: Message, contact_point_id: uuid.UUID, *, code: str, now: datetime
) -> None:
    """The carrier blocks this number because its owner said stop there: that is a wish, not a failure.

    Where the wish is known already the refusal is the expected answer to it, and nobody is bothered.
    """
    is_news = record_opt_out(
        session, contact_point_id, how="carrier", now=now, actor=SYSTEM,
        wording="found at the carrier: this number has opted out",
    )  # fmt: skip
    if message.touchpoint_id is not None and message.purpose in STANDS_FOR_A_STEP:
        plan_again(session, message.touchpoint_id, look_at=now, now=now, reason=OPTED_OUT)
    if not is_news and message.purpose not in AWAITED:
        return
    is_safety = message.purpose is Purpose.safety
    open_task(
        session, message.clinic_id, kind=TaskKind.call_missed_text, now=now,
        due_at=now if is_safety else now + TASK_DUE, patient_id=message.patient_id, subject_id=contact_point_id,
        reason=f"A text ({message.text_key}) was not sent: at the carrier this number has opted out (code {code})."
        " No text can reach it until its owner texts START. Please call and ask how to keep in touch.",
        priority="high" if is_safety else "normal",
    )  # fmt: skip


def _mark_bad(session: Session, contact_point_id: uuid.UUID, *, code: str) -> None:
    session.execute(
        update(ContactPoint)
        .where(ContactPoint.id == contact_point_id, ContactPoint.state != ContactState.wrong_person)
        .values(state=ContactState.bad, state_reason=f"the carrier says so (code {code})")
    )


def _go_another_way(session: Session, message: Message, *, now: datetime) -> bool:
    """Let planning send a step to another address that the patient agreed to; False if there is none."""
    if message.touchpoint_id is None or message.purpose not in STANDS_FOR_A_STEP:
        return False
    other = (
        select(ContactPoint.id)
        .where(
            ContactPoint.patient_id == message.patient_id, ContactPoint.id != message.contact_point_id,
            ContactPoint.state.in_([ContactState.stated, ContactState.confirmed]),
            ContactPoint.consented_at.is_not(None), ContactPoint.opted_out_at.is_(None),
        )
        .limit(1)
    )  # fmt: skip
    if session.scalar(other) is None:
        return False
    plan_again(session, message.touchpoint_id, look_at=now, now=now, reason=BAD_ADDRESS)
    return True


def _may_plan_again(
    session: Session, touchpoint_id: uuid.UUID, consequence: Consequence, *, now: datetime
) -> bool:
    """Whether planning decides about a step anew: not if its last moment is past before the next try may be made.

    A phone that was off or a carrier that blocked us, and no time left: a person calls, whatever the rule for
    being late says. What went stale in a queue was late, and the rule is for that.
    """
    if consequence.follow is not Follow.plan_again or consequence.went_stale:
        return consequence.follow in (Follow.plan_again, Follow.stop_all)
    last = session.scalar(select(Touchpoint.not_after).where(Touchpoint.id == touchpoint_id))
    return last is not None and now + consequence.after < last


def _try_later(message: Message, consequence: Consequence, *, now: datetime) -> None:
    wait = consequence.after
    if consequence.backs_off:
        spread = (message.id.int % 1000) / 1000
        wait = longer_wait(wait, attempts=message.attempts, urgent=message.is_urgent, spread=spread)
    message.claimable = True
    message.not_before = now + wait
    message.reason = "the carrier could not take it; trying again"


def _send_again(session: Session, message: Message, consequence: Consequence, *, now: datetime) -> None:
    """Queue a copy of a message that the carrier took and then lost: this row ended, the copy begins anew."""
    draft = Draft(
        purpose=message.purpose, text_key=message.text_key, language=message.language, body=message.body,
        subject=message.subject, not_before=now + consequence.after, not_after=message.not_after,
        patient_id=message.patient_id, enrollment_id=message.enrollment_id,
        touchpoint_id=message.touchpoint_id, cause_id=message.cause_id, round=message.round + 1,
        in_reply_to=message.in_reply_to,
    )  # fmt: skip
    to = Address(message.channel, message.to, message.contact_point_id)
    placed = queue(session, message.clinic_id, draft=draft, to=to, now=now, sender_id=message.sender_id)
    if placed.result is Queued.queued:
        session.execute(update(Message).where(Message.id == placed.message_id).values(calls=message.calls))


def _fail(session: Session, message: Message, *, code: str, now: datetime, stale: bool = False) -> None:
    before = message.state
    message.state = MessageState.expired if stale else MessageState.failed
    message.claimable = False
    message.final_at = now
    message.reason = f"it could not be delivered (code {code})"
    moved(
        session, message.clinic_id, thing="message", thing_id=message.id, before=before,
        after=message.state, now=now, reason=message.reason,
    )  # fmt: skip


def _open_task(
    session: Session, message: Message, consequence: Consequence, *, code: str, now: datetime,
    goes_another_way: bool,
) -> None:  # fmt: skip
    kind = TaskKind.bad_number if consequence.mark_bad else TaskKind.call_missed_text
    what = (
        "It goes to another address now. Please ask for the right one" if goes_another_way else "Please call"
    )
    due_at = now if message.purpose is Purpose.safety else now + TASK_DUE
    open_task(
        session, message.clinic_id, kind=kind, now=now, due_at=due_at, patient_id=message.patient_id,
        subject_id=message.touchpoint_id or message.id,
        reason=f"A text ({message.text_key}) did not reach the patient (code {code}). {what}.",
        priority="high" if message.purpose is Purpose.safety else "normal",
    )  # fmt: skip
    if message.touchpoint_id is not None and not goes_another_way:
        advance_touchpoint(
            session, message.touchpoint_id, to=TouchpointState.call_task, now=now,
            reason=f"the text could not be delivered (code {code}); a person was asked to call",
        )  # fmt: skip
