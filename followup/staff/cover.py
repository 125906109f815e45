"""Refuse a roster that leaves somebody without an answer, and say when and for whom; warn of what is thin.

It looks at the planned shifts, in the transaction that made them, so a refused roster leaves nothing behind. A
shift of somebody without a verified phone is a duty on paper: it is told, and alarms every night, but a clinic that
is being set up has to be able to publish before its people have verified anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.clinics.models import Clinic
from followup.errors import FieldProblem, InvalidInput
from followup.kit.windows import to_local, zone
from followup.staff.coverage import DEFAULT_NEEDS, Cover, Gap, Needs, gaps, lonely
from followup.staff.duties.models import RosterPlan
from followup.staff.models import Shift, Staff
from followup.staff.on_call import reachable

# At least two weeks are proved whatever is published; a warning to somebody who enrolls looks as far.
SHORTEST = timedelta(days=14)
NO_ROSTER = (
    "No roster is published: nobody would be paged for a warning sign, only the line that is always answered."
)
MOST_TOLD = 10


@dataclass(frozen=True, slots=True)
class Proof:
    """What a period looks like: nobody on call, nobody who can be reached, one person alone. Instants."""

    begin: datetime
    end: datetime
    gaps: tuple[Gap, ...]
    silent: tuple[Gap, ...]
    lonely: tuple[Gap, ...]


def prove(session: Session, *, now: datetime, length: timedelta | None = None) -> Proof:
    """Look at every instant from ``now`` for ``length``, or as far as shifts are planned; never under 14 days."""
    plan = session.scalar(select(RosterPlan))
    end = now + SHORTEST
    if length is not None:
        end = now + length
    elif plan is not None:
        end = max(end, plan.planned_until)
    needs: Needs = plan.needs if plan is not None else DEFAULT_NEEDS
    cover = covers(session, now, end)
    missing, silent = _missing(session, needs, cover, now, end)
    # Who enrolls one patient after another asks for a short look, and nobody there can mend what is thin.
    alone = lonely(needs, cover, now, end) if length is None else ()
    return Proof(now, end, missing, silent, alone)


def _missing(  # noqa: PLR0917 - private; a period and what is known of it
    session: Session, needs: Needs, cover: Sequence[Cover], begin: datetime, end: datetime
) -> tuple[tuple[Gap, ...], tuple[Gap, ...]]:
    within_reach = reachable(session)
    missing = gaps(needs, cover, begin, end)
    if all(each.staff in within_reach for each in cover):
        return missing, ()
    silent = gaps(needs, [each for each in cover if each.staff in within_reach], begin, end)
    return missing, tuple(each for each in silent if each not in missing)


def require_cover(session: Session, *, now: datetime, field: str = "roster") -> Proof:
    """Return the proof, or raise InvalidInput at ``field`` with every gap (the first ten of them)."""
    proof = prove(session, now=now)
    if proof.gaps:
        where = clinic_zone(session)
        told = [FieldProblem(field, gap_words(each, where)) for each in proof.gaps[:MOST_TOLD]]
        if len(proof.gaps) > MOST_TOLD:
            told.append(FieldProblem(field, f"... and {len(proof.gaps) - MOST_TOLD} more gaps."))
        raise InvalidInput(told)
    return proof


def cover_warnings(session: Session, now: datetime) -> tuple[str, ...]:
    """Return what somebody who enrolls a patient has to know about the next 14 days; mostly nothing."""
    proof = prove(session, now=now, length=SHORTEST)
    if any((each.starts_at, each.ends_at) == (now, proof.end) for each in proof.gaps):
        return (NO_ROSTER,) if not covers(session, now, proof.end) else _first_words(session, proof.gaps)
    return _first_words(session, (*proof.gaps, *proof.silent))


def gap_words(gap: Gap, where: ZoneInfo, *, on_call: bool = False) -> str:
    """Say when and for whom: "urgent: nobody is on call as nurse from Sat, Jun 6, 2:00 AM to 3:00 AM"."""
    what = "nobody on call can be reached" if on_call else "nobody is on call"
    starts, ends = to_local(gap.starts_at, where), to_local(gap.ends_at, where)
    until = f"{ends:%-I:%M %p}" if starts.date() == ends.date() else f"{ends:%a, %b %-d, %-I:%M %p}"
    tier = gap.tier.replace("_", " ")
    return f"{tier}: {what} as {' or '.join(gap.duties)} from {starts:%a, %b %-d, %-I:%M %p} to {until}."


def proof_words(session: Session, proof: Proof) -> list[str]:
    """Return what is thin in a proof, in sentences for the person who published."""
    where = clinic_zone(session)
    silent = [gap_words(each, where, on_call=True) for each in proof.silent[:MOST_TOLD]]
    names = _people_out_of_reach(session, proof)
    if silent and names:
        silent.append(f"Without a verified phone or address: {', '.join(names)}.")
    alone = proof.lonely[0] if proof.lonely else None
    if alone:
        local = to_local(alone.starts_at, where)
        silent.append(
            f"{alone.tier}: one person is the whole ladder from {local:%a, %b %-d, %-I:%M %p}; "
            "nobody else would be paged before the line that is always answered."
        )
    return silent


def covers(session: Session, begin: datetime, end: datetime) -> list[Cover]:
    """Return the planned shifts of people who are not disabled, in a period."""
    rows = session.execute(
        select(Shift.duty, Shift.staff_id, Shift.starts_at, Shift.ends_at)
        .join(Staff, Staff.id == Shift.staff_id)
        .where(Shift.starts_at < end, Shift.ends_at > begin, Staff.disabled_at.is_(None))
        .order_by(Shift.starts_at, Shift.id)
    )
    return [Cover(*row) for row in rows]


def clinic_zone(session: Session) -> ZoneInfo:
    """Return the zone of the clinic of this transaction."""
    return zone(session.scalars(select(Clinic.time_zone)).one())


def _first_words(session: Session, found: Sequence[Gap]) -> tuple[str, ...]:
    if not found:
        return ()
    first = min(found, key=lambda each: each.starts_at)
    more = f" ({len(found) - 1} more in the next two weeks)" if len(found) > 1 else ""
    words = gap_words(first, clinic_zone(session), on_call=bool(covers_at(session, first)))
    return (f"On-call cover has a gap. {words}{more}",)


def covers_at(session: Session, gap: Gap) -> list[Cover]:
    """Return who is on call for a gap's duties although nobody can be reached."""
    found = covers(session, gap.starts_at, gap.ends_at)
    return [each for each in found if each.duty in gap.duties and each.starts_at <= gap.starts_at]


def _people_out_of_reach(session: Session, proof: Proof) -> list[str]:
    within_reach = reachable(session)
    ids = {each.staff for each in covers(session, proof.begin, proof.end)} - within_reach
    return list(session.scalars(select(Staff.name).where(Staff.id.in_(ids)).order_by(Staff.name)))
