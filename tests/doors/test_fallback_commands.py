"""``followup fallback import`` brings in what was kept, and ``followup doctor`` says how the receiver stands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from followup import cli
from followup.bootstrap import House, spool_of
from followup.cli.fallback_checks import fallback_findings
from followup.intake.unspool import keep_lines
from tests.doors.conftest import SmallClinic

SID = "SM" + "a" * 32


def keep(house: House, sid: str = SID) -> None:
    fields = {"MessageSid": sid, "From": "+14155550123", "To": "+14155550100", "Body": "it hurts"}
    at = house.clock.now() - timedelta(minutes=5)
    spool_of(house.settings).keep(sid, fields, at=at)


def test_what_was_kept_is_brought_in_by_hand(at_home: House, capsys: pytest.CaptureFixture[str]) -> None:
    keep(at_home)
    assert cli.run(["fallback", "import"]) == 0
    assert "1 texts were new, 0 were known already" in capsys.readouterr().err
    assert cli.run(["fallback", "import"]) == 0
    assert "0 texts were new" in capsys.readouterr().err


def test_a_text_that_cannot_be_opened_is_an_exit_code(
    at_home: House, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(at_home)
    folder = spool_of(at_home.settings).texts.folder
    (folder / f"{SID}.sealed").write_bytes(b"\0" * 64)
    assert cli.run(["fallback", "import"]) == 1
    assert "1 can't be opened" in capsys.readouterr().err
    assert (folder / f"{SID}.sealed").exists()


def test_the_doctor_says_how_the_receiver_stands(at_home: House, clinic: SmallClinic) -> None:
    def says(**changes: object) -> str:
        settings = at_home.settings.model_copy(update=changes)
        return " ".join(f"{each.verdict} {each.sentence}" for each in fallback_findings(settings))

    way = {"fallback_url": "https://fallback.example"}
    assert clinic.slug
    assert says().startswith("note FOLLOWUP_FALLBACK_URL is not set")
    assert "names no clinic" in says(**way)
    folder = spool_of(at_home.settings).texts.folder
    keep_lines(at_home.database, folder)
    assert says(**way).startswith("ok")
    keep(at_home)
    assert "1 texts wait" in says(**way)
    (folder / "wall").write_text("")
    assert says(**way, spool_folder=folder / "wall").startswith("wrong")
