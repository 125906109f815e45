"""Random walks through a small clinic's days; each is repeatable by its seed."""

from __future__ import annotations

import os

import pytest

from tests.faults.case import Case
from tests.faults.walk import Walk

SEED = int(os.environ.get("FOLLOWUP_WALK_SEED", "20261125"))
STEPS = int(os.environ.get("FOLLOWUP_WALK_STEPS", "500"))
LIVES = 1 if "FOLLOWUP_WALK_SEED" in os.environ else 40


@pytest.mark.timeout(600)
def test_a_short_walk_breaks_no_invariant(case: Case, web: str) -> None:
    assert web
    Walk(case, seed=SEED, steps=min(STEPS, 200)).go()
    case.eye.check(at_rest=True)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(SEED, SEED + LIVES), ids=lambda seed: f"walk-seed-{seed}")
def test_twenty_thousand_steps_break_no_invariant(case: Case, web: str, seed: int) -> None:
    assert web
    Walk(case, seed=seed, steps=STEPS).go()
    case.eye.check(at_rest=True)
