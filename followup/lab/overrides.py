"""Connection overrides in the fragment of a webhook URL (``#rc=5&rp=all&ct=2000``), and what they mean.

Follows the carrier's documentation: without overrides one retry, and only when no connection could be made; never
more than 15 seconds in all. Pure; nothing here touches the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urldefrag

LIMITS: Final = {  # name: (default, least, most); times in milliseconds
    "ct": (5_000, 100, 10_000),
    "rt": (15_000, 100, 15_000),
    "tt": (15_000, 100, 15_000),
    "rc": (1, 0, 5),
}
POLICIES: Final = frozenset({"4xx", "5xx", "ct", "rt", "all"})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the carrier waits for a webhook (seconds) and when it tries again."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})

    def tries_again_after(self, trouble: str) -> bool:
        """Whether the policy covers the trouble: ``ct``, ``rt``, ``4xx`` or ``5xx``."""
        return trouble in self.policy or "all" in self.policy


def split(url: str) -> tuple[str, Patience]:
    """Return the URL as it is called and signed (without fragment), and the overrides it carried.

    Values out of their range, and names nobody knows, are ignored as the carrier does.
    """
    address, fragment = urldefrag(url)
    if not fragment:
        return address, Patience()
    told = dict(parse_qsl(fragment))
    policy = frozenset(told.get("rp", "ct").split(",")) & POLICIES
    return address, Patience(
        connect=_number(told, "ct") / 1000,
        read=_number(told, "rt") / 1000,
        total=_number(told, "tt") / 1000,
        retries=_number(told, "rc"),
        policy=policy or frozenset({"ct"}),
    )


def _number(told: dict[str, str], name: str) -> int:
    default, least, most = LIMITS[name]
    text = told.get(name, "")
    value = int(text) if text.isascii() and text.isdigit() else default
    return value if least <= value <= most else default
