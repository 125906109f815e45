"""F12, F18, F25-F31: the database stops, is busy, slow or gone in the middle of a sentence."""

from __future__ import annotations

import contextlib
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from tests.faults import failing_database
from tests.faults.case import Case
from tests.faults.failing_database import (
    carrier_has_it,
    is_on,
    one_text,
    pumping,
)
from tests.faults.own_postgres import OwnPostgres
from tests.household import INES, TOM
from tests.servers_of_the_run import superuser
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

# The fixtures of a database of these tests' own, in place of the shared one.
server = failing_database.server
owner_url = failing_database.owner_url


def test_f25_a_restart_while_the_carrier_answers_loses_no_id(case: Case, server: OwnPostgres) -> None:
    case.queue_welcome()
    case.lab.fault("wait", seconds=1.5)
    case.injected()
    with pumping(case):
        wait_for(
            lambda: carrier_has_it(case) or case.home.rows("SELECT 1 FROM attempt WHERE state = 'calling'")
        )
        server.stop()
        server.start()
        case.over()
    wait_for(lambda: is_on(case))
    assert case.state() == ("accepted", "accepted")
    assert case.home.only("SELECT settled_by FROM attempt") == "answer"
    case.recovers(lambda: one_text(case))


def test_f26_a_database_away_for_longer_than_the_pump_waits_is_settled_by_the_callback(
    case: Case, server: OwnPostgres, web: str
) -> None:
    case.queue_welcome()
    case.lab.fault("wait", seconds=0.8)
    case.lab.fault("callbacks_late", seconds=30)
    case.injected()
    with pumping(case):
        wait_for(lambda: case.home.rows("SELECT 1 FROM attempt WHERE state = 'calling'"))
        server.stop()
        # The pump gives up by itself after a quarter of a minute.
    server.start()
    case.over()
    wait_for(lambda: is_on(case))
    assert case.state() == ("queued", "calling")
    assert web
    case.machine_time_passes(2)
    case.home.settle()
    case.recovers(lambda: case.state()[1] == "accepted")
    assert len(case.texts()) == 1


def test_f27_a_text_that_comes_while_the_database_is_down_is_answered_5xx_and_found_later(
    case: Case, server: OwnPostgres, web: str
) -> None:
    case.queue_welcome()
    case.deliver()
    assert web
    server.stop()
    case.injected()
    answered = case.lab.phone(INES).sends("I can't pee and my legs are numb")
    assert answered.status is None or answered.status >= 500
    server.start()
    case.over()
    wait_for(lambda: is_on(case))
    case.recovers(lambda: case.home.rows("SELECT 1 FROM escalation") != [])
    assert case.home.only("SELECT count(*) FROM reply") == 1


def test_f12_a_power_cut_in_mid_run_leaves_nothing_doubled_and_nothing_lost(
    case: Case, server: OwnPostgres
) -> None:
    case.home.enroll()
    case.home.enroll(name="Tom Berg", patient__phone=TOM)
    case.home.dispatch()
    case.lab.fault("wait", seconds=0.5, times=None)
    case.injected()
    with pumping(case):
        wait_for(lambda: case.home.rows("SELECT 1 FROM attempt WHERE state = 'calling'"))
        server.kill()
        server.start()
        case.over()
    wait_for(lambda: is_on(case))
    case.lab.clear_faults()
    case.machine_time_passes(2)
    case.recovers(
        lambda: (
            case.home.only("SELECT count(*) FROM message WHERE state <> 'queued'") == 2
            and case.home.rows("SELECT 1 FROM attempt WHERE state = 'in_doubt'") == []
        )
    )
    assert (len(case.texts(INES)), len(case.texts(TOM))) == (1, 1)


def test_f28_a_read_only_standby_fails_loudly_and_leaves_nothing_half(case: Case, owner_url: str) -> None:
    case.home.enroll()
    name = urlsplit(owner_url).path[1:]
    with superuser(owner_url) as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    case.home.house.database.dispose()
    case.injected()
    for step in (case.home.dispatch, case.home.deliver, case.home.settle):
        with contextlib.suppress(DBAPIError):
            step()
    assert case.home.rows("SELECT 1 FROM message") == []
    with superuser(owner_url) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    case.home.house.database.dispose()
    case.recovers(lambda: one_text(case))


# Answers as a database does that chose us in a deadlock, once for each table.
_ONCE = """
CREATE SEQUENCE first_{table}; GRANT ALL ON SEQUENCE first_{table} TO PUBLIC;
CREATE FUNCTION fail_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('first_{table}') = 1 THEN RAISE EXCEPTION 'chosen' USING ERRCODE = '{code}'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER once BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION fail_{table}()
"""


@pytest.mark.parametrize("code", ["40P01", "40001"], ids=["F29-deadlock", "F29-serialization"])
@pytest.mark.parametrize(
    ("table", "when"), [("message", "INSERT"), ("attempt", "INSERT"), ("attempt", "UPDATE")], ids=str
)
def test_a_unit_that_the_database_undid_is_done_again(
    case: Case, owner_url: str, table: str, when: str, code: str
) -> None:
    case.home.enroll()
    with superuser(owner_url) as connection:
        connection.execute(_ONCE.format(table=table, when=when, code=code))
    case.injected()
    for step in (case.home.dispatch, case.home.deliver):
        with contextlib.suppress(DBAPIError):
            step()
    case.home.change("UPDATE sender SET lease_until = NULL")
    case.machine_time_passes(2)
    case.recovers(lambda: case.state()[1] == "accepted")
    assert len(case.texts()) == 1


def test_f18_a_row_that_somebody_holds_for_long_is_passed_over_and_the_others_flow(
    case: Case, owner_url: str
) -> None:
    case.home.enroll()
    case.home.enroll(name="Tom Berg", patient__phone=TOM)
    first = case.home.rows("SELECT patient_id FROM touchpoint WHERE key = 'welcome' ORDER BY id LIMIT 1")[0][
        0
    ]
    case.injected()
    with superuser(owner_url) as other:
        other.autocommit = False
        other.execute("SELECT 1 FROM touchpoint WHERE patient_id = %s FOR UPDATE", [first])
        case.home.dispatch()
        case.deliver()
        assert case.home.only("SELECT count(*) FROM message") == 1
        other.rollback()
    case.recovers(lambda: (len(case.texts(INES)), len(case.texts(TOM))) == (1, 1))


def test_f31_no_free_connection_is_busy_and_not_lost(case: Case, server: OwnPostgres, owner_url: str) -> None:
    case.queue_welcome()
    case.home.house.database.dispose()
    taken: list[psycopg.Connection] = []
    case.injected()
    with contextlib.suppress(psycopg.OperationalError):
        taken.extend(superuser(owner_url) for _ in range(70))
    with pytest.raises(DBAPIError):
        case.home.deliver()
    for connection in taken:
        connection.close()
    case.recovers(lambda: one_text(case))
