"""Put a backup into an empty database, or only prove that it could be done.

All or nothing: one transaction, and a database that holds a single row already is left alone. Sending is paused
in every clinic, because nobody knows yet what the lost hours sent: an administrator lets it go on after the
carrier's list was compared (F34).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from followup.db import sealed
from followup.db.backup import tables
from followup.db.base import Base
from followup.db.migrate import plain_url
from followup.db.rotate import sealed_tables
from followup.errors import ConfigurationError
from followup.kit.crypto import SealError
from followup.kit.vault import read_vault

PAUSED = "restored from a backup"
_LOOK_AT = 50


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back. ``taken_at`` is when the backup was made: machine time, ISO 8601 in UTC."""

    taken_at: str
    rows: dict[str, int]
    opened: int


def taken_at(paused_reason: str | None) -> datetime | None:
    """Read from a clinic's reason for pausing when the restored backup was made; None for any other reason."""
    if paused_reason is None or not paused_reason.startswith(PAUSED):
        return None
    return datetime.fromisoformat(paused_reason.rpartition(" ")[2])


class _Stream:
    """Reads lines and blocks from the pieces of a vault."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._have = bytearray()

    def take(self, many: int) -> bytes:
        while len(self._have) < many:
            self._more()
        taken = bytes(self._have[:many])
        del self._have[:many]
        return taken

    def line(self) -> dict[str, Any]:
        while b"\n" not in self._have:
            self._more()
        told: dict[str, Any] = json.loads(self.take(self._have.index(b"\n") + 1))
        return told

    def end(self) -> None:
        """Read on to the end, so that the last piece is proved, too."""
        for _ in self._pieces:
            pass

    def _more(self) -> None:
        piece = next(self._pieces, None)
        if piece is None:
            raise SealError("the backup was changed or cut off")
        self._have += piece


def restore(owner_url: str, file: Path) -> Restored:
    """Restore ``file`` into a database that was migrated and is empty; the owner's login.

    Raises ConfigurationError for a database that is not empty or of another version, and for a file that can't be
    opened with the configured keys.
    """
    try:
        with file.open("rb") as opened, psycopg.connect(plain_url(owner_url)) as connection:
            return _restore(connection, _Stream(read_vault(opened, sealed.ring())))
    except SealError as error:
        raise ConfigurationError(f"{file.name}: {error}.") from None


def _restore(connection: psycopg.Connection[Any], stream: _Stream) -> Restored:
    head = stream.line()
    _refuse_unfit(connection, str(head["revision"]))
    rows = {}
    # Copying in is not possible under policies; they are back in force when this transaction ends.
    for name in tables():
        connection.execute(sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY").format(sql.Identifier(name)))
    for _ in tables():
        name, count = _copy(connection, stream)
        rows[name] = count
    told = stream.line()["rows"]
    stream.end()
    if told != rows:
        raise ConfigurationError("The backup holds other numbers of rows than it says.")
    _number_on(connection)
    connection.execute(
        "UPDATE clinic SET sending_paused_at = now(), sending_paused_reason = %s",
        [f"{PAUSED} of {head['taken_at']}"],
    )
    # Who was signed in then, or had been sent a link, may not be by now; a lease of that day holds nobody's work.
    connection.execute("UPDATE staff_session SET ended_at = now() WHERE ended_at IS NULL")
    connection.execute("UPDATE staff_link SET used_at = now() WHERE used_at IS NULL")
    connection.execute("UPDATE sender SET lease_owner = NULL, urgent_lease_owner = NULL")
    opened = _open_some(connection)
    for name in tables():
        connection.execute(sql.SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(sql.Identifier(name)))
    return Restored(str(head["taken_at"]), rows, opened)


def _refuse_unfit(connection: psycopg.Connection[Any], revision: str) -> None:
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except psycopg.errors.UndefinedTable:
        row = None
    if row is None or row[0] != revision:
        raise ConfigurationError(
            f"The backup is of schema version {revision}; this database is at {row[0] if row else 'none'}."
            " Restore it with the release it was made with, then migrate."
        )
    for name in tables():
        if connection.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(name))).fetchone():
            raise ConfigurationError(
                f"This database is not empty ({name} has rows). Restore into a fresh one."
            )


def _copy(connection: psycopg.Connection[Any], stream: _Stream) -> tuple[str, int]:
    told = stream.line()
    name, columns = str(told["table"]), [str(each) for each in told["columns"]]
    if name not in Base.metadata.tables:
        raise ConfigurationError(f"The backup has a table {name} that this release does not know.")
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            while stream.take(1) == b"\x01":
                copy.write(stream.take(int.from_bytes(stream.take(4), "big")))
        return name, cursor.rowcount


def _number_on(connection: psycopg.Connection[Any]) -> None:
    """Let every counter go on behind the highest number that came back."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.identity is not None:
                connection.execute(
                    sql.SQL(
                        "SELECT setval(pg_get_serial_sequence({}, {}), COALESCE(max({}), 0) + 1, false) FROM {}"
                    ).format(table.name, column.name, sql.Identifier(column.name), sql.Identifier(table.name))
                )


def _open_some(connection: psycopg.Connection[Any]) -> int:
    """Open some sealed values of every table: a backup whose words can't be read is none."""
    opened = 0
    for table in sealed_tables():
        for column in table.columns:
            found = connection.execute(
                sql.SQL("SELECT id, {0} FROM {1} WHERE {0} IS NOT NULL ORDER BY id DESC LIMIT {2}").format(
                    sql.Identifier(column), sql.Identifier(table.name), _LOOK_AT
                )
            )
            for row_id, value in found:
                sealed.ring().open(bytes(value), sealed.place(table.name, column, row_id))
                opened += 1
    return opened
