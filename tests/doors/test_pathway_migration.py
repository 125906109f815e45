"""Moving everybody to another pathway version, on the page, in the API and on the command line (F74)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from followup import cli
from followup.bootstrap import House
from followup.pathways.library import load_library
from followup.web.app import create_app
from tests.cast import CLINIC, INES, open_clinic
from tests.doors.conftest import PASSWORD, Story, browser_of

NAME = "stem-cell-back"


def edited(house: House, tmp_path: Path) -> Path:
    """A copy of the templates in which every morning's step has another time."""
    own = tmp_path / "templates"
    shutil.copytree(house.settings.templates_folder, own)
    plan = own / "pathways" / NAME / "pathway.yaml"
    changed, steps = re.subn(r'(?m)^(\s+at: )"1[01]:\d\d"', r'\1"11:40"', plan.read_text())
    assert steps > 1
    plan.write_text(changed)
    return own


@pytest.fixture
def next_app(house: House, story: Story, tmp_path: Path) -> FastAPI:
    """The application after the pathway was edited; one patient is on the version before."""
    story.enroll()
    own = edited(house, tmp_path)
    changed = replace(house, settings=house.settings.model_copy(update={"templates_folder": own}))
    return create_app(changed, library=load_library(own / "pathways"))


@pytest.fixture
def coordinator(next_app: FastAPI, story: Story) -> Iterator[TestClient]:
    with browser_of(next_app) as client:
        client.post("/sign-in", data={"email": story.clinic.address("coordinator"), "password": PASSWORD})
        yield client


def test_the_page_shows_who_moves_and_moves_them(coordinator: TestClient, story: Story) -> None:
    page = coordinator.get(f"/pathways/{NAME}/migrate")
    assert "1 patient is on version" in page.text
    assert "11:40 AM" in page.text
    mark = re.search(r'name="mark" value="([0-9a-f]{24})"', page.text)
    assert mark
    wrong = coordinator.post(f"/pathways/{NAME}/migrate", data={"mark": "0" * 24})
    assert wrong.status_code == 409
    assert "changed meanwhile" in wrong.text
    done = coordinator.post(f"/pathways/{NAME}/migrate", data={"mark": mark[1]})
    assert done.status_code == 303
    assert "on this version already" in coordinator.get(f"/pathways/{NAME}/migrate").text
    assert story.rows("SELECT count(*) FROM pathway_version") == [(2,)]


def test_the_api_moves_everybody_as_shown(next_app: FastAPI, key: str) -> None:
    with TestClient(next_app, headers={"authorization": f"Bearer {key}"}) as machine:
        path = f"/api/v1/pathways/{NAME}/migrate"
        shown = machine.post(path, json={}).json()
        assert (shown["applied"], len(shown["changes"]), shown["versions"][0]["patients"]) == (False, 1, 1)
        assert machine.post(path, json={"mark": "0"}).status_code == 409
        assert machine.post(path, json={"mark": shown["mark"]}).json()["applied"] is True
        assert machine.post(path, json={}).json()["changes"] == []
        assert machine.post("/api/v1/pathways/nothing/migrate", json={}).status_code == 404


def test_the_command_prints_what_it_would_do_and_the_mark_to_do_it(
    at_home: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from followup import bootstrap

    open_clinic(at_home).enroll(INES)
    bootstrap.open_house.cache_clear()
    monkeypatch.setenv("FOLLOWUP_TEMPLATES_FOLDER", str(edited(at_home, tmp_path)))
    slug = re.search(r"slug: (\S+)", CLINIC)
    assert slug
    command = ["pathway", "migrate", NAME, "--clinic", slug[1]]
    assert cli.run(command) == 0
    shown = capsys.readouterr().out
    assert "1 on version" in shown
    mark = shown.rsplit("--apply ", 1)[1].strip()
    assert cli.run([*command, "--apply", "0" * 24]) == 2
    assert "changed meanwhile" in capsys.readouterr().err
    assert cli.run([*command, "--apply", mark]) == 0
    assert "1 moved" in capsys.readouterr().err
    assert cli.run(command) == 0
    assert "nobody to move" in capsys.readouterr().out
