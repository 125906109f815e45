"""The pathway pages: a calendar as patients will see it, the rules, the versions, and what changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from followup.bootstrap import House
from followup.pathways.library import Library, read_pathway
from followup.pathways.pin import pin
from followup.settings import ROOT
from tests.doors.conftest import NOW, SmallClinic

NAME = "stem-cell-back"


def test_the_list_leads_to_the_calendar_which_says_that_it_is_a_draft(coordinator: TestClient) -> None:
    assert f'href="/pathways/{NAME}"' in coordinator.get("/pathways").text
    shown = coordinator.get(f"/pathways/{NAME}").text
    assert "DRAFT FOR CLINIC APPROVAL" in shown
    assert "Nobody was enrolled into this pathway yet" in shown
    assert "Urgent from a temperature of" in shown
    assert "characters, 1 part, reading grade" in shown


@pytest.mark.parametrize(
    ("asked", "words", "not_words"),
    [
        ({"language": "es"}, "AYUDA", "Reply HELP"),
        ({"harvest": "fat"}, "day-2-fat", "day-2-marrow"),
        ({"harvest": "bone_marrow"}, "day-2-marrow", "day-2-fat"),
        ({"channel": "email"}, "reading grade", "characters, 1 part"),
        ({"language": "xx", "harvest": "<b>", "channel": "pigeon"}, "Reply HELP", "<b>"),
    ],
)
def test_the_calendar_is_that_of_the_patient_who_was_asked_for(
    coordinator: TestClient, asked: dict[str, str], words: str, not_words: str
) -> None:
    shown = coordinator.get(f"/pathways/{NAME}", params=asked)
    assert shown.status_code == 200
    assert words in shown.text
    assert not_words not in shown.text


def test_versions_are_listed_and_what_changed_between_them_is_shown(
    coordinator: TestClient, house: House, clinic: SmallClinic, library: Library, tmp_path: Path
) -> None:
    folder = shutil.copytree(ROOT / "templates" / "pathways" / NAME, tmp_path / NAME)
    [welcome] = folder.rglob("welcome.en.txt")
    welcome.write_text(welcome.read_text("utf-8").replace("Hi ", "Hello <dear> "), "utf-8")
    with house.database.transaction(clinic.id) as session:
        first = pin(session, clinic.id, read_pathway(folder), now=NOW)
        second = pin(session, clinic.id, library.get(NAME), now=NOW)
    shown = coordinator.get(f"/pathways/{NAME}").text
    assert f"/pathways/{NAME}/changes?old={first}" in shown
    since = coordinator.get(f"/pathways/{NAME}/changes", params={"old": str(first)})
    assert since.status_code == 200, since.text
    assert "Hello &lt;dear&gt; " in since.text
    assert since.text.count("<del>") == since.text.count("<ins>") > 0
    between = coordinator.get(f"/pathways/{NAME}/changes", params={"old": str(first), "new": str(second)})
    assert between.text.count("<ins>") == since.text.count("<ins>")


def test_a_version_of_another_clinic_is_as_unknown_as_none_at_all(
    coordinator: TestClient, house: House, make_clinic: Callable[[str, str], SmallClinic], library: Library
) -> None:
    other = make_clinic("elsewhere", "+14155550177")
    with house.database.transaction(other.id) as session:
        theirs = pin(session, other.id, library.get(NAME), now=NOW)
    for old in (theirs, other.id):
        assert coordinator.get(f"/pathways/{NAME}/changes", params={"old": str(old)}).status_code == 404
    assert coordinator.get("/pathways/nothing").status_code == 404
