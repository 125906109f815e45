"""Writes down what the carrier answered, in batches as answers come, whatever the database does meanwhile.

An answer is precious: it tells that a patient has a text. It is tried for longer than a restart of the database
takes; what is still not written stays ``calling``, which becomes a doubt that callbacks and the list settle.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Iterator

from sqlalchemy.exc import OperationalError

from followup.db.session import Database
from followup.kit.clock import Clock
from followup.log import logger
from followup.messaging.record import Answer, doubtful, record
from followup.ports import InDoubt

_log = logger(__name__)

AGAIN_AFTER = (0.1, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0)


class Recorder:
    """The answers of one pump's calls that are not written down yet, oldest first."""

    def __init__(self, database: Database, clock: Clock, clinic_id: uuid.UUID) -> None:
        self._database = database
        self._clock = clock
        self._clinic_id = clinic_id
        self.answers: list[Answer] = []

    async def run(self, nothing_comes: Callable[[], bool]) -> None:
        """Write until nothing is left and ``nothing_comes`` any more."""
        while True:
            is_last = nothing_comes()
            batch, self.answers = self.answers, []
            if batch:
                await self._write(batch)
            elif is_last:
                return
            else:
                await asyncio.sleep(0.01)

    async def _write(self, batch: list[Answer]) -> None:
        for wait in AGAIN_AFTER:
            try:
                await asyncio.to_thread(self._record, batch)
            except OperationalError as error:
                _log.warning("answers not recorded yet", error=type(error).__name__, count=len(batch))
                await asyncio.sleep(wait)
            except Exception as error:  # noqa: BLE001 - one answer that can't be written must not take others along
                _log.error("answer can't be recorded", error=type(error).__name__, count=len(batch))
                await self._one_by_one(batch)
                return
            else:
                return
        _log.error("answers given up", count=len(batch))

    async def _one_by_one(self, batch: list[Answer]) -> None:
        if len(batch) > 1:
            for each in batch:
                await self._write([each])
        elif not isinstance(batch[0].outcome, InDoubt):
            await self._write([doubtful(batch[0])])

    def _record(self, batch: list[Answer]) -> None:
        with self._database.transaction(self._clinic_id) as session:
            record(session, batch, now=self._clock.now())


@contextlib.contextmanager
def told(what: str) -> Iterator[None]:
    """Log what failed while stopping, and go on stopping: answers of the carrier are still to be written down."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - leases and sweeps put right what is left undone
        _log.warning(what, error=type(error).__name__)
