"""F27, with the product's own processes: the database is away, the fallback receiver keeps what arrives."""

from __future__ import annotations

import http.client
import sys
from pathlib import Path

import pytest

from followup.intake.unspool import keep_lines
from tests.faults import failing_database
from tests.faults.case import PUBLIC, Case
from tests.faults.failing_database import is_on
from tests.faults.own_postgres import OwnPostgres
from tests.faults.processes import beat, free_port, started, web_process, worker
from tests.household import INES, TOM
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

# The fixtures of a database of these tests' own, in place of the shared one.
server = failing_database.server
owner_url = failing_database.owner_url
FALLBACK = "https://fallback.example"


def test_f27_texts_reach_the_fallback_while_the_database_is_down_and_are_stored_once(
    case: Case, server: OwnPostgres, tmp_path: Path
) -> None:
    home = case.home
    case.queue_welcome()
    home.enroll("Tom Berg", patient__phone=TOM)
    home.dispatch()
    case.deliver()
    folder = home.house.settings.data_folder / "spool"
    keep_lines(home.house.database, folder)
    web_port, port = free_port(), free_port()
    command = [sys.executable, "-m", "followup.cli", "fallback"]
    receiver = started(
        case,
        command,
        tmp_path / "fallback.log",
        FOLLOWUP_FALLBACK_PORT=str(port),
        FOLLOWUP_FALLBACK_URL=FALLBACK,
    )
    with web_process(case, web_port), receiver:
        wait_for(lambda: _is_well(port), within=60, what="the fallback receiver")
        case.lab.route(PUBLIC, f"http://127.0.0.1:{web_port}")
        case.lab.route(FALLBACK, f"http://127.0.0.1:{port}")
        case.lab.sender(
            inbound_url=f"{PUBLIC}/hooks/twilio/sms#rc=0&tt=6000",
            fallback_url=f"{FALLBACK}/hooks/twilio/fallback#rc=5&rp=all",
        )
        server.stop()
        case.injected()
        said = [
            case.lab.phone(INES).sends("I can't pee and my legs are numb"),
            case.lab.phone(TOM).sends("all good, slept well"),
        ]
        assert [each.status for each in said] == [200, 200]
        assert len(list(folder.glob("*.sealed"))) == 2
        case.lab.wait_idle()
        told = {number: [each.body for each in case.texts(number)] for number in (INES, TOM)}
        assert all("can't read texts right now" in told[number][-1] for number in (INES, TOM))
        again = case.lab.phone(INES).sends("it gets worse")
        assert again.status == 200
        assert len(case.texts(INES)) == len(told[INES])

        server.start()
        case.over()
        wait_for(lambda: is_on(case))
        with worker(case, tmp_path, "care", queues=("care", "upkeep")), beat(case, tmp_path):
            wait_for(lambda: _assessed(case) == 3, within=60, what="all three texts are triaged")
            wait_for(lambda: home.rows("SELECT 1 FROM escalation") != [], within=30, what="the case")
    case.normal()
    assert list(folder.glob("*.sealed")) == []
    assert home.only("SELECT count(*) FROM reply") == 3
    assert home.only("SELECT count(*) FROM escalation") == 1
    assert home.only("SELECT count(*) FROM message WHERE text_key LIKE 'safety-%'") == 0


def _assessed(case: Case) -> int:
    return int(case.home.only("SELECT count(DISTINCT reply_id) FROM assessment"))


def _is_well(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
