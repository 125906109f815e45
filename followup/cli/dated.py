"""The dated calendar of ``followup pathway preview``: every contact in local time, across changes of the clocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from followup.clinics.states import Channel as Carried
from followup.enrollment.planning.facts import ClinicCalendar, EnrollmentFacts, PlannedTouchpoint
from followup.enrollment.planning.from_pathway import pathway_plan
from followup.enrollment.planning.plan import plan
from followup.enrollment.states import TouchpointState
from followup.errors import InvalidInput
from followup.kit.dates import DateError, parse_date
from followup.kit.windows import ZoneError, to_utc, zone
from followup.pathways.pathway import Pathway
from followup.pathways.values import day_and_time_words
from followup.pathways.vocabulary import Channel, Harvest

AT = time(9)
VISIT_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Procedure:
    """When the invented patient's procedure is, at nine in the morning in their zone."""

    on: date
    where: ZoneInfo

    @classmethod
    def read(cls, written: str, zone_name: str) -> Procedure:
        """Read a date and a zone as they were typed. Raises InvalidInput."""
        try:
            return cls(parse_date(written), zone(zone_name))
        except (DateError, ZoneError) as problem:
            field = "zone" if isinstance(problem, ZoneError) else "date"
            raise InvalidInput(field, problem.message) from None

    def values(self, language: str) -> dict[str, str]:
        """The values of the texts that follow from the date."""
        begins = datetime.combine(self.on, AT)
        visit = datetime.combine(self.on + VISIT_AFTER, time(14))
        return {
            "procedure_words": day_and_time_words(begins, language),
            "visit_words": day_and_time_words(visit, language),
        }


def dated(pathway: Pathway, harvest: Harvest, channel: Channel, procedure: Procedure) -> list[str]:
    """Return the calendar of a patient who is enrolled a week before the procedure."""
    on, where = procedure.on, procedure.where
    enrolled_at = to_utc(on - timedelta(days=7), AT, where).utc
    facts = EnrollmentFacts(
        performed_on=on, performed_at=AT, zone=where.key, channels=(Carried(channel.value),),
        enrolled_at=enrolled_at, harvest=harvest.value,
    )  # fmt: skip
    planned = plan(facts, pathway_plan(pathway), ClinicCalendar(), enrolled_at)
    head = (
        f"Calendar for a procedure on {on:%A, %B} {on.day}, {on.year} ({where.key}), enrolled a week before"
    )
    return [head, *_lines(planned.touchpoints, where), *planned.notes, ""]


def _lines(touchpoints: Sequence[PlannedTouchpoint], where: ZoneInfo) -> Iterator[str]:
    before: datetime | None = None
    for each in sorted(touchpoints, key=lambda one: one.due_at):
        if before is not None:
            yield from _clock_change(before, each.due_at, where)
        before = each.due_at
        local = each.due_at.astimezone(where)
        line = f"{each.local_date:%a %Y-%m-%d} {each.local_time:%H:%M} {_zone_words(local)}  {each.key}"
        yield line if each.state is TouchpointState.planned else f"{line}  {each.why}"


def _clock_change(before: datetime, after: datetime, where: ZoneInfo) -> Iterator[str]:
    """Say between two contacts that the clocks change: each keeps its local time, whatever lies between them."""
    first, last = before.astimezone(where).utcoffset(), after.astimezone(where).utcoffset()
    if first is None or last is None or first == last:
        return
    low, high = before, after
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(where).utcoffset() == first else (low, middle)
    turn = high.astimezone(where)
    way = "forward" if last > first else "back"
    words = f"clocks go {way} ({_zone_words(turn)} from then on); texts keep their local times"
    yield f"    {turn:%a %Y-%m-%d}: {words}"


def _zone_words(local: datetime) -> str:
    name, offset = local.tzname() or "", f"{local:%z}"
    # A zone without letters is called by its offset, which stands there anyway.
    letters = "" if name.startswith(("+", "-")) else f"{name} "
    return f"{letters}UTC{offset[:3]}:{offset[3:5]}"
