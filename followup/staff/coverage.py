"""Prove that somebody answers for every tier at every instant of a period, or say when and for whom not. Pure.

It works on resolved intervals, so holidays, overrides and changes of the clock are in them already; it looks at
every instant at which anything changes, which is exact where a walk over minutes would only be close. Emergency and
urgent need cover always. The line that is answered day and night is the last rung, not cover: it knows no patient.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Needs = Mapping[str, Any]
"""Tier to the duties of each step of its ladder: ``{"urgent": [["nurse"], ["physician"]]}``."""

# The duties of the house's own policy, until a clinic publishes another one.
DEFAULT_NEEDS: Needs = {
    "emergency": [["nurse", "physician"], ["nurse", "physician", "manager"]],
    "urgent": [["nurse"], ["physician"], ["manager"]],
}


@dataclass(frozen=True, slots=True)
class Cover:
    """One person who can be paged for a duty in ``[starts_at, ends_at)``."""

    duty: str
    staff: uuid.UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """A span in which the first step of a tier would page nobody."""

    tier: str
    duties: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime


def gaps(needs: Needs, cover: Sequence[Cover], begin: datetime, end: datetime) -> tuple[Gap, ...]:
    """Return every span of ``[begin, end)`` in which nobody is there for the first step of a tier, joined."""
    found: list[Gap] = []
    for tier, steps in sorted(needs.items()):
        duties = tuple(steps[0]) if steps else ()
        mine = [each for each in cover if each.duty in duties]
        found += [Gap(tier, duties, *span) for span in _holes(mine, begin, end)]
    return tuple(sorted(found, key=lambda each: (each.starts_at, each.tier)))


def lonely(needs: Needs, cover: Sequence[Cover], begin: datetime, end: datetime) -> tuple[Gap, ...]:
    """Return the spans in which a tier's whole ladder is one person: climbing would page the same one again."""
    found: list[Gap] = []
    for tier, steps in sorted(needs.items()):
        duties = tuple(dict.fromkeys(itertools.chain.from_iterable(steps)))
        mine = [each for each in cover if each.duty in duties]
        spans = [
            (at, until)
            for at, until in itertools.pairwise(_marks(mine, begin, end))
            if len({each.staff for each in mine if each.starts_at <= at < each.ends_at}) == 1
        ]
        found += [Gap(tier, duties, *span) for span in _joined(spans)]
    return tuple(sorted(found, key=lambda each: (each.starts_at, each.tier)))


def _holes(cover: Iterable[Cover], begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    holes, reached = [], begin
    for each in sorted(cover, key=lambda one: one.starts_at):
        if each.starts_at >= end:
            break
        if each.starts_at > reached:
            holes.append((reached, each.starts_at))
        reached = max(reached, each.ends_at)
    return [*holes, (reached, end)] if reached < end else holes


def _marks(cover: Iterable[Cover], begin: datetime, end: datetime) -> list[datetime]:
    edges = {edge for each in cover for edge in (each.starts_at, each.ends_at) if begin < edge < end}
    return sorted({begin, *edges, end})


def _joined(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for at, until in spans:
        if found and found[-1][1] == at:
            found[-1] = (found[-1][0], until)
        else:
            found.append((at, until))
    return found
