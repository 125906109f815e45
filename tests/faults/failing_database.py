"""What the tests of a failing database share: a server of their own, a text on its way, a line that can be cut."""

from __future__ import annotations

import shutil
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from followup.db.session import Database
from tests.faults.case import Case
from tests.faults.own_postgres import OwnPostgres
from tests.faults.proxy import Proxy
from tests.servers_of_the_run import superuser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnPostgres]:
    own = OwnPostgres(tmp_path_factory.mktemp("own"))
    own.start()
    own.migrate()
    yield own
    own.stop()


@pytest.fixture
def owner_url(server: OwnPostgres) -> Iterator[str]:
    """A database on this module's own server."""
    name = f"test_{uuid.uuid4().hex}"
    with superuser(server.superuser_url) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE followup STRATEGY file_copy")
    yield server.superuser_url.replace("@/postgres?", f"@/{name}?")
    with superuser(server.superuser_url) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def is_on(case: Case) -> bool:
    try:
        return case.home.rows("SELECT 1") != []
    except (DBAPIError, OperationalError):
        return False


def one_text(case: Case) -> bool:
    return len(case.texts()) == 1


@contextmanager
def pumping(case: Case) -> Iterator[threading.Thread]:
    """Deliver in another thread, as a worker would, while the test breaks something."""
    failed: list[BaseException] = []

    def deliver() -> None:
        try:
            case.home.deliver()
        except BaseException as error:  # noqa: BLE001 - a worker's task may fail; its rows must not
            failed.append(error)

    thread = threading.Thread(target=deliver)
    thread.start()
    yield thread
    thread.join(60)
    assert not thread.is_alive()


def carrier_has_it(case: Case) -> bool:
    return bool(case.lab.requests("messages.create"))


@pytest.fixture
def cut_line(server: OwnPostgres, tmp_path: Path) -> Iterator[tuple[Proxy, str]]:
    """A proxy before the database, and the host to reach it."""
    host = parse_qs(urlsplit(server.superuser_url).query)["host"][0]
    place = Path(tempfile.mkdtemp(prefix="fp-"))
    with Proxy(f"{host}/.s.PGSQL.5432", at=place / ".s.PGSQL.5432") as proxy:
        yield proxy, str(place)
    shutil.rmtree(place)


def through(case: Case, place: str) -> Database:
    """This house's database as seen through the proxy."""
    urls = {}
    for role in ("app", "engine", "intake"):
        url = case.home.house.database.url(role)
        host = parse_qs(urlsplit(url).query)["host"][0]
        urls[role] = url.replace(quote(host, safe=""), quote(place, safe=""))
    return Database(urls)
