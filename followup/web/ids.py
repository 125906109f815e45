"""Ids in addresses: the one way they are written, so that any other spelling is a thing that does not exist."""

from __future__ import annotations

import re
import uuid
from typing import Annotated, Any

from pydantic import BeforeValidator

_WRITTEN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def read_id(value: Any) -> uuid.UUID:
    """Return the id; raises ValueError for capitals, braces and everything else."""
    if isinstance(value, uuid.UUID):
        return value
    if not isinstance(value, str) or not _WRITTEN.fullmatch(value):
        raise ValueError("not an id")
    return uuid.UUID(value)


Id = Annotated[uuid.UUID, BeforeValidator(read_id)]
