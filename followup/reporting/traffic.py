"""What went out and what became of it, day by day; who asked for no more; and how much was left to people.

Counts only, in the clinic's days; nobody is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from followup.reporting.period import Period

_DELIVERY = text(
    """
    SELECT (queued_at AT TIME ZONE :zone)::date AS day,
           count(*) FILTER (WHERE state = 'delivered') AS arrived,
           count(*) FILTER (WHERE state IN ('queued', 'accepted', 'sent')) AS under_way,
           count(*) FILTER (WHERE state IN ('undelivered', 'failed', 'expired')) AS failed
    FROM message WHERE queued_at >= :begins AND queued_at < :ends GROUP BY 1 ORDER BY 1
    """
)
_FAILURES = text(
    """
    SELECT coalesce(error_code, '') AS code, channel, count(*) AS many
    FROM message WHERE queued_at >= :begins AND queued_at < :ends AND state IN ('undelivered', 'failed', 'expired')
    GROUP BY 1, 2 ORDER BY 3 DESC, 1 LIMIT 20
    """
)
_OPT_OUTS = text(
    """
    SELECT channel, how, count(*) AS many FROM consent
    WHERE at >= :begins AND at < :ends AND decision = 'revoked' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
    """
)
_TASKS = text(
    """
    SELECT kind, count(*) AS opened, count(closed_at) AS closed, count(raised_at) AS raised,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM closed_at - opened_at)) AS seconds
    FROM task WHERE opened_at >= :begins AND opened_at < :ends GROUP BY kind ORDER BY 2 DESC, kind
    """
)


@dataclass(frozen=True, slots=True)
class Day:
    """One day's messages by what became of them."""

    day: date
    arrived: int = 0
    under_way: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Count:
    """How many of one kind."""

    name: str
    of: str
    many: int


@dataclass(frozen=True, slots=True)
class Load:
    """Work that was left to people. ``hours`` is the median time until it was closed."""

    kind: str
    opened: int
    closed: int
    raised: int
    hours: float | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """All of it for one period."""

    days: Sequence[Day]
    failures: Sequence[Count]
    opt_outs: Sequence[Count]
    tasks: Sequence[Load]


def traffic(session: Session, period: Period) -> Traffic:
    """Count everything of one period with one query a kind."""
    asked = {"begins": period.begins, "ends": period.ends}
    found = {
        row.day: Day(row.day, row.arrived, row.under_way, row.failed)
        for row in session.execute(_DELIVERY, {**asked, "zone": period.zone.key})
    }
    return Traffic(
        days=[found.get(day, Day(day)) for day in period.days],
        failures=[Count(row.code, row.channel, row.many) for row in session.execute(_FAILURES, asked)],
        opt_outs=[Count(row.how, row.channel, row.many) for row in session.execute(_OPT_OUTS, asked)],
        tasks=[
            Load(row.kind, row.opened, row.closed, row.raised, _hours(row.seconds))
            for row in session.execute(_TASKS, asked)
        ],
    )


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else float(seconds) / 3600
