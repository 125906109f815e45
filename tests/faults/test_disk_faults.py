"""F30: the disk of the database is full, in the middle of a morning."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from followup.reporting.ready import readiness
from tests.faults import failing_database
from tests.faults.case import Case
from tests.faults.crowd import enroll_many
from tests.faults.failing_database import is_on, pumping
from tests.faults.own_postgres import OwnPostgres
from tests.faults.small_disk import SMALL_LOG, LogDisk
from tests.servers_of_the_run import superuser
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

owner_url = failing_database.owner_url


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnPostgres]:
    own = OwnPostgres(tmp_path_factory.mktemp("disk"), **SMALL_LOG)
    own.start()
    own.migrate()
    yield own
    own.stop()


@pytest.fixture
def disk(server: OwnPostgres) -> Iterator[LogDisk]:
    """The disk under the log of this test's server."""
    server.stop()
    found = LogDisk(server.folder)
    server.start()
    yield found
    server.stop()
    found.close()


def write_until_it_stops(server: OwnPostgres, url: str) -> None:
    """Write to the log of the database until it has no room and the server gives up."""

    def has_given_up() -> bool:
        with contextlib.suppress(psycopg.Error), superuser(url) as writer:
            writer.execute("SELECT pg_logical_emit_message(true, 'ballast', repeat('x', 1000000))")
            writer.execute("SELECT pg_switch_wal()")
        return "PANIC" in (server.folder / "postgres.log").read_text(errors="replace")

    wait_for(has_given_up, what="the end of the server")


@pytest.mark.timeout(300)
def test_f30_a_full_disk_stops_the_database_and_nothing_acknowledged_is_lost(
    disk: LogDisk, case: Case, server: OwnPostgres, web: str, owner_url: str
) -> None:
    numbers = enroll_many(case, 24)
    case.home.change("UPDATE sender SET rate_per_second = 6 WHERE channel = 'sms'")
    case.home.dispatch()
    assert case.lab.phone(numbers[0]).sends("is this the clinic?").status == 200
    assert web
    with pumping(case):
        accepted = "SELECT provider_id FROM message WHERE state IN ('accepted', 'sent', 'delivered')"
        wait_for(lambda: len(case.home.rows(accepted)) > 4, what="the first texts")
        acknowledged = {row[0] for row in case.home.rows(accepted)}
        with disk.full():
            case.injected()
            write_until_it_stops(server, owner_url)
            wait_for(lambda: not is_on(case), what="a database that is gone")
            told = case.lab.phone(numbers[1]).sends("I can't pee and my legs are numb")
            assert told.status is None or told.status >= 500
            assert not readiness(case.home.house.database, case.home.now).is_ready  # the alert
            with pytest.raises(DBAPIError):
                case.home.enroll(name="Too Late", patient__phone="+13125550102")
            server.stop()
    server.start()
    case.over()
    wait_for(lambda: is_on(case), what="the database again")
    assert acknowledged <= {row[0] for row in case.home.rows(accepted)}
    assert case.home.only("SELECT count(*) FROM patient") == len(numbers)
    case.leases_end()
    case.machine_time_passes(2)
    case.recovers(
        lambda: (
            case.home.only("SELECT count(*) FROM message WHERE purpose = 'welcome' AND state = 'queued'") == 0
            and case.home.only("SELECT count(*) FROM reply") == 2
            and case.home.rows("SELECT 1 FROM escalation") != []
        )
    )
    assert all(case.texts(each) for each in numbers)
    assert all(Counter(text.body for text in case.texts(each)).most_common(1)[0][1] == 1 for each in numbers)
