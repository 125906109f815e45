"""F74: a pathway is edited while patients are on it. They keep their version until a person moves them."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from followup.audit.record import Actor
from followup.enrollment.migrate_version import (
    migrate_all,
    migrate_version,
    preview_all,
    preview_version,
)
from followup.enrollment.planning.replan import ChangeKind
from followup.enrollment.shown import Shown
from followup.errors import Conflict, ForbiddenState, NotFound
from followup.kit.ids import new_id
from tests.household import INES, TOM, Household

BY = Actor("staff:alma")
NAME = "stem-cell-back"


@pytest.fixture
def folder(home: Household, tmp_path: Path) -> Path:
    """A copy of the templates that this house reads, for a test to edit."""
    own = tmp_path / "templates"
    shutil.copytree(home.house.settings.templates_folder, own)
    home.house = replace(
        home.house, settings=home.house.settings.model_copy(update={"templates_folder": own})
    )
    return own / "pathways" / NAME


def edit(folder: Path, old: str, new: str) -> None:
    """Change a line of the plan, as an author would."""
    file = folder / "pathway.yaml"
    text = file.read_text()
    assert text.count(old) >= 1, old
    file.write_text(text.replace(old, new, 1))


def moved(home: Household, enrollment_id: uuid.UUID, *, seen: str | None = None) -> Shown:
    with home.house.database.transaction(home.clinic_id) as session:
        return migrate_version(
            session, enrollment_id, library=home.house.library, now=home.now, actor=BY, seen=seen
        )


def shown(home: Household, enrollment_id: uuid.UUID) -> Shown:
    with home.house.database.transaction(home.clinic_id) as session:
        return preview_version(session, enrollment_id, library=home.house.library, now=home.now)


def planned(home: Household) -> dict[str, str]:
    return {
        row.key: f"{row.local_time}"
        for row in home.rows("SELECT key, local_time FROM touchpoint WHERE state = 'planned'")
    }


def shift_a_step(folder: Path) -> None:
    """Give the plan another version in which one step has another time."""
    edit(folder, 'version: "', 'version: "next-')
    lines = (folder / "pathway.yaml").read_text().splitlines()
    old = next(line for line in lines if line.strip().startswith("at:") and "09" not in line)
    edit(folder, old, old.split("at:")[0] + 'at: "09:40"')


def test_an_edit_moves_nobody_and_the_preview_tells_what_it_would_do(home: Household, folder: Path) -> None:
    made = home.enroll()
    before = planned(home)
    shift_a_step(folder)
    told = shown(home, made.enrollment_id)
    assert planned(home) == before
    assert len(told.calendars[0].replan.of_kind(ChangeKind.MOVED)) >= 1
    assert "pathway.yaml" in told.notes[0]


def test_a_patient_who_is_moved_gets_the_new_plan_and_nothing_again(home: Household, folder: Path) -> None:
    made = home.enroll()
    home.dispatch()
    home.deliver()
    shift_a_step(folder)
    told = shown(home, made.enrollment_id)
    assert len(told.calendars[0].replan.of_kind(ChangeKind.SENT)) == 1
    moved(home, made.enrollment_id, seen=told.mark)
    assert any("09:40" in each for each in planned(home).values())
    home.dispatch()
    home.deliver()
    home.lab.wait_idle()
    assert len(home.lab.phone(INES).inbox) == 1
    assert home.only("SELECT count(*) FROM pathway_version") == 2
    assert home.only("SELECT count(*) FROM audit_event WHERE action = 'migrate pathway version'") == 1
    with pytest.raises(ForbiddenState, match="already"):
        shown(home, made.enrollment_id)


def test_a_version_that_changed_after_the_preview_is_looked_at_again(home: Household, folder: Path) -> None:
    made = home.enroll()
    shift_a_step(folder)
    told = shown(home, made.enrollment_id)
    edit(folder, 'version: "next-', 'version: "last-')
    with pytest.raises(Conflict, match="changed meanwhile"):
        moved(home, made.enrollment_id, seen=told.mark)
    assert home.only("SELECT count(*) FROM pathway_version") == 1


def test_everybody_moves_together_or_nobody(home: Household, folder: Path) -> None:
    home.enroll()
    home.enroll("Tom Berg", patient__phone=TOM)
    shift_a_step(folder)
    house = home.house
    with house.database.transaction(home.clinic_id) as session:
        many = preview_all(session, NAME, library=house.library, now=home.now)
    assert [each.patients for each in many.versions] == [2]
    home.dispatch()
    with pytest.raises(Conflict), house.database.transaction(home.clinic_id) as session:
        migrate_all(session, NAME, library=house.library, now=home.now, actor=BY, seen=many.mark)
    assert home.only("SELECT count(DISTINCT pathway_version_id) FROM enrollment") == 1
    with house.database.transaction(home.clinic_id) as session:
        many = preview_all(session, NAME, library=house.library, now=home.now)
        migrate_all(session, NAME, library=house.library, now=home.now, actor=BY, seen=many.mark)
        assert preview_all(session, NAME, library=house.library, now=home.now).shown == ()


def test_nobody_moves_what_ended_or_what_nobody_knows(home: Household, folder: Path) -> None:
    made = home.enroll()
    shift_a_step(folder)
    home.change("UPDATE enrollment SET state = 'completed'")
    with pytest.raises(ForbiddenState, match="ended"):
        moved(home, made.enrollment_id)
    with pytest.raises(NotFound):
        moved(home, new_id())
