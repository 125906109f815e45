"""From the facts of one enrollment to its whole calendar: a pure function, explained line by line.

Every step of the pathway that fits the patient comes out once: planned for a minute inside all hours, or settled
with a reason. Nothing that was sent comes out again, nothing is planned in the past, and of what is already late
at most one contact is kept, however long ago the procedure was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from followup.enrollment.planning.calendar import Spot
from followup.enrollment.planning.caps import UNCOUNTED, Book, Full
from followup.enrollment.planning.explain import why_planned, why_settled
from followup.enrollment.planning.facts import (
    ANY_HARVEST,
    Anchor,
    ClinicCalendar,
    EnrollmentFacts,
    PathwayPlan,
    Plan,
    PlannedTouchpoint,
    StepPlan,
)
from followup.enrollment.planning.place import (
    Setting,
    Wish,
    channel_for,
    nominal,
    not_after,
    spots_for,
    start_day,
    wish_for,
)
from followup.enrollment.planning.reasons import Reason
from followup.enrollment.states import TouchpointState
from followup.kit.windows import zone
from followup.pathways.vocabulary import LateRule

AFTER_WELCOME = timedelta(minutes=15)
"""Two texts sent together can arrive in the wrong order, and the first must say who is writing."""
CALL_WORTHY = timedelta(hours=48)
"""A missed check-in that is older is no reason to call: whoever enrolls the patient speaks with them anyway."""


def plan(facts: EnrollmentFacts, pathway: PathwayPlan, clinic: ClinicCalendar, now: datetime) -> Plan:
    """Return the calendar of one enrollment, seen from ``now`` (aware UTC).

    Raises ZoneError for a zone that is no place. The result depends on the arguments alone; the order of the steps
    in the pathway does not matter.
    """
    setting = Setting(facts, clinic, zone(facts.zone), now)
    book = Book(clinic.caps, facts.taken)
    steps = sorted(_steps_of(pathway, facts), key=lambda step: step.key)
    welcome = [step for step in steps if step.anchor is Anchor.ENROLLMENT]
    others = [step for step in steps if step.anchor is not Anchor.ENROLLMENT]
    settled = _arrange(welcome, setting, book)
    greeted_at = max((each.due_at for each in settled if each.is_planned), default=None)
    if greeted_at is not None:
        setting = replace(setting, now=max(now, greeted_at + AFTER_WELCOME))
    settled += _arrange(others, setting, book)
    settled.sort(key=lambda each: (each.due_at, each.key))
    return Plan(tuple(settled), tuple(_notes(settled)))


def _steps_of(pathway: PathwayPlan, facts: EnrollmentFacts) -> Iterable[StepPlan]:
    for step in pathway.steps:
        if step.harvest in (ANY_HARVEST, facts.harvest) and step.key not in facts.sent:
            yield step


def _arrange(steps: list[StepPlan], setting: Setting, book: Book) -> list[PlannedTouchpoint]:
    """Place steps by rank; what cannot be placed is settled with its reason."""
    settled: list[PlannedTouchpoint] = []
    wishes: list[Wish] = []
    for step in steps:
        wish = wish_for(step, setting)
        if wish is None:
            spot = nominal(step, setting)
            settled.append(_without_room(step, spot, setting))
        else:
            wishes.append(wish)
    kept, missed = _one_late(wishes, setting)
    settled += missed
    settled += [_place(wish, setting, book) for wish in sorted(kept, key=lambda wish: wish.rank)]
    return settled


def _one_late(wishes: list[Wish], setting: Setting) -> tuple[list[Wish], list[PlannedTouchpoint]]:
    """Keep what is on time and one late contact: the most important that can still be made, of those the newest."""
    on_time = [wish for wish in wishes if not wish.is_late]
    late = [wish for wish in wishes if wish.is_late]
    able = [wish for wish in late if _can_be_sent(wish, setting) or _is_worth_a_call(wish, setting)]
    chosen = max(able, key=lambda wish: (wish.step.priority, wish.ideal.utc, wish.step.key), default=None)
    missed = [
        _settle(wish.step, wish.ideal, setting, Reason.SUPERSEDED if wish in able else Reason.TOO_LATE)
        for wish in late
        if wish is not chosen
    ]
    if chosen is None:
        return on_time, missed
    if _can_be_sent(chosen, setting):
        return [*on_time, chosen], missed
    call = _settle(chosen.step, chosen.ideal, setting, Reason.TOO_LATE, state=TouchpointState.call_task)
    return on_time, [*missed, call]


def _can_be_sent(wish: Wish, setting: Setting) -> bool:
    has_channel = channel_for(wish.step, setting.facts) is not None
    return has_channel and next(iter(spots_for(wish, setting)), None) is not None


def _is_worth_a_call(wish: Wish, setting: Setting) -> bool:
    return wish.step.late is LateRule.CALL_TASK and setting.now - wish.ideal.utc <= CALL_WORTHY


def _place(wish: Wish, setting: Setting, book: Book) -> PlannedTouchpoint:
    step = wish.step
    channel = channel_for(step, setting.facts)
    if channel is None:
        return _settle(step, wish.ideal, setting, Reason.NO_CHANNEL, state=_instead(step))
    refused: Full | None = None
    for spot in spots_for(wish, setting):
        early = (spot.day - setting.facts.performed_on).days <= setting.clinic.caps.first_week_days
        slot = book.free_slot(channel, spot.day, in_first_week=early) if step.counts else UNCOUNTED
        if isinstance(slot, Full):
            refused = refused or slot
            continue
        book.take(channel, spot.day, slot, in_first_week=early, holder=step.key)
        touchpoint = _touchpoint(step, spot, setting, why_planned(wish, spot, setting, full=refused))
        return replace(touchpoint, channel=channel, slot=slot, not_after=not_after(wish, spot, setting))
    if refused is None:
        return _settle(step, wish.ideal, setting, Reason.TOO_LATE, state=_instead(step))
    why = why_settled(step, wish.ideal, _instead(step), refused.reason, full=refused)
    settled = _settle(step, wish.ideal, setting, refused.reason, state=_instead(step))
    return replace(settled, why=why)


def _without_room(step: StepPlan, spot: Spot, setting: Setting) -> PlannedTouchpoint:
    """Settle a step whose hours share no time on any day; one of the past is nobody's call any more."""
    is_past = spot.utc < setting.now - CALL_WORTHY
    state = TouchpointState.skipped if is_past else _instead(step)
    return _settle(step, spot, setting, Reason.NO_COMMON_HOURS, state=state)


