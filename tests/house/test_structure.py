"""Rules of the house that no linter of imports can see."""

from __future__ import annotations

import ast
import re

from followup.db.base import Base
from tests.house.source import ROOT, calls_in, is_in, product_files, tracked_files, tree_of

MAY_COMMIT = ("followup/db", "followup/web", "followup/cli", "followup/demo", "followup/servers", "workers")
# An id carries the time it was made only to sort by it; nothing is decided from that.
MAY_ASK_THE_TIME = ("followup/kit/clock.py", "followup/kit/ids.py")
ASKS_THE_TIME = re.compile(
    r"\b(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|localtime|gmtime))$"
)
DRAWERS = {
    "service",
    "services",
    "utils",
    "util",
    "helpers",
    "helper",
    "manager",
    "managers",
    "common",
    "misc",
    "handlers",
}
VAGUE = re.compile(r"(Manager|Handler|Processor|Helper|Utils?|Info)$")
# Sending and storing webhooks overlap waiting; the lab is a carrier; everything else is plain calls (decision 9).
MAY_WAIT_ASYNC = (
    *(
        "followup/messaging/pump.py",
        "followup/messaging/recorder.py",
        "followup/messaging/deliver.py",
        "followup/messaging/settle_due.py",
        "followup/escalation/page.py",
    ),
    *("followup/intake/writer.py", "followup/ports.py", "followup/gateways", "followup/lab", "followup/web"),
)
LONGEST_FILE = 300
LONGEST_FUNCTION = 60
# The files that are long on purpose: generated or pure data.
DATA = ("followup/triage/corpus",)


def test_only_the_edges_commit() -> None:
    commits = [
        f"{path}:{line}"
        for path in product_files()
        if not is_in(path, *MAY_COMMIT)
        for line, name, _ in calls_in(path)
        if name.endswith((".commit", ".rollback"))
    ]
    assert commits == []


def test_only_the_clock_asks_what_time_it_is() -> None:
    asked = [
        f"{path}:{line} {name}"
        for path in product_files()
        if not is_in(path, *MAY_ASK_THE_TIME)
        for line, name, _ in calls_in(path)
        if ASKS_THE_TIME.search(name)
    ]
    assert asked == []


def test_every_module_says_why_it_exists() -> None:
    assert [str(path) for path in product_files() if not ast.get_docstring(tree_of(path))] == []


def test_no_file_grows_into_a_drawer() -> None:
    long = {
        str(path): count
        for path in tracked_files()
        if path.suffix == ".py" and "migrations" not in path.parts and not is_in(path, *DATA)
        if (count := len((ROOT / path).read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_no_function_grows_out_of_sight() -> None:
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in product_files()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_no_file_has_a_name_that_invites_everything() -> None:
    assert [str(path) for path in product_files() if path.stem in DRAWERS] == []


def test_no_class_has_a_name_that_says_nothing() -> None:
    vague = [
        f"{path}:{node.lineno} {node.name}"
        for path in product_files()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef) and VAGUE.search(node.name)
    ]
    assert vague == []


def test_relationships_never_load_behind_ones_back() -> None:
    lazy = [
        f"{path}:{line}"
        for path in product_files()
        for line, name, call in calls_in(path)
        if name == "relationship"
        and not any(each.arg == "lazy" and ast.unparse(each.value) == "'raise'" for each in call.keywords)
    ]
    assert lazy == []


def test_every_table_of_a_clinic_says_whose_its_rows_are() -> None:
    shared = {name for name, table in Base.metadata.tables.items() if "clinic_id" not in table.columns}
    assert shared <= {
        "clinic",
        "heartbeat",
        "outage",
        "sign_in_bucket",
        "sealing_key",
    }  # who signs in has no clinic yet


def test_subprocesses_of_the_domain_start_in_servers_only() -> None:
    started = [
        f"{path}:{line}"
        for path in product_files()
        if not is_in(path, "followup/servers", "followup/cli", "followup/demo")
        for line, name, _ in calls_in(path)
        if name.startswith(("subprocess.", "os.system", "os.popen", "os.spawn", "os.exec"))
    ]
    assert started == []


def test_async_code_stays_in_its_places() -> None:
    strayed = [
        f"{path}:{node.lineno} {node.name}"
        for path in product_files()
        if not is_in(path, *MAY_WAIT_ASYNC)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.AsyncFunctionDef)
    ]
    assert strayed == []
