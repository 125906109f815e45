"""Structured logs without patient data.

Logs carry ids. A redaction step masks what slipped through all the same: phone numbers, mail addresses, long
tokens, and every value under a key that may hold words of a patient. Of an exception it keeps its class and where
it came from, and its sentence only if it is one of ours: a library repeats the value it stumbled over, and that
may be a name. Nothing here decides anything.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from followup.errors import FollowupError

_PRIVATE_KEYS = frozenset(
    [
        "body",
        "text",
        "name",
        "phone",
        "address",
        "email",
        "note",
        "subject",
        "password",
        "token",
        "authorization",
    ]
)
_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), "[email]"),
    (re.compile(r"(?<![\w-])\+?\d[\d\s().-]{7,18}\d(?![\w-])"), "[number]"),
    (re.compile(r"(?<=/status/)[\w-]{16,}"), "[token]"),
    (re.compile(r"(?<=[?&]To=)[^&\s]+"), "[number]"),
)
_MOST_CAUSES = 8
_ISO_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def mask(text: str) -> str:
    """Return ``text`` with what looks like a phone number, mail address or token masked."""
    for pattern, put in _MASKS:
        text = pattern.sub(lambda found, put=put: _masked(found.group(), put), text)  # type: ignore[misc]
    return text


def _masked(found: str, put: str) -> str:
    return found if _ISO_TIME.match(found) or _UUID.fullmatch(found) else put


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """structlog processor: mask every string and drop the values of private keys."""
    for key, value in event.items():
        if key in _PRIVATE_KEYS:
            event[key] = "[private]"
        elif isinstance(value, str) and key not in ("timestamp", "level"):
            event[key] = mask(value)
    return event


def _traced(exc_info: Any) -> str:
    """Show classes and places of an exception and of those behind it, without what they say."""
    parts: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None and len(parts) < _MOST_CAUSES:
        said = f": {mask(error.message)}" if isinstance(error, FollowupError) else ""
        parts.append("".join(traceback.format_tb(error.__traceback__)) + type(error).__qualname__ + said)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\nafter: ".join(parts)


def configure(*, form: str = "json", level: int = logging.INFO) -> None:
    """Set up logging of this process: one line per event on standard error, everything redacted."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_traced),
        redact,
    ]
    last = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level)
    # The SDK logs request addresses, and a list call has the patient's number in its address.
    for chatty in ("twilio", "twilio.http_client", "urllib3", "aiohttp", "httpx2", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def logger(name: str) -> Any:
    """Return the structured logger of a module."""
    return structlog.get_logger(name)
