"""The report after an outage, where people look: the page, Today and the command line."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from followup.bootstrap import House
from followup.cli import run
from tests.cast import TUESDAY, open_clinic
from tests.doors.conftest import NOW, SmallClinic, Story


def stood_still(house: House, began: object, ended: object) -> None:
    with house.database.engine() as session:
        session.execute(
            text(
                "INSERT INTO outage (id, loop, began_at, ended_at)"
                " VALUES (gen_random_uuid(), 'care.respond', :began, :ended)"
            ),
            {"began": began, "ended": ended},
        )


def test_a_day_without_an_outage_says_nothing_on_today(coordinator: TestClient) -> None:
    assert "/outages" not in coordinator.get("/").text.split("</header>")[1]
    assert "Nothing stood still" in coordinator.get("/outages").text


def test_today_points_to_the_report_and_the_report_names_who_waited(
    story: Story, house: House, clinic: SmallClinic, coordinator: TestClient
) -> None:
    story.enroll(performed_on="2026-03-02")
    story.writes("I have a fever of 103")
    with house.database.transaction(clinic.id) as session:
        session.execute(text("UPDATE reply SET received_at = received_at - interval '40 minutes'"))
    stood_still(house, NOW - timedelta(hours=1), NOW - timedelta(seconds=1))

    assert 'href="/outages"' in coordinator.get("/").text
    shown = coordinator.get("/outages").text
    assert "Replies were not read" in shown
    assert "Ines Ortega" in shown
    assert "waited 40 min" in shown


def test_an_old_outage_leaves_today_and_stays_on_the_page(house: House, coordinator: TestClient) -> None:
    stood_still(house, NOW - timedelta(days=5), NOW - timedelta(days=4))
    assert "stood still" not in coordinator.get("/").text
    shown = coordinator.get("/outages").text
    assert "No contact was late and no reply waited." in shown


def test_the_command_line_tells_it_and_names_nobody(
    at_home: House, capsys: pytest.CaptureFixture[str]
) -> None:
    open_clinic(at_home)
    assert run(["outages", "--clinic", "riverbend"]) == 0
    assert "nothing stood still in the last 7 days" in capsys.readouterr().out
    stood_still(at_home, TUESDAY - timedelta(hours=2), TUESDAY - timedelta(hours=1))
    assert run(["outages", "--clinic", "riverbend", "--days", "3"]) == 0
    shown = capsys.readouterr().out
    assert "(1 h 0 min)" in shown
    assert "replies were not read" in shown
    assert "no contact was late and no reply waited" in shown
