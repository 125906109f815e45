"""Row ids, made before the insert.

An encrypted column is bound to its row by the row's id, so the id has to exist before the row does. Version 7
keeps ids in the order of time, which keeps the indexes of a growing table small and its inserts quick.
"""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0


def new_id() -> uuid.UUID:
    """Return a version 7 UUID; within one process each is greater than the one before."""
    global _last  # noqa: PLW0603 - the order within a process is the point
    with _lock:
        # 48 bits of milliseconds followed by 12 bits of a millisecond's fraction: one growing number.
        ticks = time.time_ns() * 4096 // 1_000_000
        _last = ticks = max(ticks, _last + 1)
    milliseconds, fraction = divmod(ticks, 4096)
    chance = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    value = (milliseconds & ((1 << 48) - 1)) << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | chance
    return uuid.UUID(int=value)
