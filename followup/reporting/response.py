"""How patients answer: by step, by language, and how long they take. Counts only; nobody is named.

Anchors to compare with: at least 88 % of check-ins answered in the first fourteen days (Feldacker et al., JMIR
2023, 88 % of daily messages), and at least 75 % in weeks six to twelve, where a person calls who stays silent
(Macedo et al., Spine 2012, 55 to 75 % by text alone).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from followup.reporting.period import Period

EARLY_ANCHOR, EARLY_UNTIL_DAY = 88, 14
LATE_ANCHOR, LATE_FROM_DAY = 75, 42

_BY_STEP = text(
    """
    SELECT min(t.day) AS day, t.key AS name, count(*) AS asked, count(t.answered_at) AS answered,
           percentile_cont(0.5) WITHIN GROUP (
               ORDER BY extract(epoch FROM t.answered_at - t.dispatched_at)) AS seconds
    FROM touchpoint t
    WHERE t.dispatched_at >= :begins AND t.dispatched_at < :ends AND t.requires_answer
    GROUP BY t.key ORDER BY min(t.day), t.key
    """
)
_BY_LANGUAGE = text(
    """
    SELECT 0 AS day, p.language AS name, count(*) AS asked, count(t.answered_at) AS answered,
           percentile_cont(0.5) WITHIN GROUP (
               ORDER BY extract(epoch FROM t.answered_at - t.dispatched_at)) AS seconds
    FROM touchpoint t JOIN patient p ON p.id = t.patient_id
    WHERE t.dispatched_at >= :begins AND t.dispatched_at < :ends AND t.requires_answer
    GROUP BY p.language ORDER BY p.language
    """
)


@dataclass(frozen=True, slots=True)
class Response:
    """How often one question was asked and answered. ``minutes`` is the median time to answer (care time)."""

    day: int
    name: str
    asked: int
    answered: int
    minutes: float | None

    @property
    def share(self) -> float:
        """Answered of asked, in percent."""
        return 100 * self.answered / self.asked

    @property
    def anchor(self) -> int | None:
        """What published studies reached at this time of a recovery, in percent; None between them."""
        if self.day <= EARLY_UNTIL_DAY:
            return EARLY_ANCHOR
        return LATE_ANCHOR if self.day >= LATE_FROM_DAY else None


def by_step(session: Session, period: Period) -> Sequence[Response]:
    """Return one line per step that wants an answer and was sent in the period, in the order of days."""
    return _read(session, _BY_STEP, period)


def by_language(session: Session, period: Period) -> Sequence[Response]:
    """Return one line per language."""
    return _read(session, _BY_LANGUAGE, period)


def _read(session: Session, query: TextClause, period: Period) -> list[Response]:
    rows = session.execute(query, {"begins": period.begins, "ends": period.ends})
    return [
        Response(
            row.day, row.name, row.asked, row.answered, row.seconds / 60 if row.seconds is not None else None
        )
        for row in rows
    ]
