"""Ask the carrier what was sent to some numbers; one that can't be asked about is absent, never empty.

Synchronous for its caller: an administrator who waits for the answer after a restore.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from followup.log import logger
from followup.ports import CarrierMessage, SmsGateway

_log = logger(__name__)

OpenGateway = Callable[[], AbstractAsyncContextManager[SmsGateway]]
SentTo = Mapping[str, Sequence[CarrierMessage]]


def sent_lister(open_gateway: OpenGateway) -> Callable[[Iterable[str], datetime], SentTo]:
    """Return what lists the texts sent to numbers since an instant (machine time)."""
    return lambda numbers, since: asyncio.run(_list_all(open_gateway, numbers, since))


async def _list_all(open_gateway: OpenGateway, numbers: Iterable[str], since: datetime) -> SentTo:
    found: dict[str, Sequence[CarrierMessage]] = {}
    async with open_gateway() as gateway:
        for number in numbers:
            try:
                listed = await gateway.sent_to(number, since=since)
            except Exception as error:  # noqa: BLE001 - whatever the carrier does about one number
                _log.warning("sent texts of a number not listed", error=type(error).__name__)
            else:
                found[number] = [each for each in listed if each.direction != "inbound"]
    return found
