"""Encrypted columns that read like plain attributes.

``name = Sealed("name_sealed")`` beside ``name_sealed: Mapped[bytes]`` seals on assignment and opens on reading,
bound to the table, the column and the row's id. The key ring is installed once at start-up; without it every
access raises: there is no plaintext fallback.

A blind index beside it is a ``blind_column``: comparing one with ``blind(...)`` looks under every configured key,
so that a rotation may run while people work. Its class says in ``blind_columns`` what it is made from.
"""

from __future__ import annotations

import json
import uuid
from typing import Any, Generic, TypeVar, overload

from sqlalchemy import Column, ColumnElement, LargeBinary
from sqlalchemy.orm import ColumnProperty, MappedSQLExpression, column_property

from followup.kit.crypto import Blind, KeyRing

T = TypeVar("T")

_ring: KeyRing | None = None


def install(ring: KeyRing) -> None:
    """Give this process its keys; called by the wiring, once."""
    global _ring  # noqa: PLW0603 - one process, one ring
    _ring = ring


def ring() -> KeyRing:
    """Return the installed keys; raises RuntimeError if the wiring was skipped."""
    if _ring is None:
        raise RuntimeError("the encryption keys are not installed; start through followup.bootstrap")
    return _ring


def place(table: str, column: str, row_id: uuid.UUID) -> str:
    """Return the associated data that binds a sealed value to its row."""
    return f"{table}.{column}:{row_id}"


def blind(kind: str, value: str) -> Blind:
    """Return the blind index of ``value``; addresses use ``phone`` and ``email``, name prefixes ``name``."""
    return ring().blind(kind, value)


class _UnderEveryKey(ColumnProperty.Comparator[bytes]):
    """Compares a blind index with what was asked for, under every configured key."""

    def __eq__(self, other: Any) -> ColumnElement[bool]:  # type: ignore[override]
        if isinstance(other, Blind):
            return self.in_(other.every)
        return super().__eq__(other)

    __hash__ = ColumnProperty.Comparator.__hash__

    def in_(self, other: Any) -> ColumnElement[bool]:  # type: ignore[override]
        every = [one for each in other for one in (each.every if isinstance(each, Blind) else (each,))]
        return super().in_(every)


def blind_column(name: str) -> MappedSQLExpression[bytes]:
    """Return a column that holds a blind index."""
    return column_property(Column(name, LargeBinary, nullable=False), comparator_factory=_UnderEveryKey)


class Sealed(Generic[T]):
    """A text (or JSON) attribute kept encrypted in the column it names."""

    def __init__(self, column: str, *, as_json: bool = False) -> None:
        self._column = column
        self._as_json = as_json

    @property
    def column(self) -> str:
        """The name of the encrypted column."""
        return self._column

    @property
    def as_json(self) -> bool:
        """Whether the value is JSON and not a text."""
        return self._as_json

    @overload
    def __get__(self, row: None, owner: type[Any]) -> Sealed[T]: ...
    @overload
    def __get__(self, row: Any, owner: type[Any]) -> T: ...
    def __get__(self, row: Any, owner: type[Any]) -> Any:
        """Open the value; None stays None."""
        if row is None:
            return self
        sealed = getattr(row, self._column)
        if sealed is None:
            return None
        text = ring().open(bytes(sealed), place(row.__tablename__, self._column, row.id))
        return json.loads(text) if self._as_json else text

    def __set__(self, row: Any, value: T) -> None:
        """Seal the value for this row; None clears it."""
        if value is None:
            setattr(row, self._column, None)
            return
        text = json.dumps(value, ensure_ascii=False) if self._as_json else str(value)
        setattr(row, self._column, ring().seal(text, place(row.__tablename__, self._column, row.id)))
