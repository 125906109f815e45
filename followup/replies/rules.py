"""Decisions about a reply that need nothing but facts: which question it answers, and whether a machine may answer.

Pure. A number that answers last week's question must not become today's pain score, and two machines must not talk
to each other all night.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# Past this an answer still belongs to its question, but no longer tells how the patient is now.
FRESH_FOR = timedelta(hours=72)
# Past this it belongs to no question.
BINDS_FOR = timedelta(days=7)
# Nobody reads a text and answers it in less: what comes that fast answers the question before.
CROSSING = timedelta(seconds=15)
# Texts within this time are one message that was split.
TOGETHER = timedelta(minutes=10)

# Answers by machine to one number in 24 hours (safety texts never count): past it two machines may be talking.
MOST_ANSWERS = 5


class Timing(StrEnum):
    """How an answer lies in time to its question."""

    first = "first"
    again = "again"  # the same question was answered before
    late = "late"  # bound for the record; its numbers are not read as today's


@dataclass(frozen=True, slots=True)
class Asked:
    """One question that reached the patient. ``asked_at``: when its newest text was handed over."""

    touchpoint_id: uuid.UUID
    enrollment_id: uuid.UUID
    asked_at: datetime
    last_reply_at: datetime | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class Binding:
    """The question that a reply answers."""

    touchpoint_id: uuid.UUID
    enrollment_id: uuid.UUID
    timing: Timing


def bind(
    asked: Sequence[Asked], *, received_at: datetime, threaded: uuid.UUID | None = None
) -> Binding | None:
    """Decide which question a reply answers; ``asked`` is newest first, ``threaded`` what a mail answers by id."""
    known = [each for each in asked if each.asked_at <= received_at]
    by_thread = next((each for each in known if each.touchpoint_id == threaded), None)
    if by_thread is not None:
        is_old = by_thread is not known[0] and received_at - known[0].asked_at >= CROSSING
        return _bound(by_thread, received_at, is_old=is_old)
    if not known or received_at - known[0].asked_at > BINDS_FOR:
        return None
    newest = known[0]
    crossed = received_at - newest.asked_at < CROSSING and len(known) > 1 and known[1].is_open
    return _bound(known[1] if crossed else newest, received_at)


def _bound(asked: Asked, received_at: datetime, *, is_old: bool = False) -> Binding:
    if is_old or received_at - asked.asked_at > FRESH_FOR:
        timing = Timing.late
    elif asked.last_reply_at is not None and asked.last_reply_at >= asked.asked_at:
        timing = Timing.again
    else:
        timing = Timing.first
    return Binding(asked.touchpoint_id, asked.enrollment_id, timing)
