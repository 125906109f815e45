"""Waits for servers at start-up, with a visible line, instead of ending because one of them is a second late.

Machines start in any order. What can't be reached is named, asked again, and named in the end with its setting.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from followup.errors import Unreachable

PAUSE_SECONDS = 2.0
PATIENCE_SECONDS = 60.0


def wait_for(
    name: str,
    setting: str,
    ask: Callable[[], None],
    *,
    say: Callable[[str], None],
    patience: float = PATIENCE_SECONDS,
    pause: float = PAUSE_SECONDS,
) -> None:
    """Call ``ask`` until it no longer raises ``Unreachable``.

    Raises Unreachable, naming the server and its setting, after ``patience`` seconds.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            ask()
        except Unreachable as error:
            if time.monotonic() + pause > deadline:
                raise Unreachable(f"{error.message}. Is {name} running? Its address is {setting}.") from None
            say(f"{name} does not answer yet ({error.message}); trying again in {pause:g} s")
            time.sleep(pause)
        else:
            return


def ask_redis(url: str) -> None:
    """Raise Unreachable if the doorbell does not answer."""
    import redis

    try:
        with redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as connection:
            connection.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        raise Unreachable(f"Redis at {without_password(url)} can't be reached: {error}") from None


def without_password(url: str) -> str:
    """Return an address as it may be shown: without user and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
