"""What texting costs: the segments of one recovery before anybody is enrolled, and those a clinic used in a month.

A carrier charges by the segment, and a careless word can double them. Without a price the segments are told alone:
they are exact, while a price is the operator's own figure. Email costs nothing here, and what patients send is not
counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from followup.errors import InvalidInput
from followup.pathways.booklet import booklet
from followup.pathways.pathway import Pathway
from followup.pathways.vocabulary import Harvest
from followup.reporting.period import Period

# What a call of the carrier was made for: whatever it took is charged, delivered or not.
_USED = text(
    """
    SELECT COALESCE(e.pathway, '') AS pathway, m.language, m.purpose, count(*) AS texts, sum(m.segments) AS segments
    FROM message m LEFT JOIN enrollment e ON e.id = m.enrollment_id
    WHERE m.channel = 'sms' AND m.accepted_at >= :begins AND m.accepted_at < :ends
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """
)


@dataclass(frozen=True, slots=True)
class RecoveryCost:
    """Segments of one whole recovery: planned texts, reminders of silence, questions that follow answers."""

    language: str
    harvest: Harvest
    texts: int
    planned: int
    reminders: int
    follow_ups: int

    @property
    def most(self) -> int:
        """Segments if every question is asked and every reminder is needed."""
        return self.planned + self.reminders + self.follow_ups


@dataclass(frozen=True, slots=True)
class Used:
    """Texts of one pathway, language and purpose that the carrier took. ``pathway`` is empty for no enrollment."""

    pathway: str
    language: str
    purpose: str
    texts: int
    segments: int


def recovery_costs(pathway: Pathway) -> list[RecoveryCost]:
    """Return the segments of a recovery by text message, for every language and way of harvesting."""
    wanted = [each for each in Harvest if each is not Harvest.ANY]
    return [_of(pathway, language, harvest) for language in pathway.languages for harvest in wanted]


def _of(pathway: Pathway, language: str, harvest: Harvest) -> RecoveryCost:
    welcome, *leaves = booklet(pathway, language, harvest).leaves
    steps = pathway.steps_for(harvest)
    planned, reminders, follow_ups = welcome.sayings[0].segments, 0, 0
    for step, leaf in zip(steps, leaves, strict=True):
        first, *others = (each.segments for each in leaf.sayings)
        planned += first
        reminders += others.pop() if step.reminder else 0
        follow_ups += sum(others)
    return RecoveryCost(language, harvest, len(steps) + 1, planned, reminders, follow_ups)


def used(session: Session, days: Period) -> list[Used]:
    """Return what the carrier took from the clinic of this transaction in these days (care time)."""
    return [Used(*row) for row in session.execute(_USED, {"begins": days.begins, "ends": days.ends})]


def month_days(written: str, today: date) -> tuple[date, date]:
    """Read ``2026-11``; empty means this month. Returns its first and last day. Raises InvalidInput."""
    year, _, month = (written.strip() or f"{today:%Y-%m}").partition("-")
    try:
        first = date(int(year), int(month), 1)
        following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    except ValueError:
        raise InvalidInput("month", "Write a month as YYYY-MM, for example 2026-11.") from None
    return first, date.fromordinal(following.toordinal() - 1)


def segments(rows: Sequence[Used]) -> int:
    """Return all segments of some rows."""
    return sum(each.segments for each in rows)
