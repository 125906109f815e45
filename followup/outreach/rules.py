"""Decide what happens to a planned contact whose time has come: send, wait, or not at all, with its reason.

Pure: facts in, a decision out. A contact that matters and can't be sent is a person's task, never nothing. After an
outage a patient gets the newest contact that still applies, not the backlog.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# How often something that is held is looked at again: what holds it ends by a person's hand.
LOOK_AGAIN = timedelta(minutes=5)


class Verdict(StrEnum):
    """What to do with a contact that is due."""

    send = "send"
    wait = "wait"
    skip = "skip"
    cancel = "cancel"
    call_task = "call_task"


@dataclass(frozen=True, slots=True)
class Due:
    """What is known about one due contact. Times are care time, UTC."""

    due_at: datetime
    not_after: datetime
    calls_when_late: bool
    is_safety: bool
    enrollment_state: str
    is_held: bool
    sending_paused: bool
    patient_died: bool
    has_address: bool
    opted_out: bool
    newer_is_due: bool
    # The texting hours of the patient's day as it is now; None when nothing may be sent today.
    opens_at: datetime | None
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, the sentence kept with the contact, and when to look again if it waits."""

    verdict: Verdict
    reason: str
    look_at: datetime | None = None


# First match wins. The order is the order in which a coordinator would want to hear it.
_ENDED: tuple[tuple[Callable[[Due, datetime], bool], Verdict, str], ...] = (
    (lambda d, _: d.patient_died, Verdict.cancel, "the patient has died"),
    (lambda d, _: d.enrollment_state == "withdrawn", Verdict.cancel, "the enrollment ended"),
    (lambda d, _: d.enrollment_state == "completed", Verdict.cancel, "the enrollment is complete"),
    (
        lambda d, now: d.newer_is_due and now > d.due_at + timedelta(hours=1),
        Verdict.skip,
        "it was late, and a newer contact was due: nobody gets several old texts",
    ),
    (
        lambda d, now: now > d.not_after and d.calls_when_late,
        Verdict.call_task,
        "its time had passed, and it may not be sent that late",
    ),
    (
        lambda d, now: now > d.not_after,
        Verdict.skip,
        "its time had passed, and it may not be sent that late",
    ),
    (
        lambda d, _: not d.has_address and d.is_safety,
        Verdict.call_task,
        "there is no number or address that may be written to",
    ),
    (
        lambda d, _: not d.has_address and d.opted_out,
        Verdict.skip,
        "the patient asked for no more messages",
    ),
    (
        lambda d, _: not d.has_address,
        Verdict.skip,
        "there is no number or address that the patient agreed to and that works",
    ),
)
_HELD: tuple[tuple[Callable[[Due, datetime], bool], str], ...] = (
    (lambda d, _: d.is_held, "planned texts are held, because a person is looking after something"),
    (lambda d, _: d.enrollment_state == "paused", "the enrollment is paused"),
    (lambda d, _: d.sending_paused, "all sending is paused"),
)
OUTSIDE_HOURS = "it is outside texting hours"


def decide(due: Due, now: datetime) -> Decision:
    """Decide about one due contact at care time ``now``."""
    for applies, verdict, reason in _ENDED:
        if applies(due, now):
            return Decision(verdict, reason)
    for holds, reason in _HELD:
        if holds(due, now):
            return Decision(Verdict.wait, reason, look_at=now + LOOK_AGAIN)
    return _by_the_hour(due, now)


def _by_the_hour(due: Due, now: datetime) -> Decision:
    if due.opens_at is None or due.closes_at is None or now >= due.closes_at:
        return Decision(Verdict.wait, OUTSIDE_HOURS, look_at=now + LOOK_AGAIN)
    if now < due.opens_at:
        return Decision(Verdict.wait, OUTSIDE_HOURS, look_at=due.opens_at)
    return Decision(Verdict.send, "")


class Silence(StrEnum):
    """What to do about a question that was not answered."""

    remind = "remind"
    raise_it = "raise"
    rest = "rest"


def after_silence(*, reminded: int, has_reminder: bool, has_silence_rule: bool) -> Silence:
    """Decide what follows when a question's time is up: one reminder if the step has one, then its silence rule."""
    if has_reminder and reminded == 0:
        return Silence.remind
    return Silence.raise_it if has_silence_rule else Silence.rest
