"""Why one planned contact went out when it did, or did not: the plan, every move, the message and its calls.

Read from the rows alone, in words and local time; what a text said is not part of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.models import Move
from followup.audit.record import SYSTEM
from followup.clinics.states import Channel
from followup.db.session import Database
from followup.enrollment.models import Touchpoint
from followup.enrollment.planning.explain import clock_words, day_words
from followup.enrollment.states import TouchpointState
from followup.errors import NotFound
from followup.kit.windows import to_local, zone
from followup.messaging.models import Attempt, Message
from followup.messaging.states import Purpose
from followup.outreach.queries import why_touchpoint
from followup.pathways.vocabulary import LateRule
from followup.staff.queries import names

_BY = {Channel.sms: "by text", Channel.email: "by email"}
_LATE = {
    LateRule.SEND_UNTIL: "it is left out",
    LateRule.SKIP: "it is left out",
    LateRule.CALL_TASK: "a person calls",
}
_MOVED = {
    "planned": "planned",
    "dispatched": "handed to the outbox",
    "answered": "answered",
    "unanswered": "silence noted",
    "skipped": "left out",
    "cancelled": "cancelled",
    "call_task": "given to a person to call",
    "queued": "written and put in the outbox",
    "accepted": "taken by the carrier",
    "sent": "sent on by the carrier",
    "undelivered": "not delivered",
}
_CALLED = {
    "claimed": "about to be made",
    "calling": "under way",
    "accepted": "taken",
    "in_doubt": "nobody knows yet whether it was taken",
    "unconfirmed": "nobody could find out whether it was taken",
    "released": "not made",
}
# An answer needs no word; what was found out later does.
_SETTLED = {
    "callback": "the carrier's report", "list": "the carrier's list", "rule": "rule",
    "lease": "the end of its time", "person": "a person",
}  # fmt: skip


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
    messages = session.scalars(
        select(Message).where(Message.touchpoint_id == row.id).order_by(Message.queued_at, Message.id)
    ).all()
    yield f"{row.key}, {_BY[row.channel]}, day {row.day}"
    yield why_touchpoint(session, row.id)
    yield ""
    yield row.why
    yield f"It may go out until {_at(row.not_after, row)}; if it can't, {_LATE[LateRule(row.late_rule)]}."
    yield ""
    yield f"What happened (times in {row.time_zone})"
    things = {row.id: ""} | {each.id: f"{_name(each)} {number}: " for number, each in enumerate(messages, 1)}
    yield from _moves(session, row, things)
    for each in messages:
        yield from _calls(session, each, things[each.id])


def _moves(session: Session, row: Touchpoint, things: Mapping[uuid.UUID, str]) -> Iterator[str]:
    moves = session.scalars(
        select(Move).where(Move.thing_id.in_(things)).order_by(Move.at, Move.recorded_at, Move.id)
    ).all()
    people = names(session)
    for each in moves:
        words = _MOVED.get(each.to_state, each.to_state)
        if each.to_state == TouchpointState.planned and each.from_state is not None:
            words = "planned anew"
        because = f": {each.reason}" if each.reason and each.reason not in (words, row.key) else ""
        by = "" if each.actor == str(SYSTEM) else f" (by {people.get(each.actor, each.actor)})"
        yield f"  {_at(each.at, row)}  {things[each.thing_id]}{words}{because}{by}"


def _calls(session: Session, message: Message, name: str) -> Iterator[str]:
    calls = select(Attempt).where(Attempt.message_id == message.id).order_by(Attempt.number)
    for each in session.scalars(calls):
        told = _CALLED.get(each.state, each.state)
        code = f", code {each.error_code}" if each.error_code else ""
        settled = f", settled by {_SETTLED[each.settled_by]}" if each.settled_by in _SETTLED else ""
        yield f"  {name}call {each.number}: {told}{code}{settled}"


def _name(message: Message) -> str:
    word = "text" if message.channel is Channel.sms else "email"
    return word if message.purpose in (Purpose.planned, Purpose.welcome) else f"{message.purpose} {word}"


def _at(instant: datetime, row: Touchpoint) -> str:
    local = to_local(instant, zone(row.time_zone))
    return f"{day_words(local.date())} at {clock_words(local.time())}"


def _in_brackets(words: str | None) -> str:
    return f" ({words})" if words else ""
