"""Tells an outside monitor, once a minute, that all is well: silence is the alarm.

All is well when the sweeps go round and nobody waits too long. A monitor that has an address for failures hears of
them there at once. Nothing else is said: no numbers, no names, and what the monitor answers is not read. One that
is away must not disturb the work it watches, so this never raises for it.
"""

from __future__ import annotations

import asyncio

import aiohttp

from followup.log import logger

_log = logger(__name__)

SECONDS = 10.0


def tell_monitor(url: str | None, *, is_well: bool, fail_url: str | None = None) -> bool:
    """Ping ``url`` if all is well, else ``fail_url``; True if the monitor heard that all is well.

    What is not configured is not pinged.
    """
    address = url if is_well else fail_url
    if not address:
        return False
    try:
        status = asyncio.run(_ping(address))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        _log.warning("outside monitor not reached", error=type(error).__name__)
        return False
    if status >= 400:
        _log.warning("outside monitor answers an error", status=status)
    return is_well and status < 400


async def _ping(url: str) -> int:
    limits = aiohttp.ClientTimeout(total=SECONDS)
    async with aiohttp.ClientSession(timeout=limits) as session, session.get(url) as answer:
        return answer.status
