"""One PostgreSQL for a whole test run, however many workers it has.

The process that started the run is its parent: with xdist that is the controller, which starts it while the workers
still collect; without, the run itself, when the first test asks. It lives in a thread of that process because the
kernel stops a server when the thread that started it ends. Workers find it through a file.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

import psycopg

from followup.db import migrate
from followup.servers import embedded

TEMPLATE = "followup_template"
# A test loses nothing worth keeping when the machine dies, and every test database is a copied folder.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "1h",
    "max_connections": "400",
}
PATIENCE_SECONDS = 120
PREFIX = "followup-tests-"
LONGEST_RUN_SECONDS = 4 * 3600


class ServersOfTheRun:
    """The servers, in the process that is their parent."""

    def __init__(self) -> None:
        clear_away_killed_runs()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True, name="servers of the run")
        self._started = False

    def start(self) -> None:
        """Start them, if that was not done yet; ``addresses`` waits until they are there."""
        if not self._started:
            self._started = True
            self._thread.start()

    def stop(self) -> None:
        """Stop them and remove all they wrote."""
        self._over.set()
        if self._started:
            self._thread.join()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _keep(self) -> None:
        told: dict[str, str] = {}
        try:
            with embedded(self.folder / "data", redis=False, settings=SETTINGS) as servers:
                told = {"database_url": servers.database_url}
                told["template_problem"] = make_template(servers.database_url)
                _tell(self.folder, told)
                self._over.wait()
        except Exception as problem:  # noqa: BLE001 - whatever it is, the waiting tests have to hear of it
            _tell(self.folder, {**told, "problem": repr(problem)})


def clear_away_killed_runs() -> None:
    """Remove folders of runs that were killed: ours, and older than any run takes."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            found = folder.stat()
            if found.st_uid == os.getuid() and time.time() - found.st_mtime > LONGEST_RUN_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def make_template(superuser_url: str) -> str:
    """Migrate the database that every test database is copied from; return what went wrong, or nothing."""
    try:
        with superuser(superuser_url) as connection:
            connection.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate.upgrade(in_database(superuser_url, TEMPLATE), passwords={})
    except Exception as problem:  # noqa: BLE001 - tests without a database must not suffer from it
        return repr(problem)
    return ""


def addresses(folder: Path) -> dict[str, str]:
    """Wait for the servers and return what there is to know: ``database_url`` and ``template_problem``."""
    file = folder / "addresses.json"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not file.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the servers of this run did not start within {PATIENCE_SECONDS} s")
        time.sleep(0.02)
    told: dict[str, str] = json.loads(file.read_text())
    if told.get("problem"):
        raise RuntimeError(f"the servers of this run did not start: {told['problem']}")
    return told


def superuser(url: str) -> psycopg.Connection:
    """Connect for statements that can't run in a transaction."""
    return psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True)


def in_database(url: str, name: str) -> str:
    """Return the same server's URL for another database."""
    return url.replace("@/postgres?", f"@/{name}?")


def as_role(url: str, role: str) -> str:
    """Return the same database's URL for one of the product's own logins."""
    return url.replace("//postgres@", f"//followup_{role}@")


def _tell(folder: Path, told: dict[str, str]) -> None:
    draft = folder / "addresses.new"
    draft.write_text(json.dumps(told))
    draft.replace(folder / "addresses.json")
