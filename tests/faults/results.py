"""A plugin of ./run faults: takes along every test that names a fault, and writes down what became of it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

FAULT = re.compile(r"(?<![A-Za-z0-9])[fF](\d\d)(?!\d)")
# The laws of planning over every zone belong to the run, with more examples than a unit test takes.
LAWS = "properties/test_planning"


def faults_of(nodeid: str) -> list[str]:
    """Return the faults that a test names in its function or its id."""
    return sorted({f"F{number}" for number in FAULT.findall(nodeid.rpartition("::")[2].replace("_", " "))})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what names a fault, wherever it lies."""
    for item in items:
        if faults_of(item.nodeid) or LAWS in item.nodeid:
            item.add_marker(pytest.mark.fault)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write one line for each phase; with parallel workers only their parent has the file's name."""
    if "FOLLOWUP_FAULT_RESULTS" not in os.environ or os.environ.get("PYTEST_XDIST_WORKER"):
        return
    told = dict(report.user_properties)
    line = {
        "test": report.nodeid, "phase": report.when, "outcome": report.outcome, "seconds": report.duration,
        "injected_at": told.get("fault_injected_at"), "recovered_after": told.get("fault_recovered_after"),
        "why": str(report.longrepr)[-600:] if report.failed else "",
        "reason": report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else "",
    }  # fmt: skip
    with Path(os.environ["FOLLOWUP_FAULT_RESULTS"]).open("a") as file:
        file.write(json.dumps(line) + "\n")
