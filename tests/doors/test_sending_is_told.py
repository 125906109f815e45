"""Whether texts go out is said where people look: on Today and on the command line."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from followup.bootstrap import House
from followup.cli import run
from tests.cast import open_clinic
from tests.doors.conftest import NOW, SmallClinic


def test_today_says_since_when_nothing_is_sent_and_why(
    house: House, clinic: SmallClinic, coordinator: TestClient
) -> None:
    assert "Nothing is being sent" not in coordinator.get("/").text
    with house.database.transaction(clinic.id) as session:
        why = "the carrier refused our account or sender (code 20003)"
        session.execute(
            text("UPDATE clinic SET sending_paused_at = :now, sending_paused_reason = :why"),
            {"now": NOW, "why": why},
        )
    shown = coordinator.get("/").text
    assert "Nothing is being sent but safety texts" in shown
    assert "9:00 AM" in shown
    assert why in shown
    assert "Once a minute one message finds out" in shown


def test_the_command_line_pauses_tells_and_lets_go_on(
    at_home: House, capsys: pytest.CaptureFixture[str]
) -> None:
    open_clinic(at_home)
    assert run(["clinic", "sending", "riverbend"]) == 0
    assert "everything that is due goes out" in capsys.readouterr().out
    assert run(["clinic", "pause-sending", "riverbend", "--reason", "our number is being moved"]) == 0
    assert run(["clinic", "sending", "riverbend"]) == 0
    shown = capsys.readouterr().out
    assert "Nothing is being sent but safety texts since" in shown
    assert "our number is being moved" in shown
    assert "Stopped by command line. A person lets it go on." in shown
    assert "followup clinic resume-sending riverbend" in shown
    assert run(["clinic", "resume-sending", "riverbend", "--yes"]) == 0
    assert run(["clinic", "resume-sending", "riverbend", "--yes"]) == 2
    assert "Sending is not paused." in capsys.readouterr().err
