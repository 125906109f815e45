"""What every test may ask for: real servers, a database of its own, the lab, a browser.

Nothing here pretends: PostgreSQL, Redis and the browser are the real ones. A test database is a copy of one that
was migrated once, because verbs commit for real and a rollback could not undo that. Where CI is set, nothing may
be skipped: a check that did not run is a check that failed.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis

from followup import settings as product_settings
from followup.db.session import Bell, Database
from followup.servers import embedded
from followup.settings import Settings
from tests.servers_of_the_run import (
    TEMPLATE,
    ServersOfTheRun,
    addresses,
    as_role,
    in_database,
    superuser,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from followup.lab import Lab

SERVERS = pytest.StashKey[ServersOfTheRun]()
IN_CI = os.environ.get("CI", "").lower() in {"true", "1", "yes"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = "no Chromium here; get it with: apt-get install chromium (Debian), or run ./run test as root"
QUICKEST_FIRST = [
    *("rules", "content", "house", "properties", "migrations"),
    *("stages", "doors", "workers", "journeys"),
]


# -- the run ----------------------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Make the servers of the run; with parallel workers start them while those still collect."""
    if hasattr(config, "workerinput"):
        return
    config.stash[SERVERS] = ServersOfTheRun()
    if config.getoption("numprocesses", None) and not config.getoption("collectonly"):
        config.stash[SERVERS].start()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a parallel worker where the servers of the run will be."""
    node.workerinput["servers"] = str(node.config.stash[SERVERS].folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers, however the run ended."""
    if SERVERS in config.stash:
        config.stash[SERVERS].stop()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the quick folders first: a mistake should show in seconds. Within a folder the order stays random."""
    base = config.rootpath / "tests"

    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(base).parts[0] if item.path.is_relative_to(base) else ""
        return QUICKEST_FIRST.index(folder) if folder in QUICKEST_FIRST else len(QUICKEST_FIRST)

    items.sort(key=rank)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI, a skipped test fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if IN_CI and reporter and reporter.stats.get("skipped") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say at the end what was not checked, why, and how to get it."""
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason] = reasons.get(reason, 0) + 1
    for reason, count in sorted(reasons.items()):
        verdict = "which fails the run in CI" if IN_CI else "not checked"
        terminalreporter.write_line(f"skipped {count} ({verdict}): {reason.removeprefix('Skipped: ')}")


# -- servers ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> dict[str, str]:
    """Where the database server of this run is; the login is a superuser, for making databases."""
    config = request.config
    if hasattr(config, "workerinput"):
        return addresses(Path(config.workerinput["servers"]))
    config.stash[SERVERS].start()
    return addresses(config.stash[SERVERS].folder)


@pytest.fixture
def owner_url(servers: dict[str, str]) -> Iterator[str]:
    """A migrated, empty database of this test's own, as its owner sees it."""
    assert not servers["template_problem"], f"the migrations failed: {servers['template_problem']}"
    name = f"test_{uuid.uuid4().hex}"
    with superuser(servers["database_url"]) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        yield in_database(servers["database_url"], name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database_url(servers: dict[str, str]) -> Iterator[str]:
    """A database without any table, for tests of the migrations themselves."""
    name = f"test_{uuid.uuid4().hex}"
    with superuser(servers["database_url"]) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield in_database(servers["database_url"], name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def rung() -> list[Bell]:
    """Every bell that ``database`` rang, in order."""
    return []


@pytest.fixture
def database(owner_url: str, rung: list[Bell]) -> Iterator[Database]:
    """The product's own view of this test's database: the app, engine and intake logins, never the owner's."""
    urls = {role: as_role(owner_url, role) for role in ("app", "engine", "intake")}
    opened = Database(urls, ringer=rung.extend)
    yield opened
    opened.dispose()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of this worker's own: it is up in milliseconds, and Celery and we spell its address alike."""
    with embedded(tmp_path_factory.mktemp("redis"), postgres=False) as started:
        yield started.redis_url


@pytest.fixture
def redis_url(redis_server: str) -> Iterator[str]:
    """This worker's Redis, empty."""
    with redis.Redis.from_url(redis_server) as connection:
        connection.flushall()
        yield redis_server
        connection.flushall()


@pytest.fixture
def settings(owner_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """The settings of a small clinic's service, on this test's own database and Redis."""
    return product_settings.load(
        {},
        environment="test",
        database_url=owner_url,
        redis_url=redis_url,
        secret_keys=("test-secret-key-" + "0" * 32,),
        encryption_keys=("ab" * 32,),
        clock_file=tmp_path / "clock",
        data_folder=tmp_path / "data",
        log_format="plain",
    )


# -- the world outside ------------------------------------------------------------------------------------------


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A carrier of this test's own, with phones to look at and answer from."""
    from followup.lab import Lab

    with Lab.started() as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright; for one file, because its loop stays on this thread meanwhile."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        (pytest.fail if IN_CI else pytest.skip)(NO_BROWSER)
    with sync_playwright() as playwright:
        # A sandbox of Chromium's own needs rights that root in a container does not have.
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh tab with its own cookies, as wide as a laptop."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()
