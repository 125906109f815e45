"""Random walks through a small clinic's days; each is repeatable by its seed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from followup.lab import INSTANT, Lab
from tests.faults.case import Case
from tests.faults.walk import Walk

SEED = int(os.environ.get("FOLLOWUP_WALK_SEED", "20261125"))
STEPS = int(os.environ.get("FOLLOWUP_WALK_STEPS", "20000"))
# A clinic of six patients has lived its days after so many steps; the next thousand are another clinic's.
ONE_LIFE = 1000
LIVES = 1 if "FOLLOWUP_WALK_SEED" in os.environ else max(STEPS // ONE_LIFE, 1)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A carrier whose own time stands still until the walk lets it pass."""
    with Lab.started(pace=INSTANT, clock_file=tmp_path / "clock", stepped=True) as started:
        yield started


@pytest.mark.timeout(600)
def test_a_short_walk_breaks_no_invariant(case: Case, web: str) -> None:
    assert web
    Walk(case, seed=SEED, steps=min(STEPS, 200)).go()
    case.eye.check(at_rest=True)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(SEED, SEED + LIVES), ids=lambda seed: f"walk-seed-{seed}")
def test_a_life_of_a_thousand_steps_breaks_no_invariant(case: Case, web: str, seed: int) -> None:
    """All lives together are the 20,000 steps of ``./run faults --full``, or as many as were asked for."""
    assert web
    Walk(case, seed=seed, steps=min(STEPS, ONE_LIFE)).go()
    case.eye.check(at_rest=True)
