"""The direction of imports, and that each contract really catches what it is for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# One violation per contract, planted into a copy of the source: file, line, name of the contract that has to break.
VIOLATIONS = {
    "an earlier stage imports a later one": (
        "followup/messaging/x_planted.py",
        "import followup.triage",
        "Each stage",
    ),
    "siblings import each other": ("followup/patients/x_planted.py", "import followup.staff", "Each stage"),
    "a module without a floor": ("followup/billing.py", "", "Each stage"),
    "the domain imports a worker": (
        "followup/outreach/x_planted.py",
        "import workers.app",
        "Only the workers",
    ),
    "a rule reaches the database": ("followup/outreach/rules.py", "import followup.db.session", "Rules"),
    "the engine reaches the rows": (
        "followup/triage/engine/x_planted.py",
        "import followup.triage.models",
        "Rules",
    ),
    "the kit asks the settings": ("followup/kit/x_planted.py", "import followup.settings", "Rules"),
    "a task speaks SQL": ("workers/x_planted.py", "import sqlalchemy", "Doors"),
    "a page speaks SQL": ("followup/web/x_planted.py", "import sqlalchemy", "Doors"),
    "a task imports rows": ("workers/x_planted.py", "import followup.messaging.models", "Doors"),
    "a verb calls the carrier's library": (
        "followup/messaging/x_planted.py",
        "import twilio.rest",
        "Vendors",
    ),
    "a verb knows Celery": ("followup/triage/x_planted.py", "import celery", "Only the workers"),
    "two files import each other": ("followup/kit/x_planted.py", "import followup.kit.x_back", "No circles"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache", "pyproject.toml"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def copy_of_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in ("followup", "workers"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_imports_follow_the_contracts() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("violation", VIOLATIONS)
def test_a_planted_violation_is_caught(copy_of_source: Path, violation: str) -> None:
    name, line, contract = VIOLATIONS[violation]
    planted = copy_of_source / name
    before = planted.read_text() if planted.exists() else None
    back = copy_of_source / "followup/kit/x_back.py"
    planted.write_text((before or "") + f"\n{line}\n")
    back.write_text("import followup.kit.x_planted\n" if "x_back" in line else "")
    try:
        done = lint(copy_of_source)
    finally:
        back.unlink()
        if before is None:
            planted.unlink()
        else:
            planted.write_text(before)
    assert done.returncode == 1, done.stdout + done.stderr
    assert any(line.startswith(contract) and "BROKEN" in line for line in done.stdout.splitlines()), (
        done.stdout
    )
