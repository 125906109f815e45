"""Bring a database to the current schema, and give the derived logins their passwords.

Runs as the owner. The three working roles are created when the owner may do so; otherwise the error says what a
database administrator has to run. Nothing else in the service ever uses the owner's login.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from followup.errors import ConfigurationError, Unreachable

SCRIPTS = Path(__file__).resolve().parent.parent / "migrations"
WORKING_ROLES = ("app", "engine", "intake")


def alembic_config(url: str) -> Config:
    """Return the configuration that Alembic's own commands need."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["url"] = url
    return config


def upgrade(owner_url: str, *, passwords: Mapping[str, str], revision: str = "head") -> None:
    """Create or update the working roles, then run the migrations up to ``revision``.

    ``passwords`` maps app, engine and intake to the password of the login ``followup_<role>``; a role that is
    left out keeps the login an administrator made. Raises Unreachable or ConfigurationError.
    """
    engine = create_engine(owner_url, connect_args={"connect_timeout": 5})
    try:
        with engine.begin() as connection:
            # One migration at a time: a second `migrate` waits here and then finds nothing to do.
            connection.execute(text("SELECT pg_advisory_xact_lock(7201)"))
            ensure_roles(connection, passwords)
        command.upgrade(alembic_config(owner_url), revision)
    except OperationalError as error:
        told = str(error.orig).strip().splitlines()[0]
        raise Unreachable(f"PostgreSQL (owner login) can't be reached: {told}") from None
    finally:
        engine.dispose()


def plain_url(url: str) -> str:
    """Return the address as PostgreSQL's own library writes it, without the name of a driver."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def downgrade(owner_url: str, revision: str) -> None:
    """Take migrations back; for tests and for an operator who knows what goes."""
    command.downgrade(alembic_config(owner_url), revision)


def ensure_roles(connection: Connection, passwords: Mapping[str, str]) -> None:
    """Create the logins that are missing and set the passwords of those named."""
    quote = connection.dialect.identifier_preparer.quote
    for role in WORKING_ROLES:
        name = quote(f"followup_{role}")
        known = connection.scalar(
            text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": f"followup_{role}"}
        )
        try:
            if not known:
                connection.execute(text(f"CREATE ROLE {name} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB"))
            if role in passwords:
                # A password cannot be a bound parameter of DDL; it is hexadecimal by construction.
                secret = passwords[role]
                if not secret.isalnum():
                    raise ConfigurationError("a derived database password must be letters and digits")
                connection.execute(text(f"ALTER ROLE {name} LOGIN PASSWORD '{secret}'"))
        except ProgrammingError:
            raise ConfigurationError(
                f"the owner login may not create the role followup_{role}. A database administrator has to run:"
                f" CREATE ROLE followup_{role} LOGIN NOSUPERUSER NOBYPASSRLS"
            ) from None
