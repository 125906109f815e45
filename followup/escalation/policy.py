"""The policy of a clinic as a value: who is paged when, and how long each clock runs. Pure.

It is read once, when a case opens, and frozen into it: a policy edited at noon changes no case that was opened in
the morning. People are not part of it; they are looked up when they are paged. ``DEFAULT`` is a proposal of this
house, not a standard: a clinical lead has to set the times (see docs/runbook/page-not-accepted.md).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from followup.errors import FieldProblem, InvalidInput
from followup.escalation.states import CaseTier


class Target(StrEnum):
    """Who is paged; ``catch_all`` is the line that is answered day and night."""

    nurse = "nurse"
    physician = "physician"
    manager = "manager"
    catch_all = "catch_all"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the ladder. Seconds: ``after`` from the opening, ``voice_after`` from the step's text."""

    after: int
    targets: tuple[Target, ...]
    voice_after: int | None = None


@dataclass(frozen=True, slots=True)
class TierPolicy:
    """The clocks of one tier, in seconds at any hour of the day."""

    steps: tuple[Step, ...]
    repage: int
    accept: int
    contact: int
    document: int

    @property
    def contact_warning(self) -> int:
        """When the owner is reminded that the patient still waits: two thirds into the contact clock."""
        return self.contact * 2 // 3

    @property
    def round_pause(self) -> int:
        """From the last step of a round to the next round."""
        return self.repage

    @property
    def not_reached(self) -> int:
        """When the patient is told that nobody has accepted: at the end of the first round."""
        return self.steps[-1].after + self.round_pause


@dataclass(frozen=True, slots=True)
class Policy:
    """All of it. Minutes of the slower tiers are counted while the clinic is open, those of high at any hour."""

    emergency: TierPolicy
    urgent: TierPolicy
    same_day_minutes: int
    unclear_high_minutes: int
    unclear_low_minutes: int
    is_proposal: bool

    def of(self, tier: CaseTier) -> TierPolicy:
        """Return the clocks of a tier."""
        return self.emergency if tier is CaseTier.emergency else self.urgent


# Times: proposals derived from published practice (acceptance within minutes, contact within 10 and 30 minutes,
# California's 30-minute rule for telephone triage, 28 CCR 1300.67.2.2); a clinical lead has to approve them.
DEFAULT: Mapping[str, Any] = {
    "proposal": True,
    "emergency": {
        "repage_seconds": 120,
        "accept_within_seconds": 180,
        "contact_within_seconds": 600,
        "document_within_seconds": 3600,
        "steps": [
            {"after_seconds": 0, "targets": ["nurse", "physician"], "voice_after_seconds": 0},
            {"after_seconds": 180, "targets": ["nurse", "physician", "manager"], "voice_after_seconds": 0},
            {"after_seconds": 360, "targets": ["catch_all"], "voice_after_seconds": 0},
        ],
    },
    "urgent": {
        "repage_seconds": 300,
        "accept_within_seconds": 300,
        "contact_within_seconds": 1800,
        "document_within_seconds": 7200,
        "steps": [
            {"after_seconds": 0, "targets": ["nurse"], "voice_after_seconds": 120},
            {"after_seconds": 300, "targets": ["physician"], "voice_after_seconds": 120},
            {"after_seconds": 600, "targets": ["manager"], "voice_after_seconds": 120},
            {"after_seconds": 900, "targets": ["catch_all"], "voice_after_seconds": 0},
        ],
    },
    "same_day": {"accept_within_open_minutes": 60, "contact_within_open_minutes": 240},
    "unclear": {"high_minutes": 30, "low_open_minutes": 120},
}


def read_policy(content: Mapping[str, Any]) -> Policy:
    """Return the policy that ``content`` (the shape of ``DEFAULT``) describes.

    Raises InvalidInput naming every field that is missing, of the wrong kind or out of bounds, a ladder that does
    not rise, and one that does not end at the catch-all line.
    """
    reader = _Reader()
    policy = Policy(
        emergency=reader.tier(content, "emergency", longest_contact=3600),
        urgent=reader.tier(content, "urgent", longest_contact=7200),
        same_day_minutes=reader.number(content, "same_day.contact_within_open_minutes", 15, 480),
        unclear_high_minutes=reader.number(content, "unclear.high_minutes", 5, 30),
        unclear_low_minutes=reader.number(content, "unclear.low_open_minutes", 15, 120),
        is_proposal=bool(content.get("proposal", True)),
    )
    if reader.problems:
        raise InvalidInput(reader.problems)
    return policy


class _Reader:
    """Reads field by field and remembers everything that is wrong."""

    def __init__(self) -> None:
        self.problems: list[FieldProblem] = []

    def number(self, content: Mapping[str, Any], path: str, least: int, most: int) -> int:
        value: Any = content
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.refuse(path, f"Give a whole number from {least} to {most}.")
            return least
        return value

    def tier(self, content: Mapping[str, Any], name: str, *, longest_contact: int) -> TierPolicy:
        def seconds(key: str, least: int, most: int) -> int:
            return self.number(content, f"{name}.{key}", least, most)

        return TierPolicy(
            steps=self.steps(content, name),
            repage=seconds("repage_seconds", 60, 900),
            accept=seconds("accept_within_seconds", 60, 1800),
            contact=seconds("contact_within_seconds", 300, longest_contact),
            document=seconds("document_within_seconds", 600, 86_400),
        )

    def steps(self, content: Mapping[str, Any], name: str) -> tuple[Step, ...]:
        tier = content.get(name)
        listed = tier.get("steps") if isinstance(tier, Mapping) else None
        if not isinstance(listed, list | tuple) or not 2 <= len(listed) <= 20:
            self.refuse(f"{name}.steps", "Give two to twenty steps.")
            return (Step(0, (Target.catch_all,)),)
        steps = tuple(
            self.step(each if isinstance(each, Mapping) else {}, f"{name}.steps.{place}")
            for place, each in enumerate(listed)
        )
        if steps[0].after != 0:
            self.refuse(f"{name}.steps.0.after_seconds", "The first step pages at once: give 0.")
        if any(later.after <= earlier.after for earlier, later in itertools.pairwise(steps)):
            self.refuse(f"{name}.steps", "Each step comes later than the one before it.")
        if Target.catch_all not in steps[-1].targets:
            self.refuse(f"{name}.steps", "The last step has to be the line that is answered day and night.")
        return steps

    def step(self, written: Mapping[str, Any], path: str) -> Step:
        after = self._seconds(written, "after_seconds", path)
        voice = written.get("voice_after_seconds")
        known = [each for each in written.get("targets", ()) if each in set(Target)]
        if not known or len(known) != len(written.get("targets", ())):
            self.refuse(f"{path}.targets", f"Name at least one of {', '.join(Target)}.")
        return Step(
            after=after,
            targets=tuple(Target(each) for each in known),
            voice_after=None if voice is None else self._seconds(written, "voice_after_seconds", path),
        )

    def _seconds(self, written: Mapping[str, Any], key: str, path: str) -> int:
        value = written.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 86_400:
            self.refuse(f"{path}.{key}", "Give a number of seconds from 0 to 86400.")
            return 0
        return value

    def refuse(self, field: str, message: str) -> None:
        self.problems.append(FieldProblem(field, message))
