"""What tests of several stages share: a house on the test's own database, and a clinic in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from followup.bootstrap import House, build
from followup.db.session import Bell
from followup.settings import Settings
from tests.stages.replies.small_clinic import SmallClinic


@pytest.fixture
def house(settings: Settings, rung: list[Bell]) -> Iterator[House]:
    """The whole house, its bells written down instead of rung."""
    built = build(settings, ringer=rung.extend)
    yield built
    built.database.dispose()


@pytest.fixture
def clinic(house: House) -> SmallClinic:
    """A clinic nobody is enrolled at yet."""
    return SmallClinic(house).open()


@pytest.fixture
def another_clinic(house: House) -> Callable[[str], SmallClinic]:
    """Open one more clinic, at a number of its own."""
    return lambda number: SmallClinic(house, number=number, mailbox=f"care{number[-4:]}@other.example").open()
