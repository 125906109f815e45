"""What every journey has: a carrier without waiting times, and a town around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from followup.lab import INSTANT, Lab
from followup.settings import Settings
from tests.cast import NUMBER
from tests.journeys.town import Town, a_town


@pytest.fixture
def lab() -> Iterator[Lab]:
    """The carrier, whose texts arrive at once."""
    with Lab.started(pace=INSTANT, senders=(NUMBER,)) as started:
        yield started


@pytest.fixture
def town(settings: Settings, lab: Lab, tmp_path: Path) -> Iterator[Town]:
    """Everything but the workers."""
    with a_town(settings, lab, tmp_path) as made:
        yield made
