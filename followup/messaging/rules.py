"""Decisions about one message: may it be called now, and what follows from how the carrier answered.

Pure: facts in, a decision out. The order of the checks is the order in which a person would want to hear them.
Planned texts go to a patient at most once, so doubt about one is a person's matter; a safety text goes at least
once, because a lost "call 911" is worse than two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
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

# A claim that dies with its worker this often is the message's fault, not the worker's: it is put aside.
MOST_DEATHS = 5
# A wording that the carrier refuses this often in a row is stopped, before a morning of texts is burnt on it.
BAD_TEXTS_IN_A_ROW = 3
# Calls in doubt in a row after which a sender rests, and how long: each costs a person a look.
DOUBTS_IN_A_ROW = 5
DOUBT_REST = timedelta(seconds=60)
# How long a sender rests when the carrier took nothing, if the carrier does not say how long.
PATIENCE = timedelta(seconds=5)
# While our account is refused, one message a minute finds out whether somebody mended it.
PROBE_EVERY = timedelta(seconds=60)
# How a pause begins that the carrier caused: it ends by itself when a message gets through. A person's does not.
REFUSED_ACCOUNT = "the carrier refused our account or sender"

# Texts that follow the timeline; everything else answers somebody and may go at any hour.
PLANNED = frozenset([Purpose.planned, Purpose.reminder, Purpose.welcome])
# Texts that stand for a touchpoint: what stops them is decided anew by planning, or told to a person.
STANDS_FOR_A_STEP = frozenset([Purpose.planned, Purpose.welcome])
# Texts that somebody waits for: one that went stale unsent is a person's matter.
AWAITED = frozenset([Purpose.safety, Purpose.answer, Purpose.staff])


class Verdict(StrEnum):
    """What to do with a claimed message just before the call."""

    call = "call"
    release = "release"  # not now: give it back, it stays queued
    cancel = "cancel"  # never: it keeps the reason
    stale = "stale"  # its hours are over: planning decides anew, or a person is told


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
    # An earlier round was reported lost and arrived after all.
    arrived_before: bool = False
    text_stopped: bool = False
    # A backup was restored, nobody has asked the carrier yet, and what caused this message is older than that.
    may_be_repeated: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and the sentence that is kept with the message."""

    verdict: Verdict
    reason: str = ""


CALL = Decision(Verdict.call)
SENDING_PAUSED = "the clinic's sending is paused"
LOST_HOURS = "it waits until the carrier was asked what the hours before the restore sent"
ARRIVED = "the first one arrived after all"
WRONG_PERSON = "somebody else answers at this address"
REPLACED = "the patient gave another number or address meanwhile"
BAD_ADDRESS = "the carrier says this address can't be reached"
OPTED_OUT = "the patient asked us to stop writing here"
NO_CONSENT = "there is no consent for this address"
# What stands in the way of one address only: planning looks for another way, or says why there is none.
ABOUT_THE_ADDRESS = frozenset([WRONG_PERSON, REPLACED, BAD_ADDRESS, OPTED_OUT, NO_CONSENT])


def _is_planned(facts: Facts) -> bool:
    return facts.purpose in PLANNED


