# ruff: noqa: T201 - what it prints is what it is for
"""./run security, ./run audit and ./run sbom: prints what was looked at; exit code 0 only if all of it passed."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
from pathlib import Path

from followup import log
from review import dependencies, secrets, service
from review.findings import Check

# Plants words of an invented patient, and searches for them wherever they must not be.
MARKERS = ["tests/doors/test_no_words_of_patients_leak.py"]
REFUSED = ["tests/doors/test_every_route_keeps_to_its_clinic.py", "tests/stages/audit", "tests/migrations"]


def main(words: list[str]) -> int:
    """Run what was asked for: everything, or ``audit`` or ``sbom`` alone."""
    if words == ["sbom"]:
        print(json.dumps(dependencies.bill_of_materials(), indent=1))
        return 0
    if words == ["audit"]:
        return report([dependencies.advisories()])
    log.configure(form="plain", level=logging.ERROR)
    with (
        tempfile.TemporaryDirectory(prefix="followup-review-") as folder,
        service.running(Path(folder)) as found,
    ):
        checks = [
            service.routes(found.app), service.headers(found.app), service.cookies(found.app),
            service.rows(found.owner_url),
        ]  # fmt: skip
    checks += [
        dependencies.advisories(),
        secrets.secrets(),
        tests(
            "Markers of an invented patient in logs, pages, metrics, Redis, URLs and plain columns", MARKERS
        ),
        tests("Other clinics' ids, ended sessions, the audit chain, the database roles", REFUSED),
    ]
    return report(checks)


def tests(title: str, paths: list[str]) -> Check:
    """Run tests as one check; their last line is shown."""
    check = Check(title)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths]
    done = subprocess.run(command, cwd=dependencies.ROOT, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines() or ["nothing was run"]
    check.lines.append(lines[-1])
    check.expect(
        done.returncode == 0,
        "; ".join(line for line in lines if line.startswith("FAILED")) or lines[-1],
    )
    return check


def report(checks: list[Check]) -> int:
    """Print every check and the sum; returns the exit code."""
    for check in checks:
        check.print()
    wrong = [check.title for check in checks if check.wrong]
    print(
        f"\n{len(checks) - len(wrong)} of {len(checks)} checks passed"
        + "".join(f"\n- not: {each}" for each in wrong)
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
