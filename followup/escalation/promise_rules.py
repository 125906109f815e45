"""What a patient can be promised about a call today, and by when a person has to have read a reply. Pure.

"Today" is said only while it can be kept; otherwise the text names the next opening.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from followup.clinics.hours import OpenHours, closing, due_after_open_minutes, next_opening
from followup.escalation.policy import Policy
from followup.kit.windows import to_local, to_utc

TODAY = "safety-same-day-open"
WHEN_WE_OPEN = "safety-same-day-closed"

# With less left until closing time nobody promises a call today.
_LEAST_LEFT = timedelta(minutes=30)
# The first hour after opening belongs to those who were told "when we open".
_AFTER_OPENING = 60


@dataclass(frozen=True, slots=True)
class Hours:
    """When a clinic is open, and in which zone."""

    open_hours: OpenHours
    holidays: tuple[object, ...]
    where: ZoneInfo


@dataclass(frozen=True, slots=True)
class Promise:
    """Which text tells the truth, and by when (UTC) the call is due."""

    text_key: str
    due_at: datetime


def same_day_promise(hours: Hours, policy: Policy, now: datetime) -> Promise:
    """Return what to say about a finding of the same day, and when the call back is due."""
    local = to_local(now, hours.where)
    is_open = closing(hours.open_hours, hours.holidays, local) is not None
    ends = _end_of_work(hours, local) if is_open else now
    if ends - now < _LEAST_LEFT:
        opens = next_opening(hours.open_hours, hours.holidays, local)
        opening = to_utc(opens.date(), opens.time(), hours.where).utc
        due_at = due_after_open_minutes(
            hours.open_hours, hours.holidays, hours.where, now=opening, minutes=_AFTER_OPENING
        )
        return Promise(WHEN_WE_OPEN, due_at)
    due_at = due_after_open_minutes(
        hours.open_hours, hours.holidays, hours.where, now=now, minutes=policy.same_day_minutes
    )
    return Promise(TODAY, min(due_at, ends))


def review_due(hours: Hours, policy: Policy, priority: str, now: datetime) -> datetime:
    """Return by when a reply that was not understood has to be read: high at any hour, others in open hours."""
    if priority == "high":
        return now + timedelta(minutes=policy.unclear_high_minutes)
    return due_after_open_minutes(
        hours.open_hours, hours.holidays, hours.where, now=now, minutes=policy.unclear_low_minutes
    )


def _end_of_work(hours: Hours, local: datetime) -> datetime:
    """Return the last closing time of this local day, as an instant."""
    closes = closing(hours.open_hours, hours.holidays, local)
    assert closes is not None
    while True:
        opens = next_opening(hours.open_hours, hours.holidays, closes)
        later = closing(hours.open_hours, hours.holidays, opens)
        if opens.date() != local.date() or later is None:
            return to_utc(closes.date(), closes.time(), hours.where).utc
        closes = later
