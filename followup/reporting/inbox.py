"""The review inbox with what is needed to decide: the words, what the rules made of them, what was said before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.messaging.models import Message
from followup.replies.media import files_of
from followup.replies.models import Reply
from followup.reporting.timeline import Said, assessments, said
from followup.triage.queries import InboxItem, inbox


@dataclass(frozen=True, slots=True)
class Waiting:
    """One reply in the inbox."""

    item: InboxItem
    said: Said
    last_message: Message | None


def waiting(session: Session, *, many: int = 50) -> list[Waiting]:
    """Return what waits for a person, high priority first, then the one that waits longest."""
    items = inbox(session, many=many)
    ids = [item.reply_id for item in items]
    replies = {row.id: row for row in session.scalars(select(Reply).where(Reply.id.in_(ids)))}
    concluded, files = assessments(session, ids), files_of(session, ids)
    return [
        Waiting(
            item,
            said(
                replies[item.reply_id],
                concluded.get(item.reply_id, ()),
                None,
                files=files.get(item.reply_id, ()),
            ),
            _before(session, item),
        )
        for item in items
    ]


def _before(session: Session, item: InboxItem) -> Message | None:
    """The last thing we had said when the patient wrote this."""
    if item.patient_id is None:
        return None
    found: Sequence[Message] = session.scalars(
        select(Message)
        .where(Message.patient_id == item.patient_id, Message.queued_at < item.received_at)
        .order_by(Message.queued_at.desc(), Message.id.desc())
        .limit(1)
    ).all()
    return found[0] if found else None
