"""How many planned texts a phone may get: a book of taken days, asked before anything is placed.

The daily limit is a slot number, so that the database can enforce it with a unique key instead of counting. A week
is any seven days in a row, so that two enrollments of one phone need no common start of the week.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from followup.clinics.states import Channel
from followup.enrollment.planning.facts import Caps, TakenSlot
from followup.enrollment.planning.reasons import Reason

WEEK = 7
UNCOUNTED = 0
"""The slot of a text that no limit counts."""


@dataclass(frozen=True, slots=True)
class Full:
    """No room on a day, and who has it: the key of a step, or empty for another enrollment or an earlier text."""

    reason: Reason
    holder: str


class Book:
    """The days that are taken on each channel of one patient."""

    def __init__(self, caps: Caps, taken: Iterable[TakenSlot] = ()) -> None:
        self._caps = caps
        self._slots: dict[tuple[Channel, date], dict[int, str]] = defaultdict(dict)
        self._weekly: dict[Channel, list[date]] = defaultdict(list)
        for each in taken:
            self.take(each.channel, each.day, each.slot, in_first_week=each.in_first_week)

    def free_slot(self, channel: Channel, day: date, *, in_first_week: bool) -> int | Full:
        """Return the lowest free slot of a day, or who has it."""
        used = self._slots[channel, day]
        free = next((slot for slot in range(1, self._caps.per_day + 1) if slot not in used), None)
        if free is None:
            return Full(Reason.DAY_FULL, next(iter(used.values())))
        if not in_first_week and self._week_is_full(channel, day):
            return Full(Reason.WEEK_FULL, "")
        return free

    def take(self, channel: Channel, day: date, slot: int, *, in_first_week: bool, holder: str = "") -> None:
        """Note that a text is planned for, or went out on, this day."""
        if slot == UNCOUNTED:
            return
        self._slots[channel, day][slot] = holder
        if not in_first_week:
            self._weekly[channel].append(day)

    def _week_is_full(self, channel: Channel, day: date) -> bool:
        near = [each for each in self._weekly[channel] if abs((each - day).days) < WEEK]
        for back in range(WEEK):
            start = day - timedelta(days=back)
            if sum(start <= each < start + timedelta(days=WEEK) for each in near) >= self._caps.per_week:
                return True
        return False
