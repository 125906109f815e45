"""F88: nothing can be logged any more, and the work goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WORK = """
import sys
from followup import log
log.configure(form="json")
told = log.logger("test")
for number in range(1000):
    told.warning("nobody can write this down", number=number)
    try:
        raise ValueError("neither this")
    except ValueError as error:
        told.error("failed", exc_info=error)
print("the work is done", flush=True)
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_f88_what_can_not_be_logged_stops_no_work() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", WORK],
            stderr=full,
            stdout=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.stdout == "the work is done\n"
