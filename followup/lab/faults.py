"""Faults that a test or a person scripts: what goes wrong, for which request, how many times.

Pure bookkeeping: this module decides *which* faults apply to a request; ``answers`` and ``walk`` carry them out.
A fault never touches anything but the lab's own behavior, except ``freeze`` and ``kill``, which signal the
processes that the script names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Effect(StrEnum):
    """What goes wrong. The first group deforms an answer, the second a text's later life."""

    WAIT = "wait"
    REFUSE = "refuse"
    TOO_MANY = "too_many"
    SERVER_ERROR = "server_error"
    RESET = "reset"
    HANG = "hang"
    DRIP = "drip"
    GARBAGE = "garbage"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    NULL_SID = "null_sid"
    SAME_SID = "same_sid"
    REDIRECT = "redirect"
    FREEZE = "freeze"
    KILL = "kill"

    END_AS = "end_as"
    STAY_AT = "stay_at"
    QUEUE_FOR = "queue_for"
    HIDE = "hide"
    CALLBACKS_OFF = "callbacks_off"
    CALLBACKS_COPIED = "callbacks_copied"
    CALLBACKS_REVERSED = "callbacks_reversed"
    CALLBACKS_LATE = "callbacks_late"
    CALLBACKS_DROPPED = "callbacks_dropped"
    CALLBACKS_CHANGED = "callbacks_changed"
    BOUNCE = "bounce"


# After these the carrier has the text (or the mail) although the client sees trouble.
ALWAYS_ACCEPTED: Final = frozenset(
    {
        Effect.DRIP,
        Effect.GARBAGE,
        Effect.TRUNCATED,
        Effect.EMPTY,
        Effect.NULL_SID,
        Effect.SAME_SID,
        Effect.FREEZE,
        Effect.KILL,
    }
)
SIGNALS: Final = frozenset({Effect.FREEZE, Effect.KILL})
NEVER_ACCEPTED: Final = frozenset({Effect.REFUSE, Effect.TOO_MANY, Effect.REDIRECT})
ON_ANSWER: Final = ALWAYS_ACCEPTED | NEVER_ACCEPTED | {Effect.SERVER_ERROR, Effect.RESET, Effect.HANG}


@dataclass(frozen=True, slots=True)
class Fault:
    """One scripted fault.

    ``on``: the operation: ``messages.create|list|fetch|update|delete``, ``calls.create|…``, ``inbound`` (webhooks
    for texts to the clinic), ``mail``, or ``*`` for every API request. ``to``, ``sender``, ``body_has`` narrow it.
    ``skip`` requests pass first, then it applies ``times`` times (None: until cleared). ``seconds``: Retry-After,
    waiting, dripping (per byte) or queue time. ``pids``: whom freeze and kill mean (nobody named: whoever sent the
    request). ``accepted``: whether the carrier takes the text before the trouble
    (server_error, reset, hang). ``status``: an HTTP status, or the text's status for end_as, stay_at,
    callbacks_dropped. ``code``: the carrier's error code, or the SMTP code.
    """

    do: Effect | str
    on: str = "messages.create"
    to: str | None = None
    sender: str | None = None
    body_has: str | None = None
    times: int | None = 1
    skip: int = 0
    code: int | None = None
    status: int | str | None = None
    seconds: float | None = None
    accepted: bool = False
    copies: int = 2
    together: bool = False
    pids: tuple[int, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    location: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "do", Effect(self.do))
        object.__setattr__(self, "pids", tuple(self.pids))

    @property
    def takes_the_text(self) -> bool:
        """Whether the carrier accepts the request before the trouble starts."""
        return self.do in ALWAYS_ACCEPTED or (self.do not in NEVER_ACCEPTED and self.accepted)

    def matches(self, operation: str, facts: Mapping[str, str]) -> bool:
        """Whether this fault is meant for the operation with these To, From and Body."""
        if self.on not in {operation, "*"} or (self.on == "*" and operation in {"inbound", "mail"}):
            return False
        return (
            (self.to is None or self.to == facts.get("To"))
            and (self.sender is None or self.sender in {facts.get("From"), facts.get("MessagingServiceSid")})
            and (self.body_has is None or self.body_has in facts.get("Body", ""))
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the status callbacks of one text travel."""

    off: bool = False
    copies: int = 1
    together: bool = False
    in_reverse: bool = False
    late: float = 0.0
    dropped: frozenset[str] = frozenset()
    changed: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Standing:
    number: int
    fault: Fault
    seen: int = 0
    used: int = 0


class Faults:
    """The faults in force, in the order they were added."""

    def __init__(self) -> None:
        self._standing: list[_Standing] = []
        self._number = 0

    def add(self, fault: Fault) -> int:
        """Put a fault in force; return its number, for ``clear``."""
        self._number += 1
        self._standing.append(_Standing(self._number, fault))
        return self._number

    def clear(self, number: int | None = None) -> None:
        """Lift one fault, or all of them."""
        self._standing = [s for s in self._standing if number is not None and s.number != number]

    def listed(self) -> list[dict[str, Any]]:
        """The faults in force, as plain values for HTTP."""
        return [
            {
                "number": s.number,
                "do": str(s.fault.do),
                "on": s.fault.on,
                "times": s.fault.times,
                "used": s.used,
            }
            for s in self._standing
        ]

    def take(self, operation: str, facts: Mapping[str, str]) -> tuple[Fault, ...]:
        """Return the faults for this request and count them as used. At most one of them deforms the answer."""
        if not self._standing:
            return ()
        taken: list[Fault] = []
        answered = False
        for standing in self._standing:
            fault = standing.fault
            if (answered and fault.do in ON_ANSWER) or not fault.matches(operation, facts):
                continue
            standing.seen += 1
            if standing.seen <= fault.skip:
                continue
            standing.used += 1
            answered = answered or fault.do in ON_ANSWER
            taken.append(fault)
        self._standing = [s for s in self._standing if s.fault.times is None or s.used < s.fault.times]
        return tuple(taken)


def delivery_of(faults: tuple[Fault, ...]) -> Delivery | None:
    """Fold the callback faults into one plan; None when callbacks travel as usual."""
    told = {fault.do: fault for fault in faults if str(fault.do).startswith("callbacks_")}
    if not told:
        return None
    copied, late = told.get(Effect.CALLBACKS_COPIED), told.get(Effect.CALLBACKS_LATE)
    dropped, changed = told.get(Effect.CALLBACKS_DROPPED), told.get(Effect.CALLBACKS_CHANGED)
    return Delivery(
        off=Effect.CALLBACKS_OFF in told,
        copies=copied.copies if copied else 1,
        together=copied.together if copied else False,
        in_reverse=Effect.CALLBACKS_REVERSED in told,
        late=(late.seconds or 0.0) if late else 0.0,
        dropped=frozenset({str(dropped.status)}) if dropped else frozenset(),
        changed=changed.fields if changed else {},
    )
