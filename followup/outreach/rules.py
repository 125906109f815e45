"""What stands in the way of a planned contact whose time has come, before its hours are even looked at.

Pure: facts in, an obstacle out. Whether it is too late, and which of several overdue contacts is kept, is the
business of planning (``enrollment/planning/lateness``). A safety contact that can not be sent is a task, never
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from followup.enrollment.planning.reasons import SENTENCES, Reason


class Way(StrEnum):
    """What an obstacle does to the contact."""

    cancel = "cancel"
    skip = "skip"
    call_task = "call_task"
    wait = "wait"  # a person's hand will end it; looked at again until the contact is too late


@dataclass(frozen=True, slots=True)
class Standing:
    """How a due contact stands in the world."""

    is_safety: bool
    enrollment_state: str
    is_held: bool
    sending_paused: bool
    patient_died: bool
    has_address: bool
    opted_out: bool


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What to do with the contact, and why."""

    way: Way
    reason: Reason

    @property
    def sentence(self) -> str:
        """The reason in plain words, kept with the contact."""
        return SENTENCES[self.reason]


# First match wins; the order is the one in which a coordinator would want to hear it.
_OBSTACLES: tuple[tuple[Callable[[Standing], bool], Way, Reason], ...] = (
    (lambda s: s.patient_died, Way.cancel, Reason.DIED),
    (lambda s: s.enrollment_state in ("withdrawn", "completed"), Way.cancel, Reason.WITHDRAWN),
    (lambda s: not s.has_address and s.is_safety and s.opted_out, Way.call_task, Reason.OPTED_OUT),
    (lambda s: not s.has_address and s.is_safety, Way.call_task, Reason.NO_CHANNEL),
    (lambda s: not s.has_address and s.opted_out, Way.skip, Reason.OPTED_OUT),
    (lambda s: not s.has_address, Way.skip, Reason.NO_CHANNEL),
    (lambda s: s.is_held, Way.wait, Reason.HELD),
    (lambda s: s.enrollment_state == "paused", Way.wait, Reason.PAUSED),
    (lambda s: s.sending_paused, Way.wait, Reason.SENDING_PAUSED),
)


def obstacle(standing: Standing) -> Obstacle | None:
    """Return what stands in the way of a contact, or None."""
    for applies, way, reason in _OBSTACLES:
        if applies(standing):
            return Obstacle(way, reason)
    return None
