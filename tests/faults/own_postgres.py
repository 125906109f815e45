"""A PostgreSQL of one test's own, that may be stopped, killed, filled and starved without hurting another test."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from followup.db import migrate
from followup.servers.postgres import postgres
from tests.servers_of_the_run import in_database

# Commits must survive a kill; the machine itself does not lose power here, so nothing is forced to the disk.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_connections": "60", "shared_buffers": "32MB"}


class OwnPostgres:
    """One server on one folder; the address stays the same over its restarts."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self._settings = {**SETTINGS, **settings}
        self._running: contextlib.ExitStack | None = None
        self.superuser_url = ""

    def start(self) -> None:
        """Start it; after a kill it recovers first."""
        self._running = contextlib.ExitStack()
        self.superuser_url = self._running.enter_context(postgres(self.folder, settings=self._settings))

    def migrate(self) -> str:
        """Make the product's database; return the owner's URL."""
        from tests.servers_of_the_run import superuser

        with superuser(self.superuser_url) as connection:
            connection.execute("CREATE DATABASE followup")
        url = in_database(self.superuser_url, "followup")
        migrate.upgrade(url, passwords={})
        return url

    def stop(self) -> None:
        """Stop it in order."""
        if self._running is not None:
            running, self._running = self._running, None
            running.close()

    def kill(self) -> None:
        """Stop it as a power cut would: no checkpoint, every process gone."""
        pid = int((self.folder / "postgres.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        self.stop()
