"""``./run bench [--quick] [--rounds N] [--only NAME] [--rate N] [--json FILE]``: comparisons in interleaved rounds.

``--only`` runs one of the named parts; ``--rate`` is how many routine replies a second come in ``first-page``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench.claim import due_claim
from bench.dispatch import bare, pump, task_per_message
from bench.enroll import enroll_patients
from bench.first_page import Load, first_page
from bench.rounds import compare
from bench.triage import triage_replies
from bench.world import World, open_world

PARTS = ("dispatch", "enrollment", "claim", "triage", "first-page")
NOT_MEASURED = (
    "webhook beside Flask with gunicorn threads (the rival's packages are not in the locks yet)",
    "enrollment in bulk (there is no bulk verb yet; single enrollments are measured)",
    "pages at a million patients, Redis flushed at full speed",
    "TLS to the carrier; a real carrier's limits, which bind long before these figures",
)


def main() -> int:
    """Run what was asked for, print it, and keep every round."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="small counts; ends within five minutes on two cores"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=PARTS, action="append", help="this part alone (again for more)")
    parser.add_argument("--rate", type=int, help="routine replies a second while first pages are timed")
    parser.add_argument("--json", type=Path, help="keep every round in this file")
    options = parser.parse_args()
    began = time.perf_counter()
    found: dict[str, Any] = {"machine": _machine(), "rounds": options.rounds, "quick": options.quick}
    wanted = options.only or PARTS
    if set(wanted) & {"dispatch", "enrollment", "claim"}:
        with open_world() as world:
            found |= _in_one_world(world, options, wanted)
    if "triage" in wanted:
        found["triage"] = triage_replies(seconds=3 if options.quick else 20, say=_say)
    if "first-page" in wanted:
        load = Load(20, 15, 500) if options.quick else Load()
        found["first page"] = first_page(replace(load, rate=options.rate or load.rate), say=_say)
    found["not measured"] = list(NOT_MEASURED)
    for each in NOT_MEASURED:
        _say(f"not measured: {each}")
    _say(f"took {time.perf_counter() - began:.0f} s on {found['machine']}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


def _in_one_world(world: World, options: argparse.Namespace, wanted: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "dispatch" in wanted:
        found["comparisons"] = [_dispatch(world, options, 100), _dispatch(world, options, 500)]
    if "enrollment" in wanted:
        found["enrollment"] = enroll_patients(world, many=20 if options.quick else 200, say=_say)
    if "claim" in wanted:
        found["due claim"] = due_claim(
            world, rows=(10_000, 200_000) if options.quick else (100_000, 2_000_000), say=_say
        )
    return found


def _dispatch(world: World, options: argparse.Namespace, concurrency: int) -> dict[str, Any]:
    many = (1_000 if options.quick else 6_000) * (1 if concurrency == 100 else 3)
    designs = {
        "bare SDK client": partial(bare, world, many=many, concurrency=concurrency),
        "pump": partial(pump, world, many=many, concurrency=concurrency),
    }
    ratios: list[tuple[str, str, float | None]] = [
        ("pump", "bare SDK client", 0.95 if concurrency == 100 else 0.80)
    ]
    if concurrency == 100:
        designs["task per message"] = partial(
            task_per_message, world, many=many // 2, concurrency=concurrency
        )
        ratios.append(("pump", "task per message", 4.0))
    title = f"Dispatch, {concurrency} at once, the carrier answers after 80 ms"
    _say(title)
    table = compare(title, designs, rounds=options.rounds, say=_say)
    for line in table.lines(ratios):
        _say(line)
    return table.as_dict()


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
