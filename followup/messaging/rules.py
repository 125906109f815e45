"""Decisions about one message: may it be called now, and what follows from how the carrier answered.

Pure: facts in, a decision out. The order of the checks is the order in which a person would want to hear them.
Planned texts go to a patient at most once, so doubt about one is a person's matter; a safety text goes at least
once, because a lost "call 911" is worse than two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from followup.kit.states import Ranks
from followup.messaging.states import MessageState, Purpose
from followup.ports import Refusal

RANKS: Ranks[MessageState] = Ranks(
    [
        MessageState.queued,
        MessageState.accepted,
        MessageState.sent,
        # The carrier's verdicts; "delivered" beats "undelivered" when both are told, so it ranks above.
        (MessageState.undelivered, MessageState.failed, MessageState.expired),
        MessageState.delivered,
        # Ours, never the carrier's: nothing that was handed over can be called back.
        MessageState.cancelled,
    ]
)

# Words of the carrier to our states. Others are stored and change nothing.
CARRIER_STATUS = {
    "accepted": MessageState.accepted,
    "scheduled": MessageState.accepted,
    "queued": MessageState.accepted,
    "sending": MessageState.accepted,
    "sent": MessageState.sent,
    "delivered": MessageState.delivered,
    "read": MessageState.delivered,
    "undelivered": MessageState.undelivered,
    "failed": MessageState.failed,
    "canceled": MessageState.failed,
}

# How long a message without a delivery report may rest before it is asked about, and then called unconfirmed.
POLL_AFTER = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=24))
UNCONFIRMED_AFTER = timedelta(hours=72)

# Doubt about a planned text becomes a person's task after this long (the carrier's list has had its chance).
DOUBT_LIMIT = timedelta(minutes=15)
# A safety text in doubt is repeated: at most this often, this far apart.
SAFETY_TRIES = 3
SAFETY_RETRY = timedelta(seconds=60)

# Texts that follow the timeline; everything else answers somebody and may go at any hour.
PLANNED = frozenset([Purpose.planned, Purpose.reminder, Purpose.welcome])


class Verdict(StrEnum):
    """What to do with a claimed message just before the call."""

    call = "call"
    release = "release"  # not now: give it back, it stays queued
    cancel = "cancel"  # never: it keeps the reason


@dataclass(frozen=True, slots=True)
class Facts:
    """What the sending transaction re-reads, in one row per message."""

    purpose: Purpose
    not_after: datetime
    has_contact_point: bool
    contact_state: str | None
    opted_out: bool
    consented: bool
    enrollment_state: str | None
    is_held: bool
    clinic_paused: bool
    patient_died: bool
    touchpoint_state: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and the sentence that is kept with the message."""

    verdict: Verdict
    reason: str = ""


CALL = Decision(Verdict.call)


def _is_planned(facts: Facts) -> bool:
    return facts.purpose in PLANNED


# First match wins. "Cancel" keeps the reason for ever; "release" leaves the message queued for a better moment.
_CHECKS: tuple[tuple[Callable[[Facts, datetime], bool], Verdict, str], ...] = (
    (lambda f, _: f.patient_died, Verdict.cancel, "the patient has died"),
    (lambda f, _: f.contact_state == "wrong_person", Verdict.cancel, "somebody else answers at this address"),
    (lambda f, _: f.contact_state == "bad", Verdict.cancel, "the carrier says this address can't be reached"),
    # 47 CFR 64.1200(a)(12): after an opt-out, one confirmation and nothing else.
    (
        lambda f, _: f.opted_out and f.purpose is not Purpose.consent,
        Verdict.cancel,
        "the patient asked us to stop writing here",
    ),
    (lambda f, _: _is_planned(f) and not f.consented, Verdict.cancel, "there is no consent for this address"),
    (lambda f, now: now > f.not_after, Verdict.cancel, "its time had passed before it could be sent"),
    (
        lambda f, _: _is_planned(f) and f.enrollment_state in ("withdrawn", "completed"),
        Verdict.cancel,
        "the enrollment has ended",
    ),
    (
        lambda f, _: _is_planned(f) and f.touchpoint_state == "cancelled",
        Verdict.cancel,
        "the step was cancelled",
    ),
    (lambda f, _: f.clinic_paused, Verdict.release, "the clinic's sending is paused"),
    (
        lambda f, _: _is_planned(f) and f.enrollment_state == "paused",
        Verdict.release,
        "the enrollment is paused",
    ),
    (lambda f, _: _is_planned(f) and f.is_held, Verdict.release, "an open case holds planned texts"),
)


def may_call(facts: Facts, now: datetime) -> Decision:
    """Decide, in the transaction that commits ``calling``, whether the carrier may be called."""
    for applies, verdict, reason in _CHECKS:
        if applies(facts, now):
            return Decision(verdict, reason)
    return CALL


class Follow(StrEnum):
    """What follows from a refusal, a failure or a doubt."""

    retry = "retry"
    give_up = "give_up"
    stop_all = "stop_all"  # configuration: nothing more is tried until somebody mends it
    ask_person = "ask_person"


@dataclass(frozen=True, slots=True)
class Consequence:
    """What happens to the message next, and what else has to be done."""

    follow: Follow
    after: timedelta = timedelta(0)
    burns_attempt: bool = True
    mark_bad: bool = False
    record_opt_out: bool = False
    wants_task: bool = False


# What each class of refusal leads to; ``tries`` bounds the calls for one message, inside its own window.
_TABLE: dict[Refusal, tuple[int, Consequence]] = {
    Refusal.not_processed: (50, Consequence(Follow.retry, timedelta(seconds=5), burns_attempt=False)),
    Refusal.configuration: (10_000, Consequence(Follow.stop_all, timedelta(seconds=60), burns_attempt=False)),
    Refusal.temporary: (3, Consequence(Follow.retry, timedelta(minutes=10))),
    Refusal.blocked: (2, Consequence(Follow.retry, timedelta(hours=20))),
    Refusal.bad_text: (1, Consequence(Follow.ask_person, wants_task=True)),
    Refusal.bad_number: (1, Consequence(Follow.give_up, mark_bad=True, wants_task=True)),
    Refusal.opted_out: (1, Consequence(Follow.give_up, record_opt_out=True, wants_task=True)),
    Refusal.expired: (1, Consequence(Follow.give_up, wants_task=True)),
    Refusal.unknown: (1, Consequence(Follow.ask_person, wants_task=True)),
}


def after_refusal(
    refusal: Refusal, *, tries: int, now: datetime, not_after: datetime, retry_after: float | None = None
) -> Consequence:
    """Return what follows when a carrier refuses a message, or reports that it failed.

    ``tries`` counts calls made for this message, this one included. ``retry_after`` is the carrier's own wish in
    seconds. A retry that would fall behind the message's window is given up, for a person to pick up.
    """
    limit, consequence = _TABLE[refusal]
    if consequence.follow not in (Follow.retry, Follow.stop_all):
        return consequence
    wait = max(consequence.after, timedelta(seconds=retry_after or 0))
    if tries >= limit or now + wait > not_after:
        return Consequence(Follow.give_up, wants_task=True)
    return Consequence(consequence.follow, wait, burns_attempt=consequence.burns_attempt)


def next_state(current: MessageState, told: MessageState) -> MessageState:
    """Return the state after the carrier told one: only forward, whatever order reports arrive in."""
    return told if RANKS.is_forward(current, told) else current
