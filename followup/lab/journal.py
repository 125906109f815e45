"""Everything that happened in the lab, in order, never changed: the witness that tests and the auditor ask.

Kept in memory: the lab is the peer in benchmarks. Entries may be read from any thread; only the lab's own event
loop writes them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What an entry tells."""

    REQUEST = "request"
    TEXT_ACCEPTED = "text-accepted"
    TEXT_STATUS = "text-status"
    TEXT_REACHED_PHONE = "text-reached-phone"
    TEXT_FROM_PHONE = "text-from-phone"
    CALL = "call"
    WEBHOOK = "webhook"
    ALARM = "alarm"
    MAIL = "mail"
    MAIL_REPLY = "mail-reply"
    SIGNAL = "signal"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. ``at`` is seconds since the epoch on the carrier's clock."""

    number: int
    at: float
    kind: Kind
    facts: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]

    def plain(self) -> dict[str, Any]:
        """As plain values for HTTP."""
        return {"number": self.number, "at": self.at, "kind": self.kind, **self.facts}


class Journal:
    """An append-only list of entries that a thread can wait on."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._news = threading.Condition()

    def write(self, kind: Kind, at: float, **facts: Any) -> Entry:
        """Append an entry."""
        entry = Entry(len(self._entries) + 1, at, kind, facts)
        self._entries.append(entry)
        with self._news:
            self._news.notify_all()
        return entry

    def __len__(self) -> int:
        return len(self._entries)

    def entries(
        self, kind: Kind | str | None = None, *, since: int = 0, limit: int | None = None, **facts: Any
    ) -> list[Entry]:
        """Entries after number ``since``, of one kind, whose facts equal the given ones; oldest first."""
        found = (
            entry
            for entry in self._entries[since:]
            if (kind is None or entry.kind == kind)
            and all(entry.facts.get(name) == value for name, value in facts.items())
        )
        return list(found if limit is None else _first(found, limit))

    def wait_for(self, look: Callable[[], Any], *, within: float) -> Any:
        """Call ``look`` after every new entry until it returns something true; return that, or None in the end.

        ``within`` is real seconds. Never call it on the lab's own event loop.
        """
        with self._news:
            self._news.wait_for(lambda: bool(look()), timeout=within)
        return look()


def _first(found: Iterable[Entry], limit: int) -> Iterable[Entry]:
    for _, entry in zip(range(limit), found, strict=False):
        yield entry
