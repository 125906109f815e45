"""Interleaved rounds: each design runs once per round, in turn, so that a busy minute hits all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of one design: how much it did, in how long, for how much processor time (all of it counted)."""

    count: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        """How many a second."""
        return self.count / self.seconds

    @property
    def cpu_per_thousand(self) -> float:
        """Processor seconds for a thousand."""
        return 1000 * self.cpu_seconds / self.count


@dataclass(slots=True)
class Table:
    """The rounds of one comparison: a column per design."""

    title: str
    rounds: list[dict[str, Measured]] = field(default_factory=list)

    def column(self, design: str) -> list[Measured]:
        """Return one design's runs in order."""
        return [each[design] for each in self.rounds]

    def ratios(self, design: str, to: str) -> list[float]:
        """Return the speed of one design divided by another's, round by round."""
        return [each[design].per_second / each[to].per_second for each in self.rounds]

    def lines(self, ratios: Sequence[tuple[str, str, float | None]]) -> list[str]:
        """Return the table for a terminal; ``ratios`` are (design, to, bar)."""
        said = [self.title]
        for design in self.rounds[0]:
            speeds = [each.per_second for each in self.column(design)]
            cpu = statistics.median(each.cpu_per_thousand for each in self.column(design))
            said.append(
                f"  {design:<34} {statistics.median(speeds):>9,.0f}/s  ({min(speeds):,.0f}-{max(speeds):,.0f})"
                f"  {cpu:6.2f} CPU s/1000"
            )
        for design, to, bar in ratios:
            found = self.ratios(design, to)
            rounds = ", ".join(f"{each:.2f}" for each in found)
            wanted = (
                ""
                if bar is None
                else f"  bar >= {bar}: {'met' if statistics.median(found) >= bar else 'NOT MET'}"
            )
            said.append(f"  {design} / {to}: {statistics.median(found):.2f} (rounds {rounds}){wanted}")
        return said

    def as_dict(self) -> dict[str, Any]:
        """Return every round, for the JSON file."""
        return {
            "title": self.title,
            "rounds": [
                {
                    name: {"count": run.count, "seconds": run.seconds, "cpu_seconds": run.cpu_seconds}
                    for name, run in each.items()
                }
                for each in self.rounds
            ],
        }


def compare(
    title: str, designs: Mapping[str, Callable[[], Measured]], *, rounds: int, say: Callable[[str], None]
) -> Table:
    """Run every design once per round, in turn; each prepares itself before its own clock starts."""
    table = Table(title)
    for number in range(1, rounds + 1):
        found: dict[str, Measured] = {}
        for name, run in designs.items():
            found[name] = run()
            say(f"  round {number}/{rounds}: {name}: {found[name].per_second:,.0f}/s")
        table.rounds.append(found)
    return table


def timed(count: int, work: Callable[[], object], cpu: Callable[[], float]) -> Measured:
    """Measure one piece of work; ``cpu`` returns processor seconds used so far by everything that counts."""
    cpu_before, before = cpu(), time.perf_counter()
    work()
    seconds = time.perf_counter() - before
    return Measured(count, seconds, cpu() - cpu_before)
