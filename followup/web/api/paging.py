"""Pages of a list by keyset: a cursor is the place of the last item, so that a list may grow while it is read."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from followup.errors import InvalidInput
from followup.web.ids import read_id

T = TypeVar("T")
R = TypeVar("R")

MOST = 200
USUAL = 50


class Page(BaseModel, Generic[T]):
    """One page of a list, in the order in which things were recorded."""

    items: list[T]
    next: str | None = Field(
        None,
        description="The cursor of the next page; null on the last one.",
        examples=["AZQ1c2lkLWV4YW1wbGU"],
    )


class Slice(BaseModel):
    """Which page is asked for."""

    after: uuid.UUID | None
    limit: int


def _slice(
    cursor: Annotated[str | None, Query(max_length=64, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(description=f"Most items of a page, at most {MOST}.")] = USUAL,
) -> Slice:
    return Slice(after=read_cursor(cursor) if cursor else None, limit=min(max(limit, 1), MOST))


Asked = Annotated[Slice, Depends(_slice)]


def page_of(
    found: Sequence[R], asked: Slice, show: Callable[[R], T], id_of: Callable[[R], uuid.UUID]
) -> Page[T]:
    """Make a page of at most ``limit`` of the found, of which one more than that was read."""
    shown = found[: asked.limit]
    more = len(found) > asked.limit
    return Page(items=[show(each) for each in shown], next=write_cursor(id_of(shown[-1])) if more else None)


def write_cursor(last: uuid.UUID) -> str:
    """Write a place in a list."""
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")


def read_cursor(cursor: str) -> uuid.UUID:
    """Read a place in a list; raises InvalidInput."""
    try:
        return read_id(uuid.UUID(bytes=base64.b64decode(cursor + "==", altchars=b"-_", validate=True)))
    except (ValueError, binascii.Error):
        raise InvalidInput("cursor", "This cursor does not come from a page of this list.") from None
