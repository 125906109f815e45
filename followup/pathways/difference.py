"""What changed between two versions of a pathway, file by file and line by line: what a clinic approves anew."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from followup.pathways.pathway import Pathway

_AROUND = 2


class Change(StrEnum):
    """What became of a line. The value is the mark in front of it, so that color is never needed."""

    same = " "
    added = "+"
    removed = "-"
    gap = "…"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a changed file."""

    change: Change
    words: str


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that differs; a file that is new or gone has only added or only removed lines."""

    name: str
    lines: tuple[Line, ...]


def difference(old: Pathway, new: Pathway) -> tuple[FileChange, ...]:
    """Return the files that differ, with a little of what surrounds each change."""
    names = sorted({*old.files, *new.files})
    pairs = ((name, old.files.get(name, ""), new.files.get(name, "")) for name in names)
    return tuple(
        FileChange(name, tuple(_lines(before, after))) for name, before, after in pairs if before != after
    )


def _lines(before: str, after: str) -> Iterator[Line]:
    told = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=_AROUND)
    for number, line in enumerate(told):
        if number < 2:
            continue  # the two lines that name the files
        if line.startswith("@@"):
            if number > 2:
                yield Line(Change.gap, "")
            continue
        yield Line(Change(line[0]), line[1:])
