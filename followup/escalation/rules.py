"""The state machine of a case and of a page, and the clocks of each state. Pure tables and decisions.

There is no state in which a case silently ends: every open state has a clock, and each clock has a consequence.
Accepting is not contacting, contacting is not closing, and a delivered page is not an acceptance.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from followup.escalation.policy import TierPolicy
from followup.escalation.states import CaseTier, EscalationState, PageState, TimerKind
from followup.kit.states import Moves, Ranks

S = EscalationState
P = PageState
T = TimerKind

CASE_MOVES: Moves[EscalationState] = Moves(
    {
        # Closed straight from paging only as a false alarm, by a licensed person with a reason.
        S.paging: (S.accepted, S.closed, S.merged),
        S.accepted: (S.paging, S.contacting, S.closed, S.merged),
        S.contacting: (S.paging, S.contacted, S.unreachable, S.closed, S.merged),
        # A patient who cannot be reached is a physician's decision, and a patient who writes is reachable again.
        S.unreachable: (S.paging, S.contacting, S.contacted, S.closed, S.merged),
        S.contacted: (S.paging, S.closed),
    }
)

OWNED = frozenset({S.accepted, S.contacting, S.unreachable, S.contacted})

PAGE_MOVES: Moves[PageState] = Moves(
    {
        P.planned: (P.claimed, P.cancelled),
        P.claimed: (P.submitted, P.sent, P.delivered, P.undelivered, P.failed, P.unknown, P.cancelled),
        # A callback can prove that a page whose answer was lost did go out.
        P.unknown: (P.submitted, P.sent, P.delivered, P.undelivered, P.failed),
        P.submitted: (P.sent, P.delivered, P.undelivered, P.failed),
        P.sent: (P.delivered, P.undelivered, P.failed),
    }
)
PAGE_RANKS: Ranks[PageState] = Ranks(
    [
        P.planned,
        P.claimed,
        P.unknown,
        P.submitted,
        P.sent,
        # The first final word wins; a later contradiction is kept as a raw event only.
        (P.delivered, P.undelivered, P.failed, P.cancelled),
    ]
)
WENT_OUT = frozenset({P.submitted, P.sent, P.delivered, P.undelivered})
FAILED = frozenset({P.undelivered, P.failed})

# What the carrier says about texts and calls, in our words. A call that was "completed" rang and was answered by
# somebody or something: only a key press accepts, voicemail never does.
CARRIER_PAGE_STATES: Mapping[str, PageState] = MappingProxyType(
    {
        "accepted": P.submitted, "queued": P.submitted, "initiated": P.submitted, "sending": P.submitted,
        "scheduled": P.submitted, "sent": P.sent, "ringing": P.sent, "in-progress": P.sent,
        "answered": P.sent, "delivered": P.delivered, "read": P.delivered, "completed": P.delivered,
        "undelivered": P.undelivered, "busy": P.undelivered, "no-answer": P.undelivered,
        "failed": P.failed, "canceled": P.failed,
    }
)  # fmt: skip

# Leases and grace, machine time in seconds.
CLAIM_LEASE_SECONDS = 20
QUIET_SECONDS = 60
MOST_TRIES = 3
RETRY_SECONDS = (2, 5, 10)
# Seconds after which a page nobody knows about goes out again: a duplicate is cheaper than a miss.
GRACE_SECONDS = MappingProxyType({CaseTier.emergency: 15, CaseTier.urgent: 30})

# Care time.
ATTEMPTS_BEFORE_UNREACHABLE = 3
REPHYSICIAN = timedelta(minutes=15)
NOT_REACHED_TEXTS = 3
NOT_REACHED_EVERY = timedelta(minutes=10)
HAND_OVER_EXPIRES = timedelta(minutes=10)
REOPENED_WITHIN = timedelta(hours=72)
CODE_LIVES = timedelta(days=7)

DISPOSITIONS: Mapping[str, str] = MappingProxyType(
    {
        "emergency_services": "Sent to emergency services or the emergency room",
        "seen_today": "Seen, or will be seen, by a clinician today",
        "appointment": "Appointment made",
        "advice": "Advice given by phone",
        "medication": "Medicine changed or prescribed",
        "expected": "Expected after the procedure; told what to watch for",
        "welfare_check": "Not reached; welfare check asked for",
        "referred": "Handed to the patient's other clinicians",
        "false_alarm": "No warning sign: the message was misread",
    }
)
FALSE_ALARM = "false_alarm"

_RANK = {CaseTier.urgent: 1, CaseTier.emergency: 2}


def is_higher(wanted: CaseTier, current: CaseTier) -> bool:
    """Whether ``wanted`` is more severe; only such a change may be made by machine."""
    return _RANK[wanted] > _RANK[current]


def clocks(state: EscalationState, policy: TierPolicy, now: datetime) -> dict[TimerKind, datetime]:
    """Return the clocks that start when a case enters ``state`` (care time); every open state has at least one.

    The clock of contacting is not here: it is the contact clock that began with the acceptance.
    """

    def after(seconds: int) -> datetime:
        return now + timedelta(seconds=seconds)

    table: dict[EscalationState, dict[TimerKind, datetime]] = {
        S.paging: {T.step: now, T.repage: after(policy.repage), T.not_reached: after(policy.not_reached)},
        S.accepted: {T.contact: after(policy.contact), T.contact_warning: after(policy.contact_warning)},
        S.contacting: {},
        S.unreachable: {T.unreachable: now},
        S.contacted: {T.document: after(policy.document)},
    }
    return table.get(state, {})


# Clocks that go on running in a state; entering it cancels all others.
KEEPS: Mapping[EscalationState, frozenset[TimerKind]] = MappingProxyType(
    {
        S.paging: frozenset({T.not_reached}),
        S.accepted: frozenset(),
        S.contacting: frozenset({T.contact, T.contact_warning, T.hand_over}),
        S.unreachable: frozenset({T.hand_over}),
        S.contacted: frozenset({T.hand_over}),
    }
)
