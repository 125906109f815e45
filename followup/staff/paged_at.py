"""Who would be paged at an instant, and how: the answer to "why me?" and to "who is it tonight?". Reads only.

It asks what paging asks (``on_call``) for the people, the resolver for the reasons, and the policy's steps, as the
roster plan keeps them, for the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.clinics.states import Channel
from followup.staff import roster
from followup.staff.coverage import DEFAULT_NEEDS
from followup.staff.duties.models import RosterPlan
from followup.staff.models import Shift, Staff
from followup.staff.on_call import ways_to, who
from followup.staff.schedules import schedules

HOW: Mapping[Channel, str] = {Channel.sms: "text", Channel.voice: "call", Channel.email: "mail"}


@dataclass(frozen=True, slots=True)
class Paged:
    """One person on call for a duty: until when, why, and the ways a page takes, first to last."""

    duty: str
    name: str
    until: datetime | None
    why: str
    ways: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Everybody on call at an instant, those who are not although the plan says so, and the ladder of each tier."""

    people: tuple[Paged, ...]
    gone: tuple[str, ...]
    ladder: Mapping[str, Sequence[Sequence[str]]]

    def step_words(self, tier: str) -> Iterator[str]:
        """Say the steps of a tier with names: "1. nurse: Bea Novak (text, call)"."""
        for number, duties in enumerate(self.ladder[tier], start=1):
            people = [each for each in self.people if each.duty in duties]
            named = "; ".join(
                f"{each.duty}: {each.name} ({', '.join(each.ways) or 'can not be reached'})"
                for each in people
            )
            yield f"{number}. {named or 'nobody as ' + ' or '.join(duties) + ': skipped at once'}"


def paged_at(session: Session, instant: datetime) -> Answer:
    """Return who would be paged at an instant (aware) for the clinic of this transaction, and why."""
    names = {row.id: row.name for row in session.execute(select(Staff.id, Staff.name))}
    plans = schedules(session, instant)
    ladder: Mapping[str, Any] = session.scalar(select(RosterPlan.needs)) or DEFAULT_NEEDS
    duties = sorted({duty for steps in ladder.values() for step in steps for duty in step} | set(plans))
    people: list[Paged] = []
    gone: list[str] = []
    for duty in duties:
        told = roster.explain(plans[duty], instant) if duty in plans else roster.Explanation(())
        reasons = {each.staff: each for each in told.people}
        gone += [f"{names.get(each.staff, '?')} ({duty}): {each.why}" for each in told.gone]
        for person in who(session, duty, instant):
            reason = reasons.get(person.id)
            ways = tuple(HOW[each.channel] for each in ways_to(session, person.id))
            until, source = (
                (reason.ends_at, reason.source) if reason else _of_the_row(session, person, duty, instant)
            )
            if reason and reason.instead_of:
                source = f"{source} {names.get(reason.instead_of, '?')}"
            people.append(Paged(duty, person.name, until, source, ways))
    return Answer(tuple(people), tuple(gone), ladder)


def _of_the_row(session: Session, person: Staff, duty: str, instant: datetime) -> tuple[datetime | None, str]:
    row = session.scalars(
        select(Shift)
        .where(
            Shift.duty == duty,
            Shift.staff_id == person.id,
            Shift.starts_at <= instant,
            Shift.ends_at > instant,
        )
        .order_by(Shift.ends_at.desc())
        .limit(1)
    ).first()
    return (row.ends_at, row.source) if row else (None, "roster")