# First match wins. "Cancel" keeps the reason for ever; "release" leaves the message queued for a better moment.
_CHECKS: tuple[tuple[Callable[[Facts, datetime], bool], Verdict, str], ...] = (
    (lambda f, _: f.patient_died, Verdict.cancel, "the patient has died"),
    (lambda f, _: f.contact_state == "wrong_person", Verdict.cancel, WRONG_PERSON),
    (lambda f, _: f.contact_state == "replaced", Verdict.cancel, REPLACED),
    (lambda f, _: f.contact_state == "bad", Verdict.cancel, BAD_ADDRESS),
    # 47 CFR 64.1200(a)(12): after an opt-out, one confirmation and nothing else.
    (lambda f, _: f.opted_out and f.purpose is not Purpose.consent, Verdict.cancel, OPTED_OUT),
    (lambda f, _: _is_planned(f) and not f.consented, Verdict.cancel, NO_CONSENT),
    (lambda f, _: f.arrived_before, Verdict.cancel, ARRIVED),
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
    (lambda f, now: now >= f.not_after, Verdict.stale, "its time had passed before it could be sent"),
    # F34: what the lost hours may have sent waits for the comparison, safety texts among it. What a patient writes
    # after the restore is answered at once.
    (lambda f, _: f.may_be_repeated, Verdict.release, LOST_HOURS),
    # A pause of a person's never holds "call 911": what is old has gone stale above.
    (
        lambda f, _: f.clinic_paused and f.purpose is not Purpose.safety,
        Verdict.release,
        SENDING_PAUSED,
    ),
    (
        lambda f, _: _is_planned(f) and f.enrollment_state == "paused",
        Verdict.release,
        "the enrollment is paused",
    ),
    (lambda f, _: _is_planned(f) and f.is_held, Verdict.release, "an open case holds planned texts"),
    (
        lambda f, _: _is_planned(f) and f.text_stopped,
        Verdict.release,
        "this text is stopped: the carrier refused its wording",
    ),
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
    plan_again = "plan_again"  # too late for these hours: planning decides whether there are others


@dataclass(frozen=True, slots=True)
class Consequence:
    """What happens to the message next, and what else has to be done."""

    follow: Follow
    after: timedelta = timedelta(0)
    burns_attempt: bool = True
    mark_bad: bool = False
    record_opt_out: bool = False
    wants_task: bool = False
    backs_off: bool = False  # each further wait for the same message is longer
    went_stale: bool = False  # it lay in the carrier's queue until its time was over
    bad_wording: bool = False


# What each class of refusal leads to; ``tries`` bounds the calls for one message, inside its own window.
_TABLE: dict[Refusal, tuple[int, Consequence]] = {
    Refusal.not_processed: (1, Consequence(Follow.retry, PATIENCE, burns_attempt=False, backs_off=True)),
    Refusal.configuration: (1, Consequence(Follow.stop_all, PROBE_EVERY, burns_attempt=False)),
    Refusal.temporary: (3, Consequence(Follow.retry, timedelta(minutes=10))),
    Refusal.blocked: (2, Consequence(Follow.retry, timedelta(hours=20))),
    Refusal.bad_text: (1, Consequence(Follow.ask_person, wants_task=True, bad_wording=True)),
    Refusal.bad_number: (1, Consequence(Follow.give_up, mark_bad=True, wants_task=True)),
    Refusal.opted_out: (1, Consequence(Follow.give_up, record_opt_out=True, wants_task=True)),
    Refusal.expired: (1, Consequence(Follow.plan_again, wants_task=True, went_stale=True)),
    Refusal.unknown: (1, Consequence(Follow.ask_person, wants_task=True)),
}
# A phone that is off or out of reach: once more, hours later, then a call.
_BY_CODE: dict[str, tuple[int, Consequence]] = {
    "30003": (2, Consequence(Follow.retry, timedelta(hours=3))),
}
_NEVER_TRIED = frozenset([Refusal.not_processed, Refusal.configuration])


def after_refusal(
    refusal: Refusal, *, tries: int, now: datetime, not_after: datetime, retry_after: float | None = None,
    code: str = "",
) -> Consequence:  # fmt: skip
    """Return what follows when a carrier refuses a message, or reports that it failed.

    ``tries`` counts calls made for this message, this one included. ``retry_after`` is the carrier's own wish in
    seconds. A retry that would fall behind the message's hours is planned anew; one too many is a person's.
    What the carrier never looked at costs no try and waits as long as its hours last.
    """
    limit, consequence = _BY_CODE.get(code) or _TABLE[refusal]
    if consequence.follow not in (Follow.retry, Follow.stop_all):
        return consequence
    wait = max(consequence.after, timedelta(seconds=retry_after or 0))
    if refusal in _NEVER_TRIED:
        return replace(consequence, after=wait)
    if tries >= limit:
        return Consequence(Follow.give_up, wants_task=True)
    if now + wait >= not_after:
        return Consequence(Follow.plan_again, wait, wants_task=True)
    return replace(consequence, after=wait)


def longer_wait(after: timedelta, *, attempts: int, urgent: bool, spread: float) -> timedelta:
    """Return how long to wait after the ``attempts``-th try: doubled each time up to eighty seconds, spread out.

    ``spread`` (0 to 1) keeps a thousand messages from coming back in the same second. A safety text waits least.
    """
    doublings = min(max(attempts - 1, 0), 1 if urgent else 4)
    return after * ((1 << doublings) * (1 + spread / 4))


def next_state(current: MessageState, told: MessageState) -> MessageState:
    """Return the state after the carrier told one: only forward, whatever order reports arrive in."""
    return told if RANKS.is_forward(current, told) else current
