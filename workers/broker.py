"""What a worker does with a message that is none of ours: it is dropped, counted and told by its id, never obeyed.

Redis may hold bytes of a stranger, of an older version or of a broken client. Celery answers what it can decode,
but kombu's reader of the queue decodes before anybody may answer, and an error there ends the worker. Dropping is
safe: the queue carries wake-ups only, and the next tick finds what they were about. What a message holds is not
ours, so it never reaches a log. These classes hang where the libraries let them: kombu's table of transports, and
Celery's ``worker_consumer``.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from typing import Any

from celery.worker.consumer import Consumer as CelerysConsumer
from kombu.transport import TRANSPORT_ALIASES, virtual
from kombu.transport import redis as kombus_redis

from followup.log import logger

_log = logger(__name__)
_counted = itertools.count(1)
# What decoding raises over bytes that somebody else chose: no JSON, too deep, a field missing or of another kind.
_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


class NotAMessage(ValueError):
    """What lay in the queue has not the shape of a message."""


def _dropped(why: str, message: Any = None) -> None:
    headers = getattr(message, "headers", None)
    known = headers.get("id") if isinstance(headers, dict) else None
    _log.error(
        "message dropped", why=why, message_id=str(known)[:40] if known else None, dropped=next(_counted)
    )


class Message(virtual.Message):
    """A message with everything that taking, acknowledging and giving back will ask of it."""

    def __init__(self, payload: Any, channel: Any = None, **more: Any) -> None:
        """Raises NotAMessage."""
        try:
            super().__init__(payload, channel=channel, **more)  # type: ignore[no-untyped-call]
            asked = (self.delivery_tag, self.delivery_info["exchange"], self.delivery_info["routing_key"])
            task = self.headers.get("task", "")
        except _UNREADABLE as error:
            raise NotAMessage(type(error).__name__) from error
        if not all(isinstance(each, str) for each in (*asked, task)):
            raise NotAMessage("not a name")


class Channel(kombus_redis.Channel):
    """Redis, read by somebody who expects strangers."""

    Message = Message

    def _brpop_read(self, **options: Any) -> Any:
        # Redis has given the bytes away already, so what can't be read is not waiting for the next reader.
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]
        except _UNREADABLE as error:
            _dropped(type(error).__name__)
            return True


class Transport(kombus_redis.Transport):
    """kombu's Redis transport with our channel."""

    Channel = Channel


class Consumer(CelerysConsumer):  # type: ignore[misc]
    """Celery's consumer, which drops what it can't take without repeating its content."""

    def create_task_handler(self, *words: Any, **options: Any) -> Callable[[Any], None]:
        """Return what takes one message; whatever a message does to Celery, the worker stays."""
        take = super().create_task_handler(*words, **options)

        def handle(message: Any) -> None:
            try:
                take(message)
            except Exception as error:
                # kombu counts a missing key among the errors of a connection; here it is the message that lacks it.
                if isinstance(error, self.connection_errors) and not isinstance(error, LookupError):
                    raise
                self._drop(message, type(error).__name__)

        return handle

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Drop a body that is not JSON; pickle is never opened."""
        self._drop(message, type(exc).__name__)

    def on_unknown_message(self, body: Any, message: Any) -> None:  # noqa: ARG002 - Celery's signature
        """Drop what names no task."""
        self._drop(message, "names no task")

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:  # noqa: ARG002 - Celery's signature
        """Drop a task that this version does not have."""
        self._drop(message, "unknown task")

    def on_invalid_task(self, body: Any, message: Any, exc: Exception) -> None:  # noqa: ARG002 - Celery's signature
        """Drop a task whose envelope is wrong."""
        self._drop(message, type(exc).__name__)

    def _drop(self, message: Any, why: str) -> None:
        _dropped(why, message)
        if not message.acknowledged:
            message.reject_log_error(logging.getLogger(__name__), self.connection_errors)


def expect_strangers(conf: Any) -> None:
    """Let the workers of this process read the queue with these classes; before anything connects."""
    TRANSPORT_ALIASES.update(redis="workers.broker:Transport", rediss="workers.broker:Transport")
    conf.worker_consumer = "workers.broker:Consumer"
