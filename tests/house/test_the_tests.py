"""The tests themselves: each can fail, none waits for the clock on the wall, none is left out without a word."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.house.source import calls_in, tracked_files, tree_of

FILES = [each for each in tracked_files() if each.parts[0] == "tests" and each.suffix == ".py"]
KINDS = {
    "rules",
    "stages",
    "doors",
    "workers",
    "journeys",
    "properties",
    "content",
    "house",
    "migrations",
    "faults",
    "data",
}
# "recording" is the fixture that holds every recorded request against the official document at its end.
CAN_FAIL = re.compile(r"\b(assert|raises|fail|expects?|check|check_\w+|assert_\w+|validate|recording)\b")


def sentences_in(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        node
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]


def test_every_test_lies_in_the_folder_of_its_kind() -> None:
    assert {each.parts[1] for each in FILES if len(each.parts) > 2} <= KINDS


def test_no_folder_of_tests_is_a_package() -> None:
    assert [str(each) for each in FILES if each.name == "__init__.py"] == []


def test_every_test_can_fail() -> None:
    harmless = [
        f"{path}:{node.lineno} {node.name}"
        for path in FILES
        for node in sentences_in(path)
        if not CAN_FAIL.search(ast.unparse(node)) and "state machine" not in (ast.get_docstring(node) or "")
    ]
    assert harmless == []


def test_names_of_tests_are_sentences() -> None:
    short = [
        f"{path} {node.name}" for path in FILES for node in sentences_in(path) if node.name.count("_") < 2
    ]
    assert short == []


def test_no_test_sleeps_for_a_fixed_time() -> None:
    """Polling for a condition lives in one place, with a limit."""
    pollers = {Path("tests/servers_of_the_run.py"), Path("tests/waiting.py")}
    sleeps = [
        f"{path}:{line}"
        for path in FILES
        if path not in pollers
        for line, name, _ in calls_in(path)
        if name in {"time.sleep", "sleep"}
    ]
    assert sleeps == []


def test_no_test_replaces_our_own_code() -> None:
    mocked = [
        f"{path}:{line}"
        for path in FILES
        for line, name, call in calls_in(path)
        if name.endswith((".patch", "patch.object", "MagicMock", "Mock"))
        or (name == "monkeypatch.setattr" and "followup" in ast.unparse(call))
    ]
    assert mocked == []


def test_nothing_is_expected_to_fail() -> None:
    assert [str(path) for path in FILES for _, name, _ in calls_in(path) if "xfail" in name] == []
