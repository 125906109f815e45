"""Ask the carrier to forget the words of texts; one that fails hides no other, and is tried another day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from followup.log import logger

_log = logger(__name__)


class Forgets(Protocol):
    """A carrier that can empty a text."""

    async def empty(self, provider_id: str) -> None:
        """Remove the words of one text; no error if the carrier does not know it any more."""
        ...


def emptier(
    open_gateway: Callable[[], AbstractAsyncContextManager[Forgets]],
) -> Callable[[Sequence[str]], list[str]]:
    """Return what empties texts by the carrier's ids and answers with those that are empty now."""
    return lambda provider_ids: asyncio.run(_empty_all(open_gateway, provider_ids))


async def _empty_all(
    open_gateway: Callable[[], AbstractAsyncContextManager[Forgets]], provider_ids: Sequence[str]
) -> list[str]:
    emptied = []
    async with open_gateway() as gateway:
        for provider_id in provider_ids:
            try:
                await gateway.empty(provider_id)
            except Exception as error:  # noqa: BLE001 - whatever the carrier does about one text
                _log.warning("text not emptied at the carrier", error=type(error).__name__)
            else:
                emptied.append(provider_id)
    return emptied
