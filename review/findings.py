# ruff: noqa: T201 - what it prints is what it is for
"""What a check of the review found, and how it is printed."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Check:
    """One question of the review: lines that show the answer, and everything that is wrong."""

    title: str
    lines: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def expect(self, holds: bool, otherwise: str) -> None:
        """Keep ``otherwise`` as wrong unless something holds."""
        if not holds:
            self.wrong.append(otherwise)

    def print(self) -> None:
        """Print the question, its lines and the verdict."""
        print(f"\n== {self.title}")
        for line in self.lines:
            print(f"   {line}")
        for line in self.wrong:
            print(f"   WRONG: {line}")
        print(f"   {'passed' if not self.wrong else 'NOT PASSED'}")
