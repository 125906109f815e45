"""What monitors read."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import func, text

import celeryconfig
from followup.bootstrap import House, build
from followup.clinics.models import Heartbeat
from followup.db.session import Database
from followup.reporting.ready import CARE_LOOPS
from followup.settings import Settings
from followup.web.app import create_app


def test_the_process_says_that_it_runs(stranger: TestClient) -> None:
    assert stranger.get("/healthz").json() == {"status": "ok"}


def test_not_ready_until_a_sweep_went_round(stranger: TestClient, house: House) -> None:
    assert stranger.get("/readyz").status_code == 503
    with house.database.engine() as session:
        session.add(Heartbeat(name="dispatch", ticked_at=func.now()))
    told = stranger.get("/readyz")
    assert told.status_code == 200
    assert told.json()["oldest_tick_age_seconds"] == 0


def test_a_silent_database_is_said_and_not_thrown(settings: Settings) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    house = build(
        settings.model_copy(update={"database_engine_url": SecretStr(nowhere)}), ringer=lambda _: None
    )
    with TestClient(create_app(house)) as client:
        told = client.get("/readyz")
    assert (told.status_code, told.json()["database"]) == (503, "does not answer")


def test_metrics_count_without_naming_anybody(stranger: TestClient, house: House, clinic: object) -> None:
    told = stranger.get("/metrics")
    assert told.status_code == 200
    assert "followup_touchpoints_due 0.0" in told.text
    assert "riverbend" not in told.text.lower()


@pytest.mark.parametrize("loop", CARE_LOOPS)
def test_an_engine_that_stands_still_is_noticed_within_a_minute(
    stranger: TestClient, database: Database, loop: str
) -> None:
    beat = text("INSERT INTO heartbeat (id, name, ticked_at) VALUES (gen_random_uuid(), :name, now())")
    with database.engine() as session:
        for name in (*CARE_LOOPS, "messages.dispatch"):
            session.execute(beat, {"name": name})
    assert stranger.get("/readyz").status_code == 200
    stands = text("UPDATE heartbeat SET ticked_at = now() - interval '46 s' WHERE name = :name")
    with database.engine() as session:
        session.execute(stands, {"name": loop})
    told = stranger.get("/readyz")
    assert (told.status_code, told.json()["behind"]) == (503, ["care_tick"])


def test_every_loop_between_a_red_flag_and_a_page_is_in_the_beat_table() -> None:
    ticked = {each["task"]: each["schedule"] for each in celeryconfig.beat_schedule.values()}
    assert {loop for loop in CARE_LOOPS if ticked[loop] <= 5} == set(CARE_LOOPS)
