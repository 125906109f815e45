"""One word, one meaning; every decision names the check that enforces it; generated pages are fresh."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

import pytest

from followup.db.base import Base
from followup.db.registry import ROW_MODULES
from followup.enrollment.states import EnrollmentState, TouchpointState
from followup.escalation.states import EscalationState, PageState
from followup.messaging.states import AttemptState, MessageState
from followup.replies.states import ReplyState
from followup.triage.engine.decision import Tier
from tests.house.source import ROOT, tracked_files

GLOSSARY = (ROOT / "docs/glossary.md").read_text()
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()
DECISIONS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
STATES: dict[str, type[StrEnum]] = {
    "enrollment": EnrollmentState,
    "touchpoint": TouchpointState,
    "message": MessageState,
    "attempt": AttemptState,
    "reply": ReplyState,
    "escalation": EscalationState,
    "page": PageState,
}
# The spelling of the house, and words that mean something else to a nurse or a carrier.
NOT_OURS = re.compile(
    r"\b(enrolment|subscription|campaign|rota|colour|behaviour|normalise\w*|organisation)\b", re.IGNORECASE
)
# Patients write as they like, and tests quote them; the glossary lists what we do not say.
MAY_NAME_THEM = ("docs/glossary.md", "tests/")


def words() -> set[str]:
    rows = re.findall(r"^\| ([A-Za-z ]+?) \|", GLOSSARY, re.MULTILINE)
    return {each.lower() for each in rows}


def test_every_table_is_a_word_of_the_glossary() -> None:
    for module in ROW_MODULES:
        importlib.import_module(module)
    tables = {name.replace("_", " ") for name in Base.metadata.tables}
    assert tables - words() == set()


@pytest.mark.parametrize("thing", STATES)
def test_the_glossary_lists_the_states_that_the_code_has(thing: str) -> None:
    (row,) = re.findall(rf"^\| {thing} \| ([a-z_, ]+) \|$", GLOSSARY, re.MULTILINE)
    assert set(row.split(", ")) == {each.value for each in STATES[thing]}


@pytest.mark.parametrize("thing", STATES)
def test_the_architecture_draws_the_states_that_the_code_has(thing: str) -> None:
    (row,) = re.findall(rf"^\| {thing}(?: out)? \| (.*→.*) \|$", ARCHITECTURE, re.MULTILINE)
    drawn = set(re.findall(r"[a-z]+(?:_[a-z]+)*", re.sub(r"\([^)]*\)|plus holds", "", row)))
    assert drawn == {each.value for each in STATES[thing]}


def test_the_glossary_names_the_five_tiers() -> None:
    (row,) = re.findall(r"^\| tier \| how fast a person must look: ([a-z_, ]+) \|", GLOSSARY, re.MULTILINE)
    assert row.split(", ") == ["emergency", "urgent", "same_day", "unclear", "routine"]
    assert set(row.split(", ")) == {each.value for each in Tier}


def test_nobody_uses_a_word_that_is_not_ours() -> None:
    used = [
        f"{path}: {match.group()}"
        for path in tracked_files()
        if path.suffix in {".py", ".md", ".html", ".txt", ".yaml"} and not str(path).startswith(MAY_NAME_THEM)
        if (match := NOT_OURS.search((ROOT / path).read_text(encoding="utf-8")))
    ]
    assert used == []


@pytest.mark.parametrize("record", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_why_and_names_a_check_that_exists(record: Path) -> None:
    text = record.read_text()
    for part in ("**Context.**", "**Decision.**", "**Consequences.**", "**Looked at.**", "**Enforced by**"):
        assert part in text
    checks = re.findall(r"`(tests/[\w/.]+)`", text.partition("**Enforced by**")[2])
    assert checks
    assert [each for each in checks if not (ROOT / each).exists()] == []


def test_every_decision_is_in_the_list_under_its_own_number() -> None:
    listed = re.findall(
        r"^(\d+)\. \[[^\]]+\]\((\d{4})-", (ROOT / "docs/decisions/README.md").read_text(), re.MULTILINE
    )
    assert [int(number) for number, _ in listed] == [int(name) for _, name in listed]
    assert [f"{int(number):04}" for number, _ in listed] == [each.name[:4] for each in DECISIONS]


def test_generated_pages_are_what_the_code_says() -> None:
    command = [sys.executable, str(ROOT / "docs/generate.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 0)
