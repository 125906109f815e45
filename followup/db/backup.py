"""Write everything that is in the database into one encrypted file, as it was at one instant, while people work.

One transaction that only reads and sees one moment copies every table in the order of their references. It needs
no program beside this one, so that the version of a dump tool can't stand between a clinic and its patients. What
is sealed in a row stays sealed in the file, which is sealed again as a whole.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from followup.db import sealed
from followup.db.base import Base
from followup.db.migrate import plain_url
from followup.db.rotate import sealed_tables
from followup.kit.vault import VaultWriter

_ROWS_IN_A_BLOCK = b"\x01"
_END_OF_TABLE = b"\x00"


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds. ``taken_at`` is machine time, ISO 8601 in UTC."""

    taken_at: str
    rows: dict[str, int]


def tables() -> list[str]:
    """Every table, referenced ones first."""
    list(sealed_tables())  # reads every row module
    return [table.name for table in Base.metadata.sorted_tables]


def back_up(owner_url: str, file: Path) -> BackedUp:
    """Write the backup beside its place and move it there when it is whole; the owner's login.

    Raises OSError for a place that can't be written.
    """
    draft = file.with_name(f"{file.name}.part")
    try:
        with draft.open("xb") as opened:
            draft.chmod(0o600)
            vault = VaultWriter(opened, sealed.ring().newest)
            done = _copy_all(owner_url, vault)
            vault.close()
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return done


def _copy_all(owner_url: str, vault: VaultWriter) -> BackedUp:
    with psycopg.connect(plain_url(owner_url)) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = connection.execute(
            "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), version_num"
            " FROM alembic_version"
        ).fetchone()
        assert row is not None
        taken_at, revision = row
        _line(vault, {"taken_at": taken_at, "revision": revision})
        rows = {name: _copy(connection, name, vault) for name in tables()}
        _line(vault, {"rows": rows})
        return BackedUp(taken_at, rows)


def _copy(connection: psycopg.Connection[Any], name: str, vault: VaultWriter) -> int:
    columns = [column.name for column in Base.metadata.tables[name].columns]
    _line(vault, {"table": name, "columns": columns})
    statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT (FORMAT binary)").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(name)
    )
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copied:
            for block in copied:
                vault.write(_ROWS_IN_A_BLOCK + len(block).to_bytes(4, "big"))
                vault.write(block)
        vault.write(_END_OF_TABLE)
        return cursor.rowcount


def _line(vault: VaultWriter, told: dict[str, Any]) -> None:
    vault.write(json.dumps(told).encode() + b"\n")
