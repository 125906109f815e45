"""What a change would do to a calendar that is already running, before anybody applies it.

A date moves, a patient moves, a phone changes: the plan is made again and compared with what exists. What
reached the patient stays as it is and is never sent again; what a person decided stays decided; everything else
follows the new plan, and each difference has a sentence for the preview.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from followup.clinics.states import Channel
from followup.enrollment.planning.explain import clock_words, day_words
from followup.enrollment.planning.facts import Plan, PlannedTouchpoint
from followup.enrollment.planning.reasons import FINAL_REASONS, SENTENCES, Reason
from followup.enrollment.rules import REACHED_THE_PATIENT
from followup.enrollment.states import TouchpointState


class ChangeKind(StrEnum):
    """What happens to one touchpoint when a change is applied."""

    SENT = "sent"  # reached the patient: stays, never repeated
    DECIDED = "decided"  # a person's call or decision: stays
    SAME = "same"
    MOVED = "moved"
    ADDED = "added"  # new, or due again because it never went out
    CANCELLED = "cancelled"
    NOW_PAST = "now_past"  # its new time has passed, or no longer has room: left out or a call


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingTouchpoint:
    """What a row says: only what a comparison needs. ``reason`` is None for a row that has none."""

    key: str
    state: TouchpointState
    local_date: date
    local_time: time
    due_at: datetime
    day: int = 0
    reason: Reason | None = None
    channel: Channel | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the preview. ``after`` is the new touchpoint, None if nothing is to be written but a state."""

    key: str
    kind: ChangeKind
    before: ExistingTouchpoint | None
    after: PlannedTouchpoint | None
    words: str


@dataclass(frozen=True, slots=True)
class Replan:
    """All lines of the preview in order of time, and what a coordinator has to tell the patient in person."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...]

    def of_kind(self, kind: ChangeKind) -> tuple[Change, ...]:
        """Return the lines of one kind."""
        return tuple(change for change in self.changes if change.kind is kind)


def replan(existing: Iterable[ExistingTouchpoint], new: Plan, *, now: datetime) -> Replan:
    """Compare what exists with a new plan. Make the new plan with ``sent`` and ``taken`` filled from what exists.

    Every key of either side comes out exactly once.
    """
    before = {each.key: each for each in existing}
    after = {each.key: each for each in new.touchpoints}
    changes = [_change(before.get(key), after.get(key)) for key in sorted(before.keys() | after.keys())]
    changes.sort(key=_when)
    return Replan(tuple(changes), tuple(_notes(changes, now)))


def kept(existing: Iterable[ExistingTouchpoint]) -> Replan:
    """Show a calendar that a change leaves where it is: which texts were sent, which are still to come."""
    return _listed([_change(each, None) if _is_settled(each) else _stays(each) for each in existing])


def ended(existing: Iterable[ExistingTouchpoint], reason: Reason) -> Replan:
    """Show what an end does to a calendar: everything still planned is cancelled for ``reason``."""
    return _listed(
        [_change(each, None) if _is_settled(each) else _cancelled(each, reason) for each in existing]
    )


def _listed(changes: list[Change]) -> Replan:
    changes.sort(key=_when)
    return Replan(tuple(changes), (_count(changes),))


def _is_settled(each: ExistingTouchpoint) -> bool:
    return each.state is not TouchpointState.planned


def _stays(before: ExistingTouchpoint) -> Change:
    return Change(before.key, ChangeKind.SAME, before, None, f"Stays on {_when_words(before)}.")


def _cancelled(before: ExistingTouchpoint, reason: Reason) -> Change:
    words = f"Cancelled ({_when_words(before)}): {SENTENCES[reason]}."
    return Change(before.key, ChangeKind.CANCELLED, before, None, words)


def _change(before: ExistingTouchpoint | None, after: PlannedTouchpoint | None) -> Change:
    if before is None:
        assert after is not None
        return _added(None, after)
    if before.state in REACHED_THE_PATIENT:
        words = f"Sent for {_when_words(before)}. It stays as it is and is not sent again."
        return Change(before.key, ChangeKind.SENT, before, None, words)
    if before.state is TouchpointState.call_task or before.reason in FINAL_REASONS:
        return Change(before.key, ChangeKind.DECIDED, before, None, _decided_words(before))
    if before.state is TouchpointState.planned:
        return _of_planned(before, after)
    if after is None or not after.is_planned:
        return Change(before.key, ChangeKind.SAME, before, None, "It was not sent, and it still will not be.")
    return _added(before, after)


def _of_planned(before: ExistingTouchpoint, after: PlannedTouchpoint | None) -> Change:
    if after is None:
        return _cancelled(before, Reason.NOT_IN_PATHWAY)
    if not after.is_planned:
        return Change(before.key, ChangeKind.NOW_PAST, before, after, after.why)
    goes_by = _BY[after.channel] if before.channel not in (None, after.channel) else ""
    if after.due_at == before.due_at and after.local_date == before.local_date:
        kind = ChangeKind.MOVED if goes_by else ChangeKind.SAME
        return Change(before.key, kind, before, after, f"Stays on {_when_words(before)}{goes_by}.")
    if _when_words(after) == _when_words(before):
        words = f"Stays on {_when_words(before)}{goes_by}, by the clocks of {after.zone}."
    else:
        words = f"Moves from {_when_words(before)} to {_when_words(after)}{goes_by}."
    return Change(before.key, ChangeKind.MOVED, before, after, words)


def _added(before: ExistingTouchpoint | None, after: PlannedTouchpoint) -> Change:
    if not after.is_planned:
        return Change(after.key, ChangeKind.NOW_PAST, before, after, after.why)
    words = (
        f"New on {_when_words(after)}."
        if before is None
        else f"Due again on {_when_words(after)}: it never went out."
    )
    return Change(after.key, ChangeKind.ADDED, before, after, words)


def _decided_words(before: ExistingTouchpoint) -> str:
    if before.state is TouchpointState.call_task:
        return "A person was asked to call instead. That call stays on the work list."
    return f"It stays {before.state.value}: {SENTENCES[before.reason or Reason.BY_PERSON]}."


def _when(change: Change) -> tuple[datetime, str]:
    place = change.after or change.before
    assert place is not None
    return place.due_at, change.key


def _when_words(each: ExistingTouchpoint | PlannedTouchpoint) -> str:
    return f"{day_words(each.local_date)} at {clock_words(each.local_time)}"


_BY = {Channel.sms: ", by text", Channel.email: ", by email"}


def _count(changes: list[Change]) -> str:
    counts = {kind: sum(change.kind is kind for change in changes) for kind in ChangeKind}
    return (
        f"{counts[ChangeKind.MOVED]} move, {counts[ChangeKind.ADDED]} are new, {counts[ChangeKind.CANCELLED]} are "
        f"cancelled, {counts[ChangeKind.NOW_PAST]} are past or have no room, {counts[ChangeKind.SENT]} were sent."
    )


def _notes(changes: list[Change], now: datetime) -> Iterable[str]:
    yield _count(changes)
    told = [change.key for change in changes if _told_about_an_older_date(change)]
    ahead = any(change.after and change.after.is_planned and change.after.due_at > now for change in changes)
    if told and ahead and any(change.kind in (ChangeKind.MOVED, ChangeKind.ADDED) for change in changes):
        yield f"The patient was already sent: {', '.join(told)}. Tell them about the change in person."


def _told_about_an_older_date(change: Change) -> bool:
    """A preparing text named a day that may no longer hold; it is not repeated, so a person has to say it."""
    return change.kind is ChangeKind.SENT and change.before is not None and change.before.day < 0
