"""What changed between two versions is told file by file, with marks that need no color."""

from __future__ import annotations

from dataclasses import replace

import pytest

from followup.pathways.difference import Change, difference
from followup.pathways.library import load_library
from followup.pathways.pathway import Pathway
from followup.settings import ROOT


@pytest.fixture(scope="module")
def pathway() -> Pathway:
    return load_library(ROOT / "templates" / "pathways").get("stem-cell-back")


def changed(pathway: Pathway, **files: str | None) -> Pathway:
    """The same pathway with other files; None takes one away."""
    kept = {**pathway.files, **{name.replace("__", "."): words for name, words in files.items()}}
    return replace(pathway, files={name: words for name, words in kept.items() if words is not None})


def test_the_same_version_has_no_difference(pathway: Pathway) -> None:
    assert difference(pathway, pathway) == ()


def test_only_the_file_that_changed_is_told_with_the_line_and_what_is_around_it(pathway: Pathway) -> None:
    name = next(each for each in pathway.files if each.endswith(".en.txt"))
    lines = pathway.files[name].splitlines()
    words = "\n".join([*lines[:-1], lines[-1] + " Thank you."])
    [file] = difference(pathway, replace(pathway, files={**pathway.files, name: words}))
    assert file.name == name
    told = [(each.change, each.words) for each in file.lines]
    assert told[-2:] == [(Change.removed, lines[-1]), (Change.added, lines[-1] + " Thank you.")]
    assert all(each.change is Change.same for each in file.lines[:-2])
    assert len(file.lines) <= 4


def test_a_new_file_has_only_new_lines_and_a_file_that_is_gone_only_old_ones(pathway: Pathway) -> None:
    [new] = difference(pathway, changed(pathway, day_99__en__txt="Hello\nthere"))
    assert [each.change for each in new.lines] == [Change.added, Change.added]
    [gone] = difference(changed(pathway, day_99__en__txt="Hello"), pathway)
    assert [each.change for each in gone.lines] == [Change.removed]
