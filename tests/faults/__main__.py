"""./run faults: the whole matrix, random walks, the laws of planning; prints the table, ends with 0 if all hold.

``--full`` takes the sizes that the matrix names and walks 20,000 steps; ``--steps N`` walks so many, in walks of a
thousand. ``--seed N`` walks one walk again, ``--table FILE`` writes the table as a page, other words are pytest's.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.matrix import FAULTS, NOT_TESTABLE_HERE, NOTES
from tests.faults.results import LAWS, faults_of

ROOT = Path(__file__).resolve().parent.parent.parent
LAW_EXAMPLES = "300"
STEPS, ALL_STEPS = 5_000, 20_000
HEAD = """\
# Fault matrix

Written by `./run faults --table docs/reference/fault-matrix.md`. Each fault is a test that carries its number;
after each, the invariants I1-I6, I11 and I12 of ARCHITECTURE are checked from the carrier's journal and the rows.
*Recovered* is the longest time from the end of the fault until everything was normal again, without hands: the
larger of care time and machine time, in whole half-minutes.

| fault | what is injected | tests | recovered within | invariants | result |
|---|---|---|---|---|---|
"""


@dataclass(slots=True)
class Row:
    """What became of one fault, over all its tests."""

    tests: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    broken: bool = False
    injected_at: str = ""
    recovered_after: float | None = None

    def add(self, line: dict[str, Any]) -> None:
        """Add one phase of one test."""
        self.tests.add(line["test"])
        if line["outcome"] != "passed":
            self.failed.add(line["test"])
            self.broken = self.broken or line["phase"] == "teardown" or "I1" in line["why"]
        if line["injected_at"]:
            self.injected_at = min(self.injected_at or line["injected_at"], line["injected_at"])
        if line["recovered_after"] is not None:
            self.recovered_after = max(self.recovered_after or 0.0, float(line["recovered_after"]))


def main(arguments: list[str]) -> int:
    """Run and print; returns the exit code."""
    asked = argparse.ArgumentParser(prog="./run faults")
    asked.add_argument("--seed", type=int)
    asked.add_argument("--steps", type=int)
    asked.add_argument("--full", action="store_true")
    asked.add_argument("--table", type=Path)
    # What is not known here is pytest's, in its order.
    chosen, words = asked.parse_known_args(arguments)
    environment = {**os.environ, "FOLLOWUP_EXAMPLES": LAW_EXAMPLES}
    if chosen.seed is not None:
        environment["FOLLOWUP_WALK_SEED"] = str(chosen.seed)
        words += ["tests/faults/test_random_walk.py"]
    steps = chosen.steps or (ALL_STEPS if chosen.full else STEPS)
    environment["FOLLOWUP_WALK_STEPS"] = str(steps)
    if chosen.full:
        environment["FOLLOWUP_FAULTS_FULL"] = "1"
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="followup-faults-") as folder:
        results = Path(folder) / "results.jsonl"
        environment["FOLLOWUP_FAULT_RESULTS"] = str(results)
        command = [
            sys.executable, "-m", "pytest", "-n", "2", "--dist", "worksteal", "-m", "fault", "-q",
            "-p", "tests.faults.results", *words,
        ]  # fmt: skip
        status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        lines = [json.loads(each) for each in results.read_text().splitlines()] if results.exists() else []
    is_whole = not words
    rows, others = _rows(lines)
    told = [
        *_table(rows, is_whole=is_whole),
        *_beside(others, steps=steps, seconds=time.monotonic() - started),
    ]
    sys.stdout.write("\n".join(told) + "\n")
    if chosen.table:
        chosen.table.write_text(page(rows, others, steps=steps))
    missing = [each for each in FAULTS if each not in rows] if is_whole else []
    return int(status != 0 or bool(missing))


def _rows(lines: Iterable[dict[str, Any]]) -> tuple[dict[str, Row], list[dict[str, Any]]]:
    rows: dict[str, Row] = {}
    others: list[dict[str, Any]] = []
    for line in lines:
        known = [each for each in faults_of(line["test"]) if each in FAULTS]
        for each in known:
            rows.setdefault(each, Row()).add(line)
        if not known:
            others.append(line)
    return dict(sorted(rows.items())), others


def _verdict(row: Row | None) -> tuple[str, str]:
    if row is None:
        return "", "NO TEST"
    if row.failed:
        return "BROKEN" if row.broken else "?", "FAILED"
    return "hold", "ok"


def _table(rows: dict[str, Row], *, is_whole: bool) -> Iterable[str]:
    yield ""
    yield f"{'fault':4}  {'what':58} {'tests':>5}  {'injected':8}  {'recovered':>9}  {'invariants':10}  result"
    for each, what in FAULTS.items():
        row = rows.get(each)
        if row is None and not is_whole:
            continue
        hold, result = _verdict(row)
        count = len(row.tests) if row else 0
        after = f"{row.recovered_after:.0f} s" if row and row.recovered_after is not None else "-"
        at = row.injected_at if row and row.injected_at else "-"
        note = f" ({NOTES[each]})" if each in NOTES else ""
        yield f"{each:4}  {what:58} {count:5}  {at:8}  {after:>9}  {hold:10}  {result}{note}"
    if is_whole:
        for each, reason in NOT_TESTABLE_HERE.items():
            yield f"{each:4}  not testable here: {reason}"


def _beside(others: list[dict[str, Any]], *, steps: int, seconds: float) -> Iterable[str]:
    walks = {each["test"] for each in others if "test_random_walk" in each["test"]}
    laws = {each["test"] for each in others if LAWS in each["test"]}
    failed = sorted({each["test"] for each in others if each["outcome"] not in ("passed", "skipped")})
    seeds = sorted(int(found.group(1)) for each in walks if (found := re.search(r"walk-seed-(\d+)", each)))
    yield ""
    if seeds:
        yield f"random walk: {steps} steps in {len(seeds)} walks, seeds {seeds[0]} to {seeds[-1]}"
    yield f"laws of planning: {len(laws)}, with {LAW_EXAMPLES} examples each"
    yield from (f"FAILED {each}" for each in failed)
    yield f"{seconds:.0f} s"


def page(rows: dict[str, Row], others: list[dict[str, Any]], *, steps: int) -> str:
    """The table as a page of the reference; without clock times, so that it changes only when a result does."""
    lines = HEAD.splitlines()
    for each, what in FAULTS.items():
        row = rows.get(each)
        hold, result = _verdict(row)
        after = (
            "" if row is None or row.recovered_after is None else f"{_half_minutes(row.recovered_after)} s"
        )
        note = f"; {NOTES[each]}" if each in NOTES else ""
        lines.append(
            f"| {each} | {what}{note} | {len(row.tests) if row else 0} | {after} | {hold} | {result} |"
        )
    if NOT_TESTABLE_HERE:
        lines += ["", "Not testable here:", ""]
        lines += [f"- {each}: {reason}" for each, reason in NOT_TESTABLE_HERE.items()]
    walks = len({each["test"] for each in others if "walk-seed" in each["test"]})
    lines += [
        "",
        f"Beside it: {walks} random walks with {steps:,} steps in all, and the laws of planning over every zone.",
        "`./run faults --full` walks 20,000 steps and takes 5,000 overdue contacts for F64 (a fifth otherwise).",
        "",
    ]
    return "\n".join(lines)


def _half_minutes(seconds: float) -> int:
    return int(-(-seconds // 30) * 30) or 30


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
