"""Stop what is sure to fail: all sending of a clinic whose account is refused, or one wording that is refused.

Nothing is lost by stopping: messages stay due, their hours decide whether they still go, and a task says what has
to be mended. A refused account is tried once a minute and starts again by itself; a wording waits for its task.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from followup.clinics.states import Channel
from followup.messaging.carrier_errors import CODES
from followup.messaging.models import Message
from followup.messaging.rest import rest_sender
from followup.messaging.rules import BAD_TEXTS_IN_A_ROW, REFUSED_ACCOUNT, Consequence
from followup.messaging.states import MessageState
from followup.ports import Refusal
from followup.tasks.models import Task
from followup.tasks.open import open_task
from followup.tasks.states import TaskKind, TaskState

_PLACE = uuid.UUID("6a1f6bb0-6f7e-5c0a-9c55-0b3a2a7c1d10")


def stop_all(
    session: Session, message: Message, consequence: Consequence, *, code: str, now: datetime
) -> None:
    """Our own account or sender is wrong: pause sending once, keep everything due, tell a person.

    A mail server that refuses us stops mails only; a carrier that refuses us stops the clinic.
    """
    if message.state is MessageState.queued:
        message.claimable = True
        message.not_before = now + consequence.after
        message.reason = "sending is paused: our account or sender is not accepted"
    why = f"{REFUSED_ACCOUNT} (code {code})"
    rest_sender(session, message.sender_id, until=now + consequence.after, reason=why)
    is_mail = message.channel is Channel.email
    if not is_mail:
        session.execute(
            text(
                "UPDATE clinic SET sending_paused_at = :now, sending_paused_reason = :why"
                " WHERE id = :clinic AND sending_paused_at IS NULL"
            ),
            {"now": now, "why": why, "clinic": message.clinic_id},
        )
    what = "Mail is not sent: the mail server" if is_mail else "All sending is paused: the carrier"
    open_task(
        session, message.clinic_id, kind=TaskKind.sending_paused, now=now, due_at=now, priority="high",
        subject_id=message.sender_id if is_mail else message.clinic_id,
        reason=f"{what} refused our account or sender (code {code}). It goes on by itself once that is mended.",
    )  # fmt: skip


def stop_a_refused_wording(session: Session, message: Message, *, now: datetime) -> None:
    """After some refusals of one wording in a row, stop it and ask its author; closing the task lets it go on."""
    codes = session.scalars(
        select(Message.error_code)
        .where(
            Message.text_key == message.text_key,
            Message.channel == message.channel,
            Message.final_at.is_not(None),
            Message.state != MessageState.cancelled,
        )
        .order_by(Message.final_at.desc(), Message.id.desc())
        .limit(BAD_TEXTS_IN_A_ROW)
    ).all()
    if len(codes) < BAD_TEXTS_IN_A_ROW or any(not _is_about_words(code) for code in codes):
        return
    open_task(
        session, message.clinic_id, kind=TaskKind.content, now=now, due_at=now, priority="high",
        subject_id=wording_id(message.clinic_id, message.text_key),
        reason=f"The text {message.text_key} is stopped: the carrier refused its wording"
        f" {BAD_TEXTS_IN_A_ROW} times in a row (code {codes[0]}). Close this when it is mended.",
    )  # fmt: skip


def stopped_wordings(session: Session, clinic_id: uuid.UUID, text_keys: Iterable[str]) -> frozenset[str]:
    """Return which of these texts are stopped in this clinic."""
    by_id = {wording_id(clinic_id, key): key for key in text_keys}
    found = session.scalars(
        select(Task.subject_id).where(
            Task.kind == TaskKind.content, Task.state == TaskState.open, Task.subject_id.in_(list(by_id))
        )
    )
    return frozenset(by_id[each] for each in found if each is not None)


def wording_id(clinic_id: uuid.UUID, text_key: str) -> uuid.UUID:
    """Name one text of one clinic, as the subject of its task."""
    return uuid.uuid5(_PLACE, f"{clinic_id} {text_key}")


def _is_about_words(code: str | None) -> bool:
    return code is not None and (code in CODES[Refusal.bad_text] or code.startswith("smtp 55"))
