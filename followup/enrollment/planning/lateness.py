"""What becomes of a touchpoint whose time has come or gone: decided again at every claim, and after every outage.

A plan is a promise made days ago. When its time comes the hours may be over, the service may have been down for
three days, or another text may have gone out. Nothing leaves outside its hours or after its last moment, and of
several overdue contacts of one patient one is made: the most important, of those the newest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from followup.enrollment.planning.calendar import next_opening
from followup.enrollment.planning.explain import clock_words, day_words
from followup.enrollment.planning.facts import ClinicCalendar, StepPlan
from followup.enrollment.planning.reasons import SENTENCES, Reason
from followup.kit.windows import Window, to_local, to_utc, zone
from followup.pathways.vocabulary import LateRule


class Verdict(StrEnum):
    """What to do with a touchpoint now."""

    SEND = "send"
    WAIT = "wait"
    SKIP = "skip"
    CALL_TASK = "call_task"


@dataclass(frozen=True, slots=True)
class DueTouchpoint:
    """A planned row and the step it comes from."""

    id: str
    step: StepPlan
    due_at: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Patient:
    """What is asked again about a patient at the time of sending.

    ``taken_days``: local days on which another planned text went out or is still going to.
    """

    zone: str
    preferred_hours: Window | None = None
    taken_days: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its reason. ``at``: when to look again (for ``WAIT``), an aware instant."""

    id: str
    verdict: Verdict
    why: str
    at: datetime | None = None
    reason: Reason | None = None


def decide(due: DueTouchpoint, patient: Patient, clinic: ClinicCalendar, now: datetime) -> Decision:
    """Decide about one touchpoint at ``now`` (aware UTC): send it, wait for an instant, leave it out or call."""
    if now < due.due_at:
        return _wait(due, due.due_at, patient, "It is not due yet.")
    opening = next_opening(now, due.step, clinic, preferred=patient.preferred_hours, where=zone(patient.zone))
    if opening is None or opening > due.not_after:
        return _too_late(due)
    if opening > now:
        return _wait(due, opening, patient, "The hours for texts are over.")
    return Decision(due.id, Verdict.SEND, "It is due and inside its hours.")


def settle_overdue(
    due: Iterable[DueTouchpoint], patient: Patient, clinic: ClinicCalendar, now: datetime
) -> tuple[Decision, ...]:
    """Decide about everything of one patient that is due: after an outage, a pause or a hold.

    At most one contact is kept, as a text or as a call; nothing is sent on a day that has another planned text.
    The answers come in order of their due times.
    """
    ordered = sorted(due, key=lambda each: (each.due_at, each.id))
    decisions = {each.id: _on_a_free_day(each, patient, clinic, now) for each in ordered}
    able = [each for each in ordered if decisions[each.id].verdict is not Verdict.SKIP and each.due_at <= now]
    kept = max(able, key=lambda each: (each.step.priority, each.due_at, each.id), default=None)
    for each in able:
        if each is not kept:
            decisions[each.id] = _skip(each, Reason.SUPERSEDED)
    return tuple(decisions[each.id] for each in ordered)


def _on_a_free_day(due: DueTouchpoint, patient: Patient, clinic: ClinicCalendar, now: datetime) -> Decision:
    decision = decide(due, patient, clinic, now)
    where = zone(patient.zone)
    today = to_local(now, where).date()
    if decision.verdict is not Verdict.SEND or not due.step.counts or today not in patient.taken_days:
        return decision
    tomorrow = _start_of_next_day(now, patient)
    later = next_opening(tomorrow, due.step, clinic, preferred=patient.preferred_hours, where=where)
    if later is not None and later <= due.not_after:
        return _wait(due, later, patient, "The patient gets another planned text today.")
    return _too_late(due, reason=Reason.DAY_FULL)


def _start_of_next_day(now: datetime, patient: Patient) -> datetime:
    where = zone(patient.zone)
    return to_utc(to_local(now, where).date() + timedelta(days=1), time(0, 0), where).utc


def _wait(due: DueTouchpoint, at: datetime, patient: Patient, because: str) -> Decision:
    local = to_local(at, zone(patient.zone))
    when = f"{day_words(local.date())} at {clock_words(local.time())}"
    return Decision(due.id, Verdict.WAIT, f"{because} It can go out from {when}.", at=at)


def _too_late(due: DueTouchpoint, *, reason: Reason = Reason.TOO_LATE) -> Decision:
    if due.step.late is LateRule.CALL_TASK:
        why = f"A person calls instead: {SENTENCES[reason]}."
        return Decision(due.id, Verdict.CALL_TASK, why, reason=reason)
    return _skip(due, reason)


def _skip(due: DueTouchpoint, reason: Reason) -> Decision:
    return Decision(due.id, Verdict.SKIP, f"Not sent: {SENTENCES[reason]}.", reason=reason)
