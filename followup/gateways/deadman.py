"""Tells an outside monitor, once a minute, that the sweeps go round; silence is the alarm.

Nothing else is said: no numbers, no names, and what the monitor answers is not read. One that is away must not
disturb the work it watches, so this never raises for it.
"""

from __future__ import annotations

import asyncio

import aiohttp

from followup.log import logger

_log = logger(__name__)

SECONDS = 10.0


def tell_monitor(url: str | None, *, is_well: bool) -> bool:
    """Ping ``url`` if the service does its work and a monitor is configured; True if the monitor heard it."""
    if not url or not is_well:
        return False
    try:
        status = asyncio.run(_ping(url))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        _log.warning("outside monitor not reached", error=type(error).__name__)
        return False
    if status >= 400:
        _log.warning("outside monitor answers an error", status=status)
    return status < 400


async def _ping(url: str) -> int:
    limits = aiohttp.ClientTimeout(total=SECONDS)
    async with aiohttp.ClientSession(timeout=limits) as session, session.get(url) as answer:
        return answer.status
