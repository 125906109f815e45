"""Who is on call, as a calculation: a schedule and an instant in, people and reasons out.

Pure: no database, clock, network or settings. Pages, paging, the proof of cover and the rows of the roster all come
from this one resolver, so they cannot disagree.
"""

from __future__ import annotations

from followup.staff.roster.resolve import Explanation, Gone, OnDuty, explain, intervals, who
from followup.staff.roster.schedule import (
    Change,
    ChangeKind,
    FixedShift,
    HolidayRule,
    Hours,
    Member,
    Plan,
    Rotation,
    Rule,
    Schedule,
    Temporary,
    Unit,
    Version,
)

__all__ = [
    "Change",
    "ChangeKind",
    "Explanation",
    "FixedShift",
    "Gone",
    "HolidayRule",
    "Hours",
    "Member",
    "OnDuty",
    "Plan",
    "Rotation",
    "Rule",
    "Schedule",
    "Temporary",
    "Unit",
    "Version",
    "explain",
    "intervals",
    "who",
]
