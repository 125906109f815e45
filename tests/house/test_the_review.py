"""The scripted review can fail: each of its checks sees what it is there to see."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import Any

import pytest

from review.dependencies import ROOT, bill_of_materials, judge
from review.findings import Check
from review.secrets import search

TODAY = date(2026, 11, 1)
VULNERABLE: dict[str, Any] = {
    "dependencies": [
        {"name": "a", "version": "1.0", "vulns": [{"id": "X-1", "aliases": ["Y-1"], "fix_versions": ["1.1"]}]}
    ]
}


def judged(found: dict[str, Any], **allowed: date) -> Check:
    check = Check("packages")
    rules = {name: {"id": name, "until": until, "reason": "never called"} for name, until in allowed.items()}
    judge(check, found, allowed={name.replace("_", "-"): rule for name, rule in rules.items()}, today=TODAY)
    return check


def test_a_known_vulnerability_fails_the_audit() -> None:
    assert "X-1" in judged(VULNERABLE).wrong[0]


def test_an_allowance_holds_until_its_date_and_also_by_another_name() -> None:
    assert judged(VULNERABLE, X_1=date(2026, 11, 2)).wrong == []
    assert judged(VULNERABLE, Y_1=date(2026, 11, 2)).wrong == []
    assert "was allowed until" in judged(VULNERABLE, X_1=date(2026, 10, 31)).wrong[0]


def test_an_audit_that_looked_at_nothing_or_left_something_out_fails() -> None:
    assert judged({"dependencies": []}).wrong
    unknown = {"name": "b", "skip_reason": "?"}
    assert "could not be reached" in judged({"dependencies": [unknown]}).wrong[0]
    known = {"name": "a", "version": "1.0", "vulns": []}
    assert judged({"dependencies": [known, unknown]}).wrong == ["not looked at: b"]


def test_the_bill_names_every_locked_package_with_its_hashes() -> None:
    bill = bill_of_materials()
    names = {each["name"] for each in bill["components"]}
    assert {"fastapi", "cryptography", "twilio", "celery"} <= names
    assert all(each["hashes"] and each["purl"].startswith("pkg:pypi/") for each in bill["components"])
    assert bill == bill_of_materials()


@pytest.mark.parametrize(
    "planted",
    [
        "-----BEGIN PRIVATE " + "KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIB" * 2,
        "A" + "C0123456789abcdef0123456789abcdef",
        "AKI" + "A1234567890ABCDEF",
        "fu" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V",
        "postgres://owner:Zq8w" + "Xr4tPl9@db.example/x",
    ],
)
def test_a_planted_secret_is_found(planted: str) -> None:
    assert search(f"before {planted} after")


@pytest.mark.parametrize(
    "harmless",
    ["AC" + "0" * 32, "postgresql://owner:secret-word@db.example/followup", "redis://redis.example:6379/0"],
)
def test_examples_are_no_secrets(harmless: str) -> None:
    assert search(harmless) == []


def test_every_requirement_that_is_met_names_code_and_a_test_that_exist() -> None:
    table = tomllib.loads((ROOT / "docs/reference/asvs.toml").read_text(encoding="utf-8"))["requirement"]
    assert len({each["id"] for each in table}) == len(table)
    for each in table:
        if each["verdict"] == "met":
            assert (ROOT / each["code"]).is_file(), each
            assert (ROOT / each["test"]).is_file(), each
        else:
            assert each["verdict"] in ("operator", "open", "absent")
            assert len(each["why"].split()) > (1 if each["verdict"] == "absent" else 5)
    assert len(table) > 200
    counted = [each for each in table if each["verdict"] != "absent"]
    settled = sum(each["verdict"] in ("met", "operator") for each in counted)
    assert settled / len(counted) > 0.92
