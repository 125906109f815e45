"""Connections and transactions: the only place of the domain that commits.

A verb gets a session from a door and never commits. A door opens ``transaction(clinic_id)``: the app role, with
the clinic set for this one transaction, so that row-level security shows that clinic's rows and no others; an
unset clinic shows nothing. Sweeps that have to look over all clinics use ``engine()``, whose role sees a few
columns of a few tables. What was rung during a transaction is handed on after the outer commit, never before.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from followup.errors import ConfigurationError, Unreachable

BELLS = "followup.bells"


@dataclass(frozen=True, slots=True)
class Bell:
    """A wake-up: a name and the ids it is about; never content."""

    name: str
    ids: tuple[str, ...] = ()


Ringer = Callable[[list[Bell]], None]


def _silent(_bells: list[Bell]) -> None:
    """Ring nothing: every bell only hastens what the next tick does anyway."""


@dataclass(frozen=True, slots=True)
class PoolSize:
    """How many connections a process may hold per role."""

    app: int = 10
    engine: int = 3
    intake: int = 2


class Database:
    """The logins of one process, and the transactions it opens with them."""

    def __init__(
        self,
        urls: Mapping[str, str],
        *,
        ringer: Ringer = _silent,
        pool: PoolSize | None = None,
        statement_timeout: str = "15s",
    ) -> None:
        self._urls = dict(urls)
        self._ringer = ringer
        self._timeout = statement_timeout
        sizes = pool or PoolSize()
        self._engines: dict[str, Engine] = {}
        self._makers: dict[str, sessionmaker[Session]] = {}
        for role, size in (("app", sizes.app), ("engine", sizes.engine), ("intake", sizes.intake)):
            if role in self._urls:
                self._engines[role] = self._connect(self._urls[role], size)
                self._makers[role] = sessionmaker(self._engines[role], expire_on_commit=False)

    def _connect(self, url: str, size: int) -> Engine:
        options = f"-c statement_timeout={self._timeout} -c lock_timeout=10s -c timezone=UTC"
        return create_engine(
            url,
            pool_size=size,
            max_overflow=2,
            pool_pre_ping=True,
            pool_timeout=10,
            # An error of the database names its statement; the values in it may be a patient's.
            hide_parameters=True,
            connect_args={"options": options, "connect_timeout": 5, "application_name": "followup"},
        )

    @contextmanager
    def transaction(self, clinic_id: uuid.UUID) -> Iterator[Session]:
        """Open a transaction of the app role for one clinic; commit at the end, ring after the commit."""
        with self._session("app") as session:
            session.execute(
                text("SELECT set_config('followup.clinic_id', :clinic, true)"), {"clinic": str(clinic_id)}
            )
            yield session

    @contextmanager
    def engine(self) -> Iterator[Session]:
        """Open a transaction of the engine role: what is due, and where."""
        with self._session("engine") as session:
            yield session

    @contextmanager
    def intake(self) -> Iterator[Session]:
        """Open a transaction of the intake role, which may only add raw events."""
        with self._session("intake") as session:
            yield session

    @contextmanager
    def _session(self, role: str) -> Iterator[Session]:
        with self._makers[role]() as session:
            with session.begin():
                yield session
            bells = session.info.pop(BELLS, [])
        if bells:
            self._ringer(bells)

    def url(self, role: str) -> str:
        """Return the URL of a role, for the asynchronous intake of the webhooks."""
        return self._urls[role]

    def check_roles(self) -> None:
        """Refuse logins that row-level security does not hold.

        A superuser and a role with BYPASSRLS walk past even forced policies: running on one would make every
        clinic readable to every other. Raises ConfigurationError naming the login, Unreachable if the server
        does not answer.
        """
        for role, engine in self._engines.items():
            try:
                with engine.connect() as connection:
                    name, risky = connection.execute(
                        text(
                            "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles"
                            " WHERE rolname = current_user"
                        )
                    ).one()
            except OperationalError as error:
                raise Unreachable(f"PostgreSQL ({role} login) can't be reached: {_brief(error)}") from None
            if risky:
                raise ConfigurationError(
                    f"the {role} login {name!r} is a superuser or has BYPASSRLS; row-level security would not"
                    " hold. Run `followup migrate` to create the logins, or set"
                    f" FOLLOWUP_DATABASE_{role.upper()}_URL"
                )

    def dispose(self) -> None:
        """Close every connection."""
        for engine in self._engines.values():
            engine.dispose()


def _brief(error: OperationalError) -> str:
    return str(error.orig).strip().splitlines()[0] if error.orig else "no connection"
