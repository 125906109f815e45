"""Alembic's door: one transaction for all steps, with the metadata of every row module."""

from __future__ import annotations

import importlib

from alembic import context
from sqlalchemy import create_engine

from followup.db.base import Base
from followup.db.registry import ROW_MODULES

for module in ROW_MODULES:
    importlib.import_module(module)

engine = create_engine(context.config.attributes["url"])
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=False,
        compare_type=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
