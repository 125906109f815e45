"""Resolve a schedule: who is on call at an instant, why, and the same as intervals. Pure.

Temporary schedule wins over override, override over rule and rotation. Where a new version is published, a shift
that has begun runs on for at most a day beside the new plan: nobody loses a duty in the middle of a night without
anybody else having it. The past of a schedule is never reinterpreted: each version counts from its publication.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from followup.staff.roster.expand import Span, spans
from followup.staff.roster.schedule import Change, ChangeKind, Schedule, Temporary

RUNS_ON = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class OnDuty:
    """One person on call in ``[starts_at, ends_at)``; ``source`` says why, in words for staff."""

    staff: uuid.UUID
    starts_at: datetime
    ends_at: datetime
    source: str
    instead_of: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """Somebody who would be on call by rule or rotation, and why not."""

    staff: uuid.UUID
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Who is on call at an instant, and who is not although the plan says so."""

    people: tuple[OnDuty, ...]
    gone: tuple[Gone, ...] = ()


def who(schedule: Schedule, instant: datetime) -> tuple[uuid.UUID, ...]:
    """Return who is on call at an instant (aware), each once, the longest on duty first."""
    return tuple(dict.fromkeys(each.staff for each in explain(schedule, instant).people))


def explain(schedule: Schedule, instant: datetime) -> Explanation:
    """Return who is on call at an instant with reasons; spans are whole, not cut to the instant."""
    moment = timedelta(microseconds=1)
    base = base_spans(schedule, instant, instant + moment)
    return _at(schedule, [each for each in base if each.holds(instant)], instant)


def intervals(schedule: Schedule, begin: datetime, end: datetime) -> tuple[OnDuty, ...]:
    """Return everybody's intervals within ``[begin, end)``, cut to it; the same people as ``who`` at every instant.

    Two shifts of one person that meet stay two, because each has its own beginning and its own reminder.
    """
    base = base_spans(schedule, begin, end)
    marks = _marks(schedule, base, begin, end)
    open_now: dict[tuple[object, ...], OnDuty] = {}
    done: list[OnDuty] = []
    waiting, active = list(reversed(base)), list[Span]()
    for starts_at, ends_at in itertools.pairwise(marks):
        while waiting and waiting[-1].starts_at <= starts_at:
            active.append(waiting.pop())
        active = [each for each in active if each.ends_at > starts_at]
        now_open: dict[tuple[object, ...], OnDuty] = {}
        for each in _at(schedule, active, starts_at).people:
            key = (each.staff, each.source, each.instead_of, each.starts_at, each.ends_at)
            before = open_now.pop(key, None)
            now_open[key] = replace(
                before or replace(each, starts_at=starts_at, ends_at=ends_at), ends_at=ends_at
            )
        done += open_now.values()
        open_now = now_open
    done += open_now.values()
    return tuple(sorted(done, key=lambda each: (each.starts_at, each.ends_at, each.staff, each.source)))


def base_spans(schedule: Schedule, begin: datetime, end: datetime) -> list[Span]:
    """Return the spans of rules and rotations of every version, each from its publication on."""
    found: set[Span] = set()
    for place, version in enumerate(schedule.versions):
        later = schedule.versions[place + 1 : place + 2]
        replaced_at = later[0].published_at if later else None
        if replaced_at is not None and replaced_at + RUNS_ON <= begin:
            continue
        for each in spans(version.plan, begin, end):
            span = replace(each, starts_at=max(each.starts_at, version.published_at))
            if replaced_at is not None:
                if span.starts_at > replaced_at:
                    continue
                span = replace(span, ends_at=min(span.ends_at, replaced_at + RUNS_ON))
            if max(span.starts_at, begin) < min(span.ends_at, end):
                found.add(span)
    return sorted(_outermost(found), key=lambda each: (each.starts_at, each.ends_at, each.staff, each.source))


def _outermost(found: Iterable[Span]) -> list[Span]:
    """Leave out a span that lies inside another one of the same person: it adds nothing and would page twice."""
    kept: list[Span] = []
    longest: dict[uuid.UUID, datetime] = {}
    for each in sorted(found, key=lambda span: (span.starts_at, -span.ends_at.timestamp(), span.source)):
        if each.staff not in longest or each.ends_at > longest[each.staff]:
            kept.append(each)
            longest[each.staff] = each.ends_at
    return kept


def temporary_at(schedule: Schedule, instant: datetime) -> Temporary | None:
    """Return the temporary schedule that rules at an instant, by the version that counts then."""
    in_force = [each for each in schedule.versions if each.published_at <= instant]
    for each in in_force[-1].plan.temporaries if in_force else ():
        if each.starts_at <= instant < each.ends_at:
            return each
    return None


def _at(schedule: Schedule, base: Sequence[Span], instant: datetime) -> Explanation:
    temporary = temporary_at(schedule, instant)
    if temporary is not None:
        gone = tuple(Gone(each.staff, f"temporary schedule {temporary.name}") for each in base)
        return Explanation(_temporary_people(temporary, instant), gone)
    people = [OnDuty(each.staff, each.starts_at, each.ends_at, each.source) for each in base]
    gone_now: list[Gone] = []
    for change in schedule.changes:
        if change.starts_at <= instant < change.ends_at:
            people, left = _changed(people, change)
            gone_now += left
    return Explanation(tuple(people), tuple(gone_now))


def _temporary_people(temporary: Temporary, instant: datetime) -> tuple[OnDuty, ...]:
    source = f"temporary schedule {temporary.name}"
    found = tuple(
        OnDuty(
            each.staff, max(each.starts_at, temporary.starts_at), min(each.ends_at, temporary.ends_at), source
        )
        for each in temporary.shifts
        if each.starts_at <= instant < each.ends_at
    )
    fallback = OnDuty(
        temporary.fallback, temporary.starts_at, temporary.ends_at, f"fallback of {temporary.name}"
    )
    return found or (fallback,)


def _changed(people: list[OnDuty], change: Change) -> tuple[list[OnDuty], list[Gone]]:
    if change.kind is ChangeKind.add:
        return [*people, OnDuty(change.staff, change.starts_at, change.ends_at, "override: added")], []
    off = change.staff if change.kind is ChangeKind.remove else change.instead_of
    left = [each for each in people if each.staff == off]
    stay = [each for each in people if each.staff != off]
    if not left or off is None:
        return people, []
    why = "override: taken off" if change.kind is ChangeKind.remove else "override: replaced"
    gone = [Gone(off, why)]
    if change.kind is ChangeKind.instead:
        stay += [
            OnDuty(
                change.staff, max(each.starts_at, change.starts_at), min(each.ends_at, change.ends_at),
                "override: replaces", off,
            )
            for each in left
        ]  # fmt: skip
    return stay, gone


def _marks(schedule: Schedule, base: Sequence[Span], begin: datetime, end: datetime) -> list[datetime]:
    """Every instant at which the answer may change."""
    found = {begin, end}
    temporaries = [each for version in schedule.versions for each in version.plan.temporaries]
    shifts = [shift for each in temporaries for shift in each.shifts]
    for edges in (base, schedule.changes, temporaries, shifts):
        found |= {each.starts_at for each in edges} | {each.ends_at for each in edges}
    found |= {each.published_at for each in schedule.versions}
    return sorted(each for each in found if begin <= each <= end)
