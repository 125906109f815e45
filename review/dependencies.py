"""The locked packages: known vulnerabilities, and a bill of materials.

The advisory service is asked each time, and it is said when it can't be reached. What does not concern us may
be allowed, with the reason and a date after which it counts again.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from review.findings import Check

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
ALLOWED = Path(__file__).with_name("allowed-advisories.toml")
PATIENCE_SECONDS = 300


def advisories() -> Check:
    """Ask which locked packages have known vulnerabilities."""
    check = Check("Known vulnerabilities in the locked packages")
    command = [
        str(Path(sys.executable).with_name("pip-audit")), "--require-hashes", "--disable-pip", "--progress-spinner",
        "off", "-f", "json", "-r", str(LOCK),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
        found: dict[str, Any] = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError):
        check.wrong.append("the advisories could not be reached, so nothing is known about the packages")
        return check
    judge(check, found, allowed=allowed(), today=datetime.now(UTC).date())
    return check


def allowed() -> dict[str, dict[str, Any]]:
    """Read the allow-list: advisory id to its reason and the date until which it holds."""
    return {each["id"]: each for each in tomllib.loads(ALLOWED.read_text()).get("advisory", [])}


def judge(check: Check, found: dict[str, Any], *, allowed: dict[str, dict[str, Any]], today: date) -> None:
    """Judge an answer of the advisory service by the allow-list."""
    packages = found.get("dependencies", [])
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    for each in packages:
        for known in each.get("vulns", []):
            names = {known["id"], *known.get("aliases", [])}
            reason = next((allowed[name] for name in sorted(names) if name in allowed), None)
            fixed = ", ".join(known["fix_versions"]) or "no version"
            told = f"{each['name']} {each['version']}: {known['id']}, fixed in {fixed}"
            if reason is None:
                check.wrong.append(told)
            elif reason["until"] < today:
                check.wrong.append(f"{told} (was allowed until {reason['until']})")
            else:
                check.lines.append(f"{told}; allowed until {reason['until']}: {reason['reason']}")
    check.expect(bool(packages), "no package was looked at")
    if packages and len(skipped) == len(packages):
        check.wrong.append("the advisories could not be reached, so nothing is known about the packages")
    elif skipped:
        check.wrong.append(f"not looked at: {', '.join(skipped)}")
    check.lines.insert(0, f"{len(packages) - len(skipped)} of {len(packages)} packages looked at")


def bill_of_materials() -> dict[str, Any]:
    """Return a CycloneDX 1.6 bill of what the lock installs: name, version, address, hashes."""
    text = LOCK.read_text(encoding="utf-8")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    parts = re.findall(
        r"^([A-Za-z0-9._-]+)==([^ \\;]+)[^\n]*\n((?:    --hash=[^\n]*\n)*)", text, re.MULTILINE
    )
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, text)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "followup",
                "version": version,
                "bom-ref": "followup",
            }
        },
        "components": [_component(*part) for part in parts],
    }


def _component(name: str, version: str, hashes: str) -> dict[str, Any]:
    address = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}"
    return {
        "type": "library", "name": name, "version": version, "purl": address, "bom-ref": address,
        "hashes": [{"alg": "SHA-256", "content": each} for each in re.findall(r"sha256:([0-9a-f]{64})", hashes)],
    }  # fmt: skip