def _instead(step: StepPlan) -> TouchpointState:
    """A contact that matters becomes a person's call; another is left out."""
    matters = step.requires_answer or step.late is LateRule.CALL_TASK
    return TouchpointState.call_task if matters else TouchpointState.skipped


def _settle(
    step: StepPlan,
    spot: Spot,
    setting: Setting,
    reason: Reason,
    *,
    state: TouchpointState = TouchpointState.skipped,
) -> PlannedTouchpoint:
    touchpoint = _touchpoint(step, spot, setting, why_settled(step, spot, state, reason))
    return replace(touchpoint, state=state, reason=reason)


def _touchpoint(step: StepPlan, spot: Spot, setting: Setting, why: str) -> PlannedTouchpoint:
    from_procedure = (start_day(step, setting) - setting.facts.performed_on).days + step.day
    return PlannedTouchpoint(
        key=step.key,
        kind=step.kind,
        day=from_procedure,
        channel=channel_for(step, setting.facts) or step.channels[0],
        local_date=spot.day,
        local_time=spot.local_time,
        zone=setting.facts.zone,
        due_at=spot.utc,
        not_after=spot.closes,
        opens_at=spot.opens,
        closes_at=spot.closes,
        late=step.late,
        slot=UNCOUNTED,
        priority=step.priority,
        requires_answer=step.requires_answer,
        state=TouchpointState.planned,
        reason=None,
        why=why,
    )


def _notes(settled: list[PlannedTouchpoint]) -> Iterable[str]:
    past = [each for each in settled if each.reason in (Reason.TOO_LATE, Reason.SUPERSEDED)]
    skipped = sum(each.state is TouchpointState.skipped for each in past)
    if skipped:
        yield (
            f"{skipped} steps lie in the past and will not be sent."
            if skipped > 1
            else "One step lies in the past."
        )
    calls = [each.key for each in settled if each.state is TouchpointState.call_task]
    if calls:
        yield f"A person calls instead of a text for: {', '.join(calls)}."
    for reason, sentence in (
        (Reason.NO_COMMON_HOURS, "share no time with the patient's hours"),
        (Reason.DAY_FULL, "give way to another text of the same day"),
        (Reason.WEEK_FULL, "give way, because the week is full"),
    ):
        keys = [each.key for each in settled if each.reason is reason]
        if keys:
            yield f"These steps {sentence}: {', '.join(keys)}."
