"""Every bell is answered, every tick has a task, every queue has a worker: no wake-up goes nowhere."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

import celeryconfig
from tests.house.source import ROOT, calls_in, product_files, tree_of
from workers.app import BELLS, app

SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


@pytest.fixture(scope="module")
def tasks() -> set[str]:
    app.loader.import_default_modules()
    return set(app.tasks)


def rung() -> dict[str, str]:
    """Return every bell that some stage rings, with a place where it does."""
    found = {}
    for path in product_files():
        for line, name, call in calls_in(path):
            if name in {"ring", "doorbell.ring"} and len(call.args) > 1:
                bells = written_out(call.args[1], path)
                assert bells, f"{path}:{line} rings a bell that is not written out"
                found.update(dict.fromkeys(bells, f"{path}:{line}"))
    return found


def written_out(bell: ast.expr, path: Path) -> set[str]:
    """Return the names an expression can stand for: a constant, one of two, or a constant of the module."""
    constants = {
        node.targets[0].id: node.value
        for node in tree_of(path).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    parts = [bell.body, bell.orelse] if isinstance(bell, ast.IfExp) else [bell]
    values = [constants.get(part.id, part) if isinstance(part, ast.Name) else part for part in parts]
    return {each.value for each in values if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def test_every_bell_that_is_rung_is_in_the_table() -> None:
    assert {bell: where for bell, where in rung().items() if bell not in BELLS} == {}


def test_every_bell_in_the_table_is_rung_by_somebody() -> None:
    assert set(BELLS) - set(rung()) == set()


def test_every_bell_has_a_task(tasks: set[str]) -> None:
    assert set(BELLS) - tasks == set()


def test_every_tick_has_a_task(tasks: set[str]) -> None:
    assert {each["task"] for each in celeryconfig.beat_schedule.values()} - tasks == set()


def test_every_bell_is_also_a_tick_because_bells_may_be_lost() -> None:
    assert set(BELLS) - {each["task"] for each in celeryconfig.beat_schedule.values()} == set()


def test_every_task_of_ours_goes_to_a_queue_that_a_worker_consumes(tasks: set[str]) -> None:
    own = {name for name in tasks if not name.startswith("celery.")}
    consumed = {each["command"][-1] for each in SERVICES.values() if "worker" in each.get("command", [])}
    routed = {name: app.amqp.router.route({}, name)["queue"].name for name in own}
    assert {name: queue for name, queue in routed.items() if queue not in consumed} == {}


def test_no_tick_is_worth_more_than_its_period() -> None:
    """A tick that waited longer than one period finds the same rows as the next one: it only adds to a backlog."""
    for each in celeryconfig.beat_schedule.values():
        assert each["options"]["expires"] <= max(each["schedule"], 1.0)
