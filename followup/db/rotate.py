"""Seal everything anew with the newest key, while people work.

Which columns are sealed is read from the row classes themselves, so that a new one can't be forgotten. Rows are
taken in batches of their own transactions: it may be stopped at any moment and started again, and a row that
somebody is changing meanwhile waits for the next round. Blind indexes are made anew with the new key; until their
turn comes, rows are found under the old one.

Runs as the owner of the tables: no working role may rewrite records, and none should.
"""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, create_engine, func, or_, select
from sqlalchemy.orm import Session

from followup.db import keys, sealed
from followup.db.base import Base, Row
from followup.db.registry import ROW_MODULES
from followup.db.sealed import Sealed

BATCH = 200
MOST_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class SealedTable:
    """One table with something sealed in it."""

    row: type[Row]
    attributes: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """The table's name."""
        return str(self.row.__tablename__)

    def is_json(self, attribute: str) -> bool:
        """Whether an attribute holds JSON and not a text."""
        return any(vars(kind)[attribute].as_json for kind in self.row.__mro__ if attribute in vars(kind))


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did: rows sealed anew, and whether nothing is left under an older key."""

    rows: int
    is_complete: bool


def sealed_tables() -> Iterator[SealedTable]:
    """Find every class with a sealed attribute, in the order of table names."""
    for module in ROW_MODULES:
        importlib.import_module(module)
    for mapper in sorted(Base.registry.mappers, key=lambda each: str(each.local_table)):
        found = {
            name: value.column
            for kind in mapper.class_.__mro__
            for name, value in vars(kind).items()
            if isinstance(value, Sealed)
        }
        if found:
            yield SealedTable(mapper.class_, tuple(found), tuple(found.values()))


def rotate(owner_url: str, *, told: Callable[[str, int], None] = lambda _table, _rows: None) -> Rotated:
    """Seal every row with the newest key. ``told`` hears the table and the rows done after each batch."""
    engine = create_engine(owner_url, connect_args={"options": "-c lock_timeout=10s -c timezone=UTC"})
    try:
        with Session(engine) as session, session.begin():
            keys.note_newest(session)
        done = 0
        for _ in range(MOST_ROUNDS):
            for table in sealed_tables():
                done += _rotate_table(engine, table, told)
            if not any(_left(engine, table) for table in sealed_tables()):
                with Session(engine) as session, session.begin():
                    keys.retire_others(session)
                return Rotated(done, is_complete=True)
        return Rotated(done, is_complete=False)
    finally:
        engine.dispose()


def _rotate_table(engine: Engine, table: SealedTable, told: Callable[[str, int], None]) -> int:
    done, after = 0, uuid.UUID(int=0)
    while True:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            rows = session.scalars(
                select(table.row)
                .where(table.row.id > after, _is_old(table))
                .order_by(table.row.id)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            for row in rows:
                _seal_anew(table, row)
        if not rows:
            return done
        after = rows[-1].id
        done += len(rows)
        told(table.name, done)


def _seal_anew(table: SealedTable, row: Row) -> None:
    for attribute, column in zip(table.attributes, table.columns, strict=True):
        if getattr(row, column) is not None:
            setattr(row, attribute, getattr(row, attribute))
    for column, made_from in table.row.blind_columns.items():
        setattr(row, column, made_from(row))


def _left(engine: Engine, table: SealedTable) -> bool:
    with Session(engine) as session:
        return session.scalar(select(table.row.id).where(_is_old(table)).limit(1)) is not None


def _is_old(table: SealedTable) -> Any:
    """Rows of which any column is sealed with another key than the newest. An absent value is never old."""
    newest = sealed.ring().newest.id
    return or_(
        *(func.substring(getattr(table.row, column), 1, len(newest)) != newest for column in table.columns)
    )
