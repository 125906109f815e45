"""What is wrong with a pathway, said so that the person who wrote the texts can mend it.

A finding names the file, the line and the column, and tells in one sentence what to do. It must never speak
of parsers, types or exceptions: its reader is a nurse or a physician.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from followup.errors import FollowupError


class Severity(StrEnum):
    """Whether a pathway may be used in spite of a finding."""

    ERROR = "error"  # the pathway is refused
    WARNING = "warning"  # the pathway loads; a person should look


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to mend, with its place (line and column count from 1)."""

    file: str
    line: int
    column: int
    severity: Severity
    sentence: str

    def __str__(self) -> str:
        """One line for a terminal, in the order that editors understand."""
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.sentence}"


class PathwayRefused(FollowupError):
    """This pathway can't be used until its files are corrected."""

    code = "pathway-refused"

    def __init__(self, name: str, findings: Iterable[Finding]) -> None:
        """Keep every finding, so that a page or a command can list them all at once."""
        self.name = name
        self.findings: tuple[Finding, ...] = tuple(sorted(set(findings)))
        lines = "\n".join(str(each) for each in self.findings)
        super().__init__(f"The pathway {name!r} was refused:\n{lines}")
