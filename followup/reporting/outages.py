"""When the service, or a clinic's sending, stood still: from the rows that loops and tasks left behind.

Three kinds of row tell it: a loop's first round after a gap writes an outage, a loop that is silent now has an old
heartbeat, and a carrier or mail server that refused us, or could not be asked, left a task. Spans that overlap are
one outage: a power cut stops twenty loops and is told once. Loops write machine time, tasks care time; where real
patients are these are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from followup.clinics.heartbeat import LONGEST_PAUSE_SECONDS
from followup.clinics.models import Heartbeat
from followup.clinics.models import Outage as OutageRow
from followup.tasks.models import Task
from followup.tasks.states import TaskKind

SHOWN_ON_TODAY = timedelta(days=3)
# Two spans this near each other are one story.
_SAME_STORY = timedelta(minutes=2)
# What people notice when a loop stands still, by how its name begins; first match wins.
_FELT = (
    ("care.process_events", "replies were not read"),
    ("care.respond", "replies were not read"),
    ("care.deliver_urgent", "safety texts were not sent"),
    ("care.", "cases did not climb and staff were not paged"),
    ("messages.deliver", "texts and emails were not sent"),
    ("messages.", "planned contacts were not prepared"),
    ("upkeep.read_mailbox", "the mailbox was not read"),
    ("upkeep.", "upkeep did not run"),
)


@dataclass(frozen=True, slots=True)
class Span:
    """One thing that stood still. ``ended_at`` is None while it still does."""

    began_at: datetime
    ended_at: datetime | None
    felt: str


@dataclass(frozen=True, slots=True)
class Outage:
    """One story: from when until when, and what was felt of it."""

    began_at: datetime
    ended_at: datetime | None
    felt: tuple[str, ...]

    def until(self, now: datetime) -> datetime:
        """Return its end, or now while it goes on."""
        return self.ended_at or now


def outages(session: Session, *, since: datetime, now: datetime) -> list[Outage]:
    """Return the outages that ended after ``since`` or go on, the newest first; the clinic's session."""
    return merged([*_gaps(session, since), *_silent_now(session), *_stops(session, since)], now=now)


def merged(spans: Iterable[Span], *, now: datetime) -> list[Outage]:
    """Put overlapping spans together, the newest first. Pure."""
    stories: list[list[Span]] = []
    reached = datetime.min.replace(tzinfo=now.tzinfo)
    for span in sorted(spans, key=lambda each: (each.began_at, each.felt)):
        if not stories or span.began_at > reached + _SAME_STORY:
            stories.append([])
        stories[-1].append(span)
        reached = max(reached, span.ended_at or now)
    return [_story(each) for each in reversed(stories)]


def _story(spans: Sequence[Span]) -> Outage:
    ends = [each.ended_at for each in spans]
    known = [each for each in ends if each is not None]
    return Outage(
        began_at=min(each.began_at for each in spans),
        ended_at=max(known) if len(known) == len(ends) else None,
        felt=tuple(dict.fromkeys(each.felt for each in spans)),
    )


def _gaps(session: Session, since: datetime) -> Sequence[Span]:
    rows = session.execute(
        select(OutageRow.loop, OutageRow.began_at, OutageRow.ended_at)
        .where(OutageRow.ended_at >= since)
        .order_by(OutageRow.ended_at)
        .limit(2_000)
    )
    return [Span(began, ended, _felt(loop)) for loop, began, ended in rows]


def _silent_now(session: Session) -> Sequence[Span]:
    longest = timedelta(seconds=LONGEST_PAUSE_SECONDS)
    rows = session.execute(
        select(Heartbeat.name, Heartbeat.ticked_at).where(Heartbeat.ticked_at < func.now() - longest)
    )
    return [Span(ticked_at, None, _felt(loop)) for loop, ticked_at in rows]


def _stops(session: Session, since: datetime) -> Sequence[Span]:
    rows = session.execute(
        select(Task.opened_at, Task.closed_at, Task.reason)
        .where(Task.kind == TaskKind.sending_paused, or_(Task.closed_at.is_(None), Task.closed_at >= since))
        .order_by(Task.opened_at)
        .limit(500)
    )
    return [Span(opened, closed, reason) for opened, closed, reason in rows]


def _felt(loop: str) -> str:
    return next((words for begins, words in _FELT if loop.startswith(begins)), f"{loop} did not run")
