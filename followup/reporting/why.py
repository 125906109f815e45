"""Why one planned contact went out when it did, or did not: the plan, every move, the message and its calls.

Read from the rows alone, in words and local time; what a text said is not part of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.models import Move
from followup.db.session import Database
from followup.enrollment.models import Touchpoint
from followup.errors import NotFound
from followup.kit.windows import to_local, zone
from followup.messaging.models import Attempt, Message


def calendar_lines(session: Session, enrollment_id: uuid.UUID) -> list[str]:
    """Return every touchpoint of an enrollment in order of time: local time, zone, channel, step, state, id."""
    rows = session.scalars(
        select(Touchpoint).where(Touchpoint.enrollment_id == enrollment_id).order_by(Touchpoint.due_at)
    )
    return [
        f"{row.local_time:%a %Y-%m-%d %H:%M}  {row.time_zone}  {row.channel}  {row.key}  {row.state}"
        f"{_in_brackets(row.reason)}  {row.id}"
        for row in rows
    ]


def life_of(database: Database, touchpoint_id: uuid.UUID) -> list[str]:
    """Return the whole life of one touchpoint. Raises NotFound."""
    with database.engine() as session:
        clinic_id = session.scalar(select(Touchpoint.clinic_id).where(Touchpoint.id == touchpoint_id))
    if clinic_id is None:
        raise NotFound(f"There is no touchpoint {touchpoint_id}.")
    with database.transaction(clinic_id) as session:
        return list(_life(session, session.get_one(Touchpoint, touchpoint_id)))


def _life(session: Session, row: Touchpoint) -> Iterator[str]:
    yield f"{row.key}, {row.channel}, day {row.day}: {row.state}{_in_brackets(row.reason)}"
    yield f"  {row.why}"
    yield f"  due {_at(row.due_at, row)}, not after {_at(row.not_after, row)}, if late: {row.late_rule}"
    yield from _moves(session, row, row.id)
    messages = select(Message).where(Message.touchpoint_id == row.id).order_by(Message.queued_at, Message.id)
    for message in session.scalars(messages):
        yield f"{message.purpose} by {message.channel}: {message.state}{_in_brackets(message.reason)}"
        yield from _moves(session, row, message.id)
        yield from _calls(session, message.id)


def _moves(session: Session, row: Touchpoint, thing_id: uuid.UUID) -> Iterator[str]:
    for each in session.scalars(select(Move).where(Move.thing_id == thing_id).order_by(Move.at, Move.id)):
        why = f": {each.reason}" if each.reason else ""
        yield f"  {_at(each.at, row)}  {each.from_state or 'new'} -> {each.to_state}{why}  ({each.actor})"


def _calls(session: Session, message_id: uuid.UUID) -> Iterator[str]:
    calls = select(Attempt).where(Attempt.message_id == message_id).order_by(Attempt.number)
    for each in session.scalars(calls):
        yield f"  call {each.number}: {each.state}{_in_brackets(each.settled_by)}{_in_brackets(each.refusal)}"


def _at(instant: datetime, row: Touchpoint) -> str:
    local = to_local(instant, zone(row.time_zone))
    return f"{local:%a %Y-%m-%d %H:%M} {row.time_zone}"


def _in_brackets(words: str | None) -> str:
    return f" ({words})" if words else ""
