"""Keeps other web sites away from the lab's doors.

The lab listens on a person's own machine while they also browse: a foreign page must neither post to it nor read
it through a name of its own that points here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LOCAL: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  compared, not bound


def refusal(headers: Mapping[bytes, bytes], *, method: str, host: str) -> str | None:
    """Why a request to the lab's pages is refused; None when it may pass.

    ``host`` is what the lab listens on. Programs send neither Origin nor Sec-Fetch-Site and pass.
    """
    asked = headers.get(b"host", b"").decode("latin-1").lower()
    name = asked.rsplit(":", 1)[0] if not asked.endswith("]") else asked
    if host not in EVERYWHERE and name not in LOCAL | {host}:
        return "this name is not the lab's"
    if method in {"GET", "HEAD"}:
        return None
    if headers.get(b"sec-fetch-site", b"none") not in {b"none", b"same-origin"}:
        return "another site may not do this"
    origin = headers.get(b"origin", b"").decode("latin-1").lower()
    if origin and origin.partition("://")[2] != asked:
        return "another site may not do this"
    return None
