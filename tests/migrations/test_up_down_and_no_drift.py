"""The migrations lead from nothing to what the row modules say, and back."""

from __future__ import annotations

import importlib

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from followup.db.base import Base
from followup.db.migrate import WORKING_ROLES, downgrade, upgrade
from followup.db.registry import ROW_MODULES

PASSWORDS = dict.fromkeys(WORKING_ROLES, "f" * 40)


def test_up_ends_at_exactly_what_the_rows_say(empty_database_url: str) -> None:
    upgrade(empty_database_url, passwords={})
    for module in ROW_MODULES:
        importlib.import_module(module)
    engine = create_engine(empty_database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_down_leaves_nothing_behind_and_up_works_again(empty_database_url: str) -> None:
    upgrade(empty_database_url, passwords={})
    downgrade(empty_database_url, "base")
    engine = create_engine(empty_database_url)
    with engine.connect() as connection:
        tables = connection.scalars(
            text(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
            )
        ).all()
        assert tables == []
    engine.dispose()
    upgrade(empty_database_url, passwords={})


def test_migrating_twice_changes_nothing(empty_database_url: str) -> None:
    seen = []
    for _ in range(2):
        upgrade(empty_database_url, passwords={})
        engine = create_engine(empty_database_url)
        with engine.connect() as connection:
            seen.append(connection.scalar(text("SELECT count(*) FROM pg_class")))
        engine.dispose()
    assert seen[0] == seen[1]


def test_every_row_module_is_registered() -> None:
    from pathlib import Path

    root = Path(importlib.import_module("followup").__file__ or "").parent
    found = {
        f"followup.{path.relative_to(root).with_suffix('').as_posix().replace('/', '.')}"
        for path in root.rglob("models.py")
    }
    assert found == set(ROW_MODULES)
