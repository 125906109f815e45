"""The command line: the same verbs as the pages, errors as sentences with exit code 2, never a stack trace."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from followup.bootstrap import House
from followup.cli import run
from followup.errors import ConfigurationError
from followup.settings import load
from tests.cast import CLINIC, INES, open_clinic

ROOT = Path(__file__).resolve().parents[2]


def enrollment(**changes: object) -> list[str]:
    """The flags of an enrollment."""
    told = {
        "clinic": "riverbend", "name": INES.name, "phone": INES.phone, "performed-on": "2026-06-01",
        "harvest": "fat", "obtained-by": "Alma Reyes", **changes,
    }  # fmt: skip
    return [
        "enroll",
        "--agreed-sms",
        *(part for name, value in told.items() for part in (f"--{name}", str(value))),
    ]


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in (
        "up",
        "web",
        "worker",
        "beat",
        "migrate",
        "doctor",
        "clinic",
        "enroll",
        "pathway",
        "triage",
    ):
        assert re.search(rf"^  {command}\b", shown, re.MULTILINE), command


def test_a_missing_setting_is_named_with_its_meaning_and_an_example(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FOLLOWUP_ENCRYPTION_KEYS", raising=False)
    assert run(["doctor", "--offline"]) == 2
    shown = capsys.readouterr().out
    assert "FOLLOWUP_ENCRYPTION_KEYS is not set. It is the key that seals patient data" in shown
    assert "openssl rand -hex 32" in shown


def test_a_clinic_file_is_applied_and_a_wrong_one_is_named_by_line(
    at_home: House, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    good, bad = tmp_path / "clinic.yaml", tmp_path / "bad.yaml"
    good.write_text(CLINIC)
    bad.write_text(CLINIC.replace("role: nurse", "role: boss"))
    assert run(["clinic", "apply", str(good)]) == 0
    assert "clinic riverbend created" in capsys.readouterr().out
    assert run(["clinic", "apply", str(bad)]) == 2
    assert re.search(r"followup: bad\.yaml:\d+: .*role", capsys.readouterr().err)


def test_a_patient_is_enrolled_and_the_calendar_printed(
    at_home: House, capsys: pytest.CaptureFixture[str]
) -> None:
    open_clinic(at_home)
    assert run(enrollment()) == 0
    shown = capsys.readouterr().out
    assert "Wed 2026-06-03 09:30  America/Chicago  sms  day-2-fat  planned" in shown
    assert run(enrollment()) == 2
    assert "already enrolled" in capsys.readouterr().err


def test_a_preview_saves_nothing(at_home: House, capsys: pytest.CaptureFixture[str]) -> None:
    from followup.enrollment.models import Enrollment

    clinic = open_clinic(at_home)
    assert run([*enrollment(), "--preview"]) == 0
    assert "nothing was saved" in capsys.readouterr().out
    with clinic.session() as session:
        assert session.scalars(select(Enrollment)).all() == []


def test_everything_wrong_with_an_enrollment_is_said_at_once(
    at_home: House, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    open_clinic(at_home)
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps({"patient": {"name": "", "phone": "12"}, "pathway": "stem-cell-back"}))
    assert run(["enroll", "--clinic", "riverbend", "--json", str(file)]) == 2
    told = capsys.readouterr().err
    for field in ("patient.name", "patient.phone", "procedure.performed_on", "procedure.harvest"):
        assert field in told


def test_why_tells_the_life_of_a_contact(at_home: House, capsys: pytest.CaptureFixture[str]) -> None:
    clinic = open_clinic(at_home)
    enrolled = clinic.enroll(INES)
    assert run(["why", str(clinic.touchpoint(enrolled.enrollment_id, "day-2-marrow").id)]) == 0
    shown = capsys.readouterr().out
    assert "day-2-marrow, by text, day 2" in shown
    assert "Planned for Wed, Jun 3, 2026 at 9:30 AM" in shown
    assert "It may go out until Wed, Jun 3, 2026 at 7:30 PM; if it can't, a person calls." in shown
    assert run(["why", "nonsense"]) == 2


def test_a_key_is_alone_on_standard_output(at_home: House, capsys: pytest.CaptureFixture[str]) -> None:
    open_clinic(at_home)
    assert run(["api-key", "create", "--clinic", "riverbend", "--role", "coordinator"]) == 0
    told = capsys.readouterr()
    assert re.fullmatch(r"fu_\S+\n", told.out)
    assert "cannot be shown again" in told.err
    assert run(["api-key", "create", "--clinic", "nowhere", "--role", "nurse"]) == 2
    assert "There is no clinic 'nowhere'" in capsys.readouterr().err


def test_a_pathway_is_previewed_in_both_languages_and_refused_by_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["pathway", "preview", "stem-cell-back", "--language", "es", "--date", "2026-12-01"]) == 0
    shown = capsys.readouterr().out
    assert "Calendar for a procedure on Tuesday, December 1, 2026" in shown
    assert "Gracias" in shown
    assert run(["pathway", "check"]) == 0
    assert run(["pathway", "preview", "knee"]) == 2
    assert "There is no pathway 'knee'" in capsys.readouterr().err


def test_a_preview_with_a_date_keeps_local_times_across_a_change_of_the_clocks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wanted = ["pathway", "preview", "stem-cell-back", "--date", "2026-03-05", "--zone", "America/Chicago"]
    assert run(wanted) == 0
    shown = capsys.readouterr().out.splitlines()
    change = (
        "    Sun 2026-03-08: clocks go forward (CDT UTC-05:00 from then on); texts keep their local times"
    )
    at = shown.index(change)
    assert shown[at - 1] == "Sat 2026-03-07 09:30 CST UTC-06:00  day-2-marrow"
    assert shown[at + 1] == "Sun 2026-03-08 09:30 CDT UTC-05:00  day-3"
    assert sum("clocks go" in line for line in shown) == 1
    assert any("Your visit is Thu, Mar 5 at 9:00 AM" in line for line in shown)


@pytest.mark.parametrize(("option", "value"), [("--date", "2026-02-30"), ("--zone", "EST5EDT")])
def test_a_preview_of_no_date_or_no_place_is_refused(
    capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    assert run(["pathway", "preview", "stem-cell-back", "--date", "2026-03-05", option, value]) == 2
    assert value in capsys.readouterr().err


def test_a_broken_pathway_is_named_by_file_and_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "pathway.yaml").write_text("format: 1\nid: broken\ntitle: 5\n")
    assert run(["pathway", "check", str(folder)]) == 2
    assert re.search(r"pathway\.yaml:\d+:\d+: error:", capsys.readouterr().out)


def test_doctor_finds_nothing_to_mend_in_a_house_that_works(
    at_home: House, lab: object, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "TWILIO_ACCOUNT_SID": lab.account.sid, "TWILIO_AUTH_TOKEN": lab.auth_token, "TWILIO_API_URL": lab.url,
        "SMTP_URL": lab.smtp_url, "MAILBOX_URL": lab.mailbox_url, "DEADMAN_URL": f"{lab.url}/lab",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"FOLLOWUP_{name}", value)
    code = run(["doctor"])
    shown = capsys.readouterr().out
    assert (code, "nothing to mend" in shown) == (0, True), shown


def test_doctor_names_the_server_that_does_not_answer(
    at_home: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOLLOWUP_REDIS_URL", "redis://:hunter2@127.0.0.1:9/0")
    monkeypatch.setenv("FOLLOWUP_TWILIO_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("FOLLOWUP_DEADMAN_URL", "http://127.0.0.1:9/ping/a-key-like-a-password")
    assert run(["doctor"]) == 2
    shown = capsys.readouterr().out
    assert "WRONG Redis: Redis at redis://127.0.0.1:9/0 can't be reached" in shown
    assert "WRONG carrier: http://127.0.0.1:9 can't be reached on port 9" in shown
    assert "WRONG outside monitor: http://127.0.0.1:9 can't be reached on port 9" in shown
    assert "hunter2" not in shown
    assert "a-key-like-a-password" not in shown


@pytest.mark.parametrize("name", ["DEADMAN_URL", "DEADMAN_FAIL_URL"])
def test_a_monitor_that_is_no_web_address_is_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"FOLLOWUP_{name}: write a web address"):
        load({f"FOLLOWUP_{name}": "monitor.example.org/ping"})


def test_an_unknown_queue_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["worker", "--queues", "care,mesages"]) == 2
    assert "there is no queue mesages" in capsys.readouterr().err


def test_commands_start_quickly_because_slow_libraries_wait() -> None:
    slow = "sqlalchemy celery twilio fastapi uvicorn jinja2"
    code = f"import sys, followup.cli.app; print([m for m in '{slow}'.split() if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_taken_port_is_named_with_the_remedy(
    at_home: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOLLOWUP_TWILIO_ACCOUNT_SID", "AC" + "0" * 32)
    monkeypatch.setenv("FOLLOWUP_TWILIO_AUTH_TOKEN", "a token")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("FOLLOWUP_WEB_PORT", str(port))
        assert run(["up"]) == 2
    told = capsys.readouterr().err
    assert f"Port {port} on 127.0.0.1 is taken" in told
    assert "FOLLOWUP_WEB_PORT=" in told
