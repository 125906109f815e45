"""The asynchronous writer behind the webhooks: what arrives within a few milliseconds is one insert, one commit.

A carrier waits at most 15 seconds and retries only if we say so, so every event is answered after its commit and
never before, and never later than ``PATIENCE_SECONDS``. The login may only add raw events. Nothing is kept in
memory past its answer: an event that could not be stored is the carrier's to send again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from followup.errors import FollowupError
from followup.intake.events import IncomingEvent, row_of
from followup.log import logger

_log = logger(__name__)

PATIENCE_SECONDS = 11.0
GATHER_SECONDS = 0.003
MOST_IN_A_GROUP = 200
MOST_WAITING = 2_000
_CONNECT_SECONDS = 4
_STATEMENT_MILLISECONDS = 5_000

_INSERT = """
INSERT INTO provider_event
    (id, kind, provider_key, token, our_address, payload_sealed, urgent_look, received_at, tries)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bytea[], %s::bool[],
                     %s::timestamptz[], %s::int[])
ON CONFLICT DO NOTHING
"""
_COLUMNS = (
    "id", "kind", "provider_key", "token", "our_address", "payload_sealed", "urgent_look", "received_at", "tries",
)  # fmt: skip


class NotStored(FollowupError):
    """This event could not be stored; please send it again."""

    permanent = False
    code = "not-stored"


@dataclass(slots=True)
class _Waiting:
    row: dict[str, Any]
    stored: asyncio.Future[None]


@dataclass(slots=True)
class EventWriter:
    """One writer for one event loop. ``on_stored`` is called after a commit, in a thread, one at a time."""

    url: str
    on_stored: Callable[[], None]
    patience: float = PATIENCE_SECONDS
    _queue: asyncio.Queue[_Waiting] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    _task: asyncio.Task[None] | None = None
    _connection: psycopg.AsyncConnection[Any] | None = None
    _bell: asyncio.Task[None] | None = None
    _ring_again: bool = False

    async def store(self, event: IncomingEvent) -> None:
        """Return once the event is committed (or was known already). Raises NotStored within the patience."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_groups(), name="intake writer")
        waiting = _Waiting(row_of(event), asyncio.get_running_loop().create_future())
        try:
            self._queue.put_nowait(waiting)
            await asyncio.wait_for(waiting.stored, self.patience)
        except (asyncio.QueueFull, TimeoutError):
            raise NotStored from None

    async def close(self) -> None:
        """Finish what waits, then close the connection; the door calls it when it stops."""
        if self._task is not None and not self._task.done():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._queue.join(), self.patience)
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._bell is not None:
            await self._bell
        await self._disconnect()

    async def _write_groups(self) -> None:
        while True:
            group = [await self._queue.get()]
            # The first of a burst waits a moment for the others: they share its commit.
            await asyncio.sleep(GATHER_SECONDS)
            while len(group) < MOST_IN_A_GROUP and not self._queue.empty():
                group.append(self._queue.get_nowait())
            try:
                await self._write(group)
            finally:
                for _ in group:
                    self._queue.task_done()

    async def _write(self, group: Sequence[_Waiting]) -> None:
        # Nobody waits any more for what timed out: the carrier was told to send it again.
        group = [each for each in group if not each.stored.done()]
        try:
            await self._insert([each.row for each in group])
        except psycopg.OperationalError as error:
            await self._disconnect()
            _log.error("raw events not stored", events=len(group), error=type(error).__name__)
            _answer(group, NotStored())
        except psycopg.Error as error:
            await self._one_by_one(group, error)
        else:
            _answer(group, None)
            self._ring()

    async def _one_by_one(self, group: Sequence[_Waiting], error: psycopg.Error) -> None:
        """One row that the database refuses must not take its neighbors with it."""
        if len(group) == 1:
            _log.error("raw event refused", error=type(error).__name__)
            _answer(group, NotStored())
            return
        for each in group:
            await self._write([each])

    async def _insert(self, rows: Sequence[dict[str, Any]]) -> None:
        if not rows:
            return
        columns = [[row[name] for row in rows] for name in _COLUMNS]
        for is_last in (False, True):
            fresh = self._connection is None or self._connection.closed
            try:
                await (await self._connected()).execute(_INSERT, columns)
            except psycopg.OperationalError:
                # A connection that was cut while nobody used it shows only now; a fresh one has no such excuse.
                await self._disconnect()
                if fresh or is_last:
                    raise
            else:
                return

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            options = f"-c statement_timeout={_STATEMENT_MILLISECONDS} -c timezone=UTC"
            self._connection = await psycopg.AsyncConnection.connect(
                self.url.replace("postgresql+psycopg://", "postgresql://", 1),
                autocommit=True,
                connect_timeout=_CONNECT_SECONDS,
                options=options,
                application_name="followup intake",
            )
        return self._connection

    async def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                await self._connection.close()
            self._connection = None

    def _ring(self) -> None:
        """Ring in a thread; rings that come while one is under way become a single further one."""
        if self._bell is not None and not self._bell.done():
            self._ring_again = True
            return
        self._bell = asyncio.create_task(self._rung(), name="intake bell")

    async def _rung(self) -> None:
        self._ring_again = True
        while self._ring_again:
            self._ring_again = False
            try:
                await asyncio.to_thread(self.on_stored)
            except Exception as error:  # noqa: BLE001 - the row is safe and a tick comes, whatever the bell does
                _log.warning("bell not rung", error=type(error).__name__)


def _answer(group: Sequence[_Waiting], error: NotStored | None) -> None:
    for each in group:
        if each.stored.done():
            continue
        if error is None:
            each.stored.set_result(None)
        else:
            each.stored.set_exception(error)
