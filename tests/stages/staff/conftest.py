"""A house for the tests of staff, wired to a database of the test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from followup.bootstrap import House, build
from followup.db.session import Bell
from followup.settings import Settings


@pytest.fixture
def house(settings: Settings, rung: list[Bell]) -> Iterator[House]:
    """The whole house, its bells written down instead of rung."""
    built = build(settings, ringer=rung.extend)
    yield built
    built.database.dispose()
