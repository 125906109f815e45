"""``followup import-patients``: a summary, the rows to mend, and no harm when it is killed and started again."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from followup import bootstrap
from followup.bootstrap import House
from followup.cli import run
from followup.enrollment.import_patients import BATCH
from followup.enrollment.models import Enrollment, Touchpoint
from followup.kit.clock import ClockFile
from followup.settings import Settings
from tests.cast import TUESDAY, ClinicOfTheTest, open_clinic
from tests.waiting import wait_for

HEADER = "name,phone,procedure date,consent"
SET = [
    part
    for each in ("pathway=stem-cell-back", "patient.language=en", "procedure.harvest=fat",
                 "consent.obtained_by=Alma Reyes")
    for part in ("--set", each)
]  # fmt: skip


@pytest.fixture
def clinic(settings: Settings, house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClinicOfTheTest]:
    """An open clinic; the commands of this process and of its children work on it."""
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if value is None or value == ():
            continue
        parts = value if isinstance(value, tuple) else (value,)
        told = ",".join(str(getattr(each, "get_secret_value", lambda each=each: each)()) for each in parts)
        monkeypatch.setenv(f"FOLLOWUP_{name.upper()}", told)
    bootstrap.open_house.cache_clear()
    assert isinstance(house.clock, ClockFile)
    house.clock.set(TUESDAY, speed=0)
    yield open_clinic(house)
    bootstrap.open_house().database.dispose()
    bootstrap.open_house.cache_clear()


def written(folder: Path, *lines: str, header: str = HEADER) -> Path:
    """A file of patients."""
    file = folder / "patients.csv"
    file.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return file


def importing(file: Path, *more: str) -> list[str]:
    """The arguments of an import."""
    return ["import-patients", str(file), "--clinic", "riverbend", *SET, *more]


def enrolled(clinic: ClinicOfTheTest) -> int:
    """How many are enrolled."""
    with clinic.session() as session:
        return session.scalar(select(func.count()).select_from(Enrollment)) or 0


def test_a_file_is_imported_mended_and_imported_again(
    clinic: ClinicOfTheTest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.csv"
    file = written(tmp_path, "Ines Ortega,3125550101,2026-06-01,yes", "=SUM(1),+13125550102,2026-06-31,yes")
    assert run(importing(file, "--bad-rows", str(bad))) == 1
    said = capsys.readouterr()
    assert "enrolled: 1\nalready there: 0\nrefused: 1\n  procedure.performed_on: 1\nline 3: " in said.out
    assert "2 rows in UTF-8, separated by commas." in said.err
    assert "rows/s" in said.err
    assert stat.S_IMODE(bad.stat().st_mode) == 0o600
    assert "'=SUM(1),'+13125550102,2026-06-31,yes,3,procedure.performed_on" in bad.read_text(
        encoding="utf-8-sig"
    )
    bad.write_text(bad.read_text(encoding="utf-8").replace("2026-06-31", "2026-06-30"), encoding="utf-8")
    assert run(importing(bad)) == 0
    assert run(importing(file)) == 1
    assert "enrolled: 0\nalready there: 1" in capsys.readouterr().out.split("rows/s")[-1]
    assert enrolled(clinic) == 2


def test_a_dry_run_saves_nothing_and_a_wrong_option_is_a_sentence(
    clinic: ClinicOfTheTest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, "Ines Ortega,3125550101,2026-06-01,yes")
    assert run(importing(file, "--dry-run")) == 0
    assert "would be enrolled: 1" in capsys.readouterr().out
    assert enrolled(clinic) == 0
    for options, words in (
        (["--date-order", "sideways"], "date-order: Say month_first or day_first."),
        (["--mapping", "name"], "mapping: 'name': write COLUMN=FIELD"),
        (["--set", "shoe=38"], "set: 'shoe=38': write FIELD=VALUE"),
    ):
        assert run(importing(file, *options)) == 2
        assert f"followup: {words}" in capsys.readouterr().err
    assert run(importing(tmp_path / "none.csv")) == 2
    assert "can't be read" in capsys.readouterr().err


def test_b68_a_workbook_under_the_name_of_a_csv_file_is_a_sentence(
    clinic: ClinicOfTheTest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "patients.csv"
    file.write_bytes(b"PK\x03\x04")
    assert run(importing(file)) == 2
    assert "followup: file: This is an Excel workbook or a zip archive" in capsys.readouterr().err


def test_f10_b72_a_killed_import_leaves_whole_rows_and_goes_on_when_it_is_started_again(
    clinic: ClinicOfTheTest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = [at for at in range(101, 180) if at not in (131, 141, 151)]
    file = written(tmp_path, *(f"Ines N{at},312555{at:04},2026-06-01,yes" for at in numbers))
    child = subprocess.Popen(
        [sys.executable, "-m", "followup.cli", *importing(file)], env=os.environ.copy(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(lambda: enrolled(clinic) > 0, what="the first batch")
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    wait_for(lambda: enrolled(clinic) % BATCH == 0, within=20, what="the end of its transaction")
    before = enrolled(clinic)
    assert 0 < before < len(numbers)
    assert run(importing(file)) == 0
    assert f"already there: {before}" in capsys.readouterr().out
    assert enrolled(clinic) == len(numbers)
    with clinic.session() as session:
        planned = (
            session.execute(select(func.count(Touchpoint.id)).group_by(Touchpoint.enrollment_id))
            .scalars()
            .all()
        )
    assert len(planned) == enrolled(clinic)
    assert len(set(planned)) == 1


def test_b62_what_was_said_about_a_column_is_remembered_for_the_clinic(
    clinic: ClinicOfTheTest, house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = "who,phone,procedure date,consent"
    first = written(tmp_path, "Ines Ortega,3125550101,2026-06-01,yes", header=header)
    assert run(importing(first, "--mapping", "who=patient.name", "--dry-run")) == 0
    assert run(importing(first)) == 2
    assert run(importing(first, "--mapping", "who=patient.name")) == 0
    open_clinic(house)
    next_week = written(tmp_path, "Tom Vance,3125550102,2026-06-02,yes", header=header)
    assert run(importing(next_week)) == 0
    assert enrolled(clinic) == 2
    assert run(importing(next_week, "--mapping", "who=-")) == 2
