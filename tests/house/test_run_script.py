"""`./run` on a machine where something is missing: it names what, and what to do about it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLAIN_TOOLS = ("sh", "df", "awk", "cat", "cksum", "grep", "sleep", "id", "rm", "tail")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A clone without an environment, and a folder of programs that holds only what every system has."""
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("run", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, clone)
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in PLAIN_TOOLS:
        found = shutil.which(name)
        assert found
        (programs / name).symlink_to(found)
    return tmp_path


def put_program(bare: Path, name: str, script: str) -> None:
    program = bare / "programs" / name
    program.unlink(missing_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def run(bare: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [bare / "clone" / "run", *arguments],
        cwd="/",
        env={"PATH": str(bare / "programs"), "LC_ALL": "POSIX", **environment},
        capture_output=True,
        text=True,
    )


def test_a_machine_without_python_is_told_so(bare: Path) -> None:
    done = run(bare, "demo")
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "apt-get install" in done.stderr


def test_a_python_that_is_too_old_is_named_with_its_version(bare: Path) -> None:
    put_program(bare, "python3", 'case "$2" in *print*) echo 3.9.2 ;; *) exit 1 ;; esac')
    done = run(bare, "test")
    assert done.returncode == 1
    assert "there is python3 3.9.2" in done.stderr


def test_a_missing_venv_module_is_named_with_its_package(bare: Path) -> None:
    put_program(bare, "python3", 'case "$2" in *ensurepip*) exit 1 ;; *print*) echo 3.11 ;; esac')
    done = run(bare, "setup")
    assert done.returncode == 1
    assert "no venv module" in done.stderr
    assert "python3.11-venv" in done.stderr


def test_a_full_disk_is_named_before_anything_is_written(bare: Path) -> None:
    put_program(bare, "python3", "exit 0")
    put_program(bare, "df", "echo head; echo '/dev/x 100 90 10240 99% /'")
    done = run(bare, "setup")
    assert done.returncode == 1
    assert "there are 10 MB free" in done.stderr
    assert not (bare / "clone" / ".venv").exists()


def test_a_failed_installation_quotes_its_log_and_is_tried_again_the_next_time(bare: Path) -> None:
    (bare / "programs" / "python3").symlink_to(sys.executable)
    borrow_pip(bare / "clone" / ".venv")
    (bare / "clone" / "requirements.lock").write_text("no-such-package==1.0 --hash=sha256:00\n")
    for _ in range(2):
        done = run(bare, "setup", PIP_INDEX_URL="http://127.0.0.1:9/", PIP_RETRIES="0")
        assert done.returncode == 1
        assert "The end of .venv/install.log" in done.stderr
        assert "no-such-package" in done.stderr


def borrow_pip(environment: Path) -> None:
    """Make an environment that uses our pip: installing one of its own takes most of a test's patience."""
    venv.create(environment, with_pip=False)
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")


def test_a_taken_port_is_named_with_its_remedy(bare: Path) -> None:
    programs = bare / "clone" / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    lock = (bare / "clone" / "requirements.lock").read_bytes()
    stamp = subprocess.run(["cksum"], input=lock, capture_output=True, check=True).stdout
    (bare / "clone" / ".venv" / "installed-run").write_bytes(stamp)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run(bare, "demo", FOLLOWUP_WEB_PORT=port)
    assert done.returncode == 1
    assert f"port {port} on 127.0.0.1 is taken" in done.stderr
    assert "FOLLOWUP_WEB_PORT=" in done.stderr


def test_an_unknown_command_is_answered_with_the_list(bare: Path) -> None:
    done = run(bare, "tset")
    assert done.returncode == 1
    assert "there is no command 'tset'" in done.stderr
    assert "./run COMMAND" in done.stderr


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_the_script_is_plain_posix_shell(shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        assert shell != "sh"
        return
    checked = subprocess.run([program, "-n", ROOT / "run"], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert os.access(ROOT / "run", os.X_OK)
