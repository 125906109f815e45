"""The one place where settings become objects. Doors start here; nothing below imports it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from followup.db import sealed
from followup.db.session import Database, PoolSize, Ringer
from followup.errors import ConfigurationError
from followup.gateways.bell import CeleryBell
from followup.kit.clock import Clock, ClockFile, SystemClock
from followup.kit.crypto import KeyRing
from followup.settings import Role, Settings, load, missing


@dataclass(frozen=True, slots=True)
class House:
    """Everything a door needs, built once per process."""

    settings: Settings
    clock: Clock
    database: Database


def build(settings: Settings, *, ringer: Ringer | None = None, pool: PoolSize | None = None) -> House:
    """Build the house from settings; raises ConfigurationError naming what is missing or unsafe."""
    install_keys(settings)
    urls = {role.value: settings.database_url_of(role) for role in (Role.app, Role.engine, Role.intake)}
    database = Database(urls, ringer=ringer or CeleryBell(), pool=pool)
    return House(settings=settings, clock=clock_of(settings), database=database)


def install_keys(settings: Settings) -> None:
    """Give this process its encryption keys, or refuse to go on: there is no plaintext fallback."""
    texts = [key.get_secret_value() for key in settings.encryption_keys]
    if not texts:
        raise missing(
            "ENCRYPTION_KEYS", "the key that seals patient data", "a line from `openssl rand -hex 32`"
        )
    try:
        sealed.install(KeyRing.from_texts(texts))
    except ValueError as error:
        raise ConfigurationError(f"FOLLOWUP_ENCRYPTION_KEYS: {error}") from None


def clock_of(settings: Settings) -> Clock:
    """Return the care clock: the machine's, or the shared file of a demo or test."""
    return ClockFile(settings.clock_file) if settings.clock_file else SystemClock()


@functools.cache
def open_house() -> House:
    """Build the house from the environment, once per process, and check its logins."""
    house = build(load())
    house.database.check_roles()
    return house
