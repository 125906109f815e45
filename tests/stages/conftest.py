"""A household for the stages that need a clinic and a carrier."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from followup.lab import Lab
from followup.settings import Settings
from tests.household import Household, move_in


@pytest.fixture
def home(settings: Settings, lab: Lab) -> Iterator[Household]:
    """One clinic on a Friday morning, with its carrier and nobody enrolled."""
    household = move_in(settings, lab)
    yield household
    household.house.database.dispose()
