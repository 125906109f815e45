"""The commands for keys, copies and the record, run as an operator runs them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from followup import bootstrap
from followup.audit.seal import seal_all
from followup.bootstrap import House
from followup.cli import run
from followup.db import sealed
from followup.kit.crypto import KeyRing
from followup.settings import Role
from followup.staff.queries import find_key
from tests.cast import INES, open_clinic
from tests.servers_of_the_run import as_role

OLD, NEW = "ab" * 32, "cd" * 32
Command = Callable[..., int]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, owner_url: str, tmp_path: Path) -> Iterator[Command]:
    """Run a command in the environment of the test's own service."""
    for name in [each for each in os.environ if each.startswith("FOLLOWUP_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "ENVIRONMENT": "test", "DATABASE_URL": owner_url, "SECRET_KEYS": "0" * 40, "ENCRYPTION_KEYS": OLD,
        "DATA_FOLDER": str(tmp_path / "data"), "TWILIO_API_URL": "http://127.0.0.1:9",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"FOLLOWUP_{name}", value)
    for role in ("app", "engine", "intake"):
        monkeypatch.setenv(f"FOLLOWUP_DATABASE_{role.upper()}_URL", as_role(owner_url, role))

    def call(*words: object, **changes: str) -> int:
        for name, value in changes.items():
            monkeypatch.setenv(f"FOLLOWUP_{name.upper()}", value)
        bootstrap.open_house.cache_clear()
        try:
            return run([str(word) for word in words])
        finally:
            if bootstrap.open_house.cache_info().currsize:
                bootstrap.open_house().database.dispose()
            bootstrap.open_house.cache_clear()

    yield call
    sealed.install(KeyRing.from_texts([OLD]))


def test_keys_are_rotated_and_a_start_with_the_wrong_ones_is_refused(
    command: Command, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """F85."""
    open_clinic(house).enroll(INES)
    assert command("audit", "verify") == 0
    assert command("audit", "verify", encryption_keys=NEW) == 2
    assert "lacks the key" in capsys.readouterr().err
    assert command("rotate-keys", encryption_keys=f"{NEW},{OLD}") == 0
    assert "under the newest key now" in capsys.readouterr().out
    assert command("audit", "verify", encryption_keys=NEW) == 0
    assert command("audit", "verify", encryption_keys=OLD) == 2


def test_a_backup_is_proved_on_a_fresh_data_folder(
    command: Command, house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_clinic(house).enroll(INES)
    seal_all(house.database, settled_after=0)
    file = tmp_path / "riverbend.backup"
    assert command("backup", file) == 0
    assert command("restore", file, "--verify") == 0
    told = capsys.readouterr().out
    assert "every audit chain holds" in told
    assert command("restore", file) == 2
    assert "not empty" in capsys.readouterr().err


def test_a_record_that_was_changed_is_told_with_its_place(
    command: Command, house: House, owner_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    open_clinic(house).enroll(INES)
    seal_all(house.database, settled_after=0)
    assert command("audit", "verify") == 0
    with psycopg.connect(owner_url.replace("+psycopg", "")) as connection:
        connection.execute("UPDATE audit_event SET action = 'nothing' WHERE seq = 2")
    assert command("audit", "verify") == 1
    assert "riverbend: BROKEN at row 2" in capsys.readouterr().out


def test_sending_that_is_not_paused_cannot_be_resumed(
    command: Command, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    open_clinic(house)
    assert command("clinic", "resume-sending", "riverbend", "--yes") == 2
    assert "not paused" in capsys.readouterr().err


def test_a_key_may_end_by_itself(command: Command, house: House, capsys: pytest.CaptureFixture[str]) -> None:
    open_clinic(house)
    assert command("api-key", "create", "--clinic", "riverbend", "--role", "nurse", "--days", "30") == 0
    ending = capsys.readouterr().out.strip()
    with house.database.engine() as looking:
        assert find_key(looking, ending) is not None
    with psycopg.connect(house.settings.database_url_of(Role.owner).replace("+psycopg", "")) as connection:
        (left,) = connection.execute("SELECT expires_at - now() FROM api_key").fetchone() or (None,)
        assert left is not None
        assert 29 <= left.days <= 30
        connection.execute("UPDATE api_key SET expires_at = now()")
    with house.database.engine() as looking:
        assert find_key(looking, ending) is None
