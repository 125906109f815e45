"""Triage: replies read per second on one core, over the whole development corpus."""

from __future__ import annotations

import csv
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from followup.triage import engine

CORPUS = Path(engine.__file__).resolve().parent.parent / "corpus" / "development"


def triage_replies(*, seconds: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Read replies for some seconds, after one warm-up, and say the speed and the slow end."""
    replies = [
        (row["text"], engine.Context(lang=row["lang"] or None, day=_day(row["day"])))
        for path in sorted(CORPUS.glob("*.csv"))
        for row in csv.DictReader(path.open(encoding="utf-8"))
    ]
    engine.triage("warm up", engine.Context())
    took: list[float] = []
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        text, context = replies[len(took) % len(replies)]
        before = time.perf_counter()
        engine.triage(text, context)
        took.append(time.perf_counter() - before)
    speed = len(took) / sum(took)
    p99 = statistics.quantiles(took, n=100)[98] * 1000
    say(f"triage: {speed:,.0f} replies/s on one core, p99 {p99:.1f} ms  bar >= 1,500/s, p99 < 5 ms")
    return {"replies": len(took), "per_second": speed, "p99_ms": p99}


def _day(text: str) -> int | None:
    return int(text) if text.strip().lstrip("-").isdigit() else None
