"""What monitors read."""

from __future__ import annotations

from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import func

from followup.bootstrap import House, build
from followup.clinics.models import Heartbeat
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
