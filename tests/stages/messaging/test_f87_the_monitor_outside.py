"""F87: the outside monitor hears of us while the sweeps go round, and disturbs nobody when it is away."""

from __future__ import annotations

import pytest

from followup.gateways.deadman import tell_monitor
from followup.lab import Lab


def test_f87_a_monitor_hears_that_all_is_well(lab: Lab) -> None:
    assert tell_monitor(f"{lab.url}/lab", is_well=True)


def test_f87_it_hears_nothing_when_the_sweeps_stand_still(lab: Lab) -> None:
    assert not tell_monitor(f"{lab.url}/lab", is_well=False)
    assert not tell_monitor(None, is_well=True)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/ping", "http://monitor.invalid/x", "not a url"])
def test_f87_a_monitor_that_is_away_is_only_logged(url: str) -> None:
    assert not tell_monitor(url, is_well=True)
