"""What a form sent, as text: decoded strictly, without control characters, each field once unless it is a list.

Nothing is interpreted here; a verb checks and says at which field something is wrong. A body that is no form,
or whose bytes are no text, is refused as a whole.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from followup.errors import FollowupError, InvalidInput

MOST_FIELDS = 300
FORM = "application/x-www-form-urlencoded"
_LINE_ENDS = "\r\n\t"


class BadRequest(FollowupError):
    """This request can't be read."""

    code = "bad-request"


class WrongKind(FollowupError):
    """This kind of content is not read here."""

    code = "wrong-content-type"


class Fields(Mapping[str, str]):
    """The fields of a form; the last value of each name, ``many`` for all of them."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs
        self._last = dict(pairs)

    def __getitem__(self, name: str) -> str:
        return self._last[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._last)

    def __len__(self) -> int:
        return len(self._last)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every name and value in order, for a form that has to be sent again."""
        return list(self._pairs)

    def text(self, name: str) -> str:
        """Return a field without blanks around it; an absent one is empty."""
        return self._last.get(name, "").strip()

    def whole(self, name: str, *, least: int = 0) -> int:
        """Return a field as a whole number, or ``least`` where it is none."""
        found = self.text(name)
        return int(found) if found.isascii() and found.isdigit() and len(found) < 10 else least


def read_fields(body: bytes) -> Fields:
    """Decode a form body. Raises BadRequest, or InvalidInput for a control character, with its place."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except (UnicodeDecodeError, ValueError):
        raise BadRequest("This form can't be read: its text is damaged.") from None
    for name, value in pairs:
        refuse_control_characters(name, value)
    return Fields(pairs)


def refuse_control_characters(name: str, value: str) -> None:
    """Raise InvalidInput at the field for NUL and its like, BadRequest for half a character."""
    for place, char in enumerate(value, start=1):
        category = unicodedata.category(char)
        if category == "Cs":
            raise BadRequest(f"The character at position {place} of {name} is damaged.")
        if category == "Cc" and char not in _LINE_ENDS:
            raise InvalidInput(name, f"There is a control character at position {place}.")


async def posted(request: Request) -> Fields:
    """Read the form of this request; raises WrongKind, BadRequest or InvalidInput."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if body and kind != FORM:
        raise WrongKind
    return read_fields(body)


Posted = Annotated[Fields, Depends(posted)]
