"""Ask the carrier which texts arrived at our numbers; one number that can't be listed hides no other.

Synchronous for its callers: a sweep asks every few minutes, and has nothing else to do meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from followup.log import logger
from followup.ports import CarrierMessage, SmsGateway

_log = logger(__name__)

OpenGateway = Callable[[], AbstractAsyncContextManager[SmsGateway]]
Listed = Mapping[str, Sequence[CarrierMessage]]


def lister(open_gateway: OpenGateway) -> Callable[[Mapping[str, datetime]], Listed]:
    """Return what lists the inbound texts of numbers since instants (machine time); failed numbers are absent."""
    return lambda wanted: asyncio.run(_list_all(open_gateway, wanted))


async def _list_all(open_gateway: OpenGateway, wanted: Mapping[str, datetime]) -> Listed:
    found: dict[str, Sequence[CarrierMessage]] = {}
    async with open_gateway() as gateway:
        for number, since in wanted.items():
            try:
                found[number] = await gateway.received_by(number, since=since)
            except Exception as error:  # noqa: BLE001 - whatever the carrier does about one number
                _log.warning("inbound texts of a number not listed", error=type(error).__name__)
    return found
