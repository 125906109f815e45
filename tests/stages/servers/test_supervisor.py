"""The product's processes on one machine: kept running, told apart, stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from followup.servers.children import Identity, PidFile, ServerFailed, wait_until
from followup.servers.supervisor import Process, Supervisor, pause_before_restart

PARENT = Path(__file__).with_name("parent_of_processes.py")
WAITS = "import threading; print('here', flush=True); threading.Event().wait()"
IGNORES = (
    "import signal, threading; signal.signal(15, signal.SIG_IGN); print('deaf'); threading.Event().wait()"
)

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a supervisor, as its own process, on the scripts given."""
    running: list[subprocess.Popen[str]] = []

    def started(*scripts: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(PARENT), str(tmp_path), *scripts]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return running[-1]

    yield started
    for each in running:
        each.kill()
        each.communicate()


def child_of(tmp_path: Path, name: str) -> Identity | None:
    return PidFile(tmp_path / f"{name}.pid").living()


def read_until(parent: subprocess.Popen[str], text: str) -> str:
    assert parent.stdout
    for line in parent.stdout:
        if text in line:
            return line
    raise AssertionError(f"it never said {text!r}")


def test_output_of_each_process_carries_its_name(start: Start) -> None:
    assert read_until(start(WAITS), "here") == "p0        | here\n"


def test_a_process_that_ends_is_started_again(start: Start, tmp_path: Path) -> None:
    parent = start(WAITS)
    read_until(parent, "here")
    first = child_of(tmp_path, "p0")
    assert first
    os.kill(first.pid, signal.SIGKILL)
    assert "ended with -9" in read_until(parent, "ended")
    read_until(parent, "here")
    assert child_of(tmp_path, "p0") not in {None, first}


def test_the_pause_grows_while_a_process_keeps_ending_and_has_a_limit() -> None:
    assert [pause_before_restart(number) for number in (1, 2, 3, 4, 20)] == [0.5, 1, 2, 4, 30]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_processes_in_order(start: Start, tmp_path: Path, how: signal.Signals) -> None:
    parent = start(WAITS, WAITS)
    read_until(parent, "here")
    read_until(parent, "here")
    children = [child_of(tmp_path, name) for name in ("p0", "p1")]
    parent.send_signal(how)
    read_until(parent, "all stopped")
    assert parent.wait(timeout=10) == 0
    assert not any(each.is_alive for each in children if each)
    assert list(tmp_path.glob("*.pid")) == []


def test_a_process_that_does_not_end_is_stopped_by_force(start: Start, tmp_path: Path) -> None:
    parent = start(IGNORES)
    read_until(parent, "deaf")
    deaf = child_of(tmp_path, "p0")
    parent.send_signal(signal.SIGTERM)
    read_until(parent, "stopping it by force")
    assert parent.wait(timeout=10) == 0
    assert deaf
    assert not deaf.is_alive


@pytest.mark.skipif(
    sys.platform != "linux", reason="the kernel stops children of a killed parent on Linux only"
)
def test_processes_of_a_killed_supervisor_end_with_it(start: Start, tmp_path: Path) -> None:
    parent = start(WAITS)
    read_until(parent, "here")
    orphan = child_of(tmp_path, "p0")
    assert orphan
    parent.kill()
    assert wait_until(lambda: not orphan.is_alive, seconds=10)


def test_a_process_that_never_stays_up_is_reported_with_its_last_words(tmp_path: Path) -> None:
    broken = Process(
        name="web", command=[sys.executable, "-c", "print('no such setting'); raise SystemExit(3)"]
    )
    said: list[str] = []
    with (
        Supervisor([broken], data_folder=tmp_path, write=said.append, gives_up_after=2) as supervisor,
        pytest.raises(ServerFailed, match=r"(?s)web ended 2 times.*no such setting"),
    ):
        supervisor.wait()
    assert "web       | no such setting" in said
