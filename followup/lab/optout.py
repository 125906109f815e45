"""STOP, START and HELP as the carrier understands them: only when they are the whole text.

What else a person may write to say "no more" is followup's own business; the lab must not be more helpful than
the real carrier. Source: the carrier's default keyword list since May 2025.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Keyword(StrEnum):
    """What a whole-text keyword asks for."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


WORDS: Final = {
    Keyword.STOP: ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"),
    Keyword.START: ("START", "YES", "UNSTOP"),
    Keyword.HELP: ("HELP", "INFO"),
}
_MEANING: Final = {word: keyword for keyword, words in WORDS.items() for word in words}
ANSWERS: Final = {
    Keyword.STOP: "You have successfully been unsubscribed. You will not receive any more messages from this"
    " number. Reply START to resubscribe.",
    Keyword.START: "You have successfully been re-subscribed to messages from this number. Reply HELP for help."
    " Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    Keyword.HELP: "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


def meaning(body: str) -> Keyword | None:
    """Return the keyword that the whole text is, or None."""
    return _MEANING.get(body.strip().upper())


class Blocked:
    """Pairs of a phone and a sender (or a messaging service) between which the carrier carries nothing."""

    def __init__(self) -> None:
        self._pairs: set[tuple[str, str]] = set()

    def __contains__(self, pair: tuple[str, str]) -> bool:
        return pair in self._pairs

    def apply(self, keyword: Keyword, *, phone: str, line: str) -> bool:
        """Change the block as the keyword asks; return whether that changed anything."""
        pair = (phone, line)
        before = pair in self._pairs
        if keyword is Keyword.STOP:
            self._pairs.add(pair)
        elif keyword is Keyword.START:
            self._pairs.discard(pair)
        return before != (pair in self._pairs)

    def listed(self) -> list[tuple[str, str]]:
        """All blocked pairs (phone, line), sorted."""
        return sorted(self._pairs)
