"""A clinic with a patient, sealed with one key, and what changes the keys of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from followup.bootstrap import House, build
from followup.db import sealed
from followup.db.session import Bell, Database
from followup.kit.clock import ClockFile
from followup.kit.crypto import KeyRing
from followup.settings import Settings
from tests.cast import TUESDAY

OLD, NEW = "ab" * 32, "cd" * 32


@pytest.fixture
def house(settings: Settings, database: Database, rung: list[Bell]) -> Iterator[House]:
    """The product with the old key; afterwards the keys are those of every other test again."""
    built = replace(build(settings, ringer=rung.extend), database=database)
    assert isinstance(built.clock, ClockFile)
    built.clock.set(TUESDAY, speed=0)
    yield built
    sealed.install(KeyRing.from_texts([OLD]))


@pytest.fixture
def keys() -> Callable[..., None]:
    """Restart this process, so to say, with other keys: newest first."""
    return lambda *texts: sealed.install(KeyRing.from_texts(texts))
