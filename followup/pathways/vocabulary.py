"""The words a pathway is written in.

Each is used with one meaning in the files of a pathway, on screen, in tables and in code. Adding a word here is
adding something that every later stage has to understand; nothing may be removed while a pinned version uses it.
"""

from __future__ import annotations

from enum import StrEnum


class Harvest(StrEnum):
    """Where the cells were taken from; ``any`` marks a step that does not depend on it."""

    BONE_MARROW = "bone_marrow"
    FAT = "fat"
    ANY = "any"

    def serves(self, harvest: Harvest) -> bool:
        """Whether a step marked so is for a patient with this method."""
        return Harvest.ANY in (self, harvest) or self is harvest


class Channel(StrEnum):
    """How a text travels. ``voice`` is for pages to staff only."""

    SMS = "sms"
    EMAIL = "email"
    VOICE = "voice"


class StepKind(StrEnum):
    """What a planned text is for."""

    PREPARATION = "preparation"  # before the procedure
    CHECK_IN = "check_in"  # asks how the patient is
    INFORMATION = "information"  # asks nothing


class StepPriority(StrEnum):
    """``safety``: nobody may be lost here; what is not sent or not answered becomes work for a person."""

    SAFETY = "safety"
    NORMAL = "normal"


class LateRule(StrEnum):
    """What becomes of a text that could not go out at its time and is later than its rule allows."""

    SEND_UNTIL = "send_until"  # it may go late for so many hours, then it is skipped
    SKIP = "skip"  # it is never sent late
    CALL_TASK = "call_task"  # it may go late for so many hours, then a person calls instead


class Weekdays(StrEnum):
    """Whether a text that falls on a weekend waits for Monday."""

    ANY = "any"
    WORKING_DAYS = "working_days"


class QuestionKind(StrEnum):
    """What kind of answer a question waits for; triage reads the answer by it."""

    PAIN_SCORE = "pain_score"  # 0 to 10
    TEMPERATURE = "temperature"
    TREND = "trend"  # better, same, worse
    YES_NO_SYMPTOM = "yes_no_symptom"  # yes alarms
    YES_NO_OK = "yes_no_ok"  # no alarms
    EXERCISES = "exercises"  # how much of something was done: all, some, not yet
    OPEN = "open"  # the patient's own words


class Meaning(StrEnum):
    """What an answer word offered in a text stands for."""

    YES = "yes"
    NO = "no"
    BETTER = "better"
    SAME = "same"
    WORSE = "worse"
    ALL = "all"
    SOME = "some"
    NOT_YET = "not_yet"


class Tier(StrEnum):
    """How fast a person must look."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    SAME_DAY = "same_day"
    UNCLEAR = "unclear"
    ROUTINE = "routine"


class SilenceAction(StrEnum):
    """What happens when a check-in stays without an answer."""

    CALL_TASK = "call_task"  # a coordinator calls
    RAISE = "raise"  # it is treated like an answer of the named tier


class Target(StrEnum):
    """Who is paged. ``catch_all`` is the line that is answered day and night."""

    NURSE = "nurse"
    PHYSICIAN = "physician"
    MANAGER = "manager"
    CATCH_ALL = "catch_all"


class Status(StrEnum):
    """Whether a clinic has made the texts its own."""

    DRAFT = "draft for clinic approval"
    APPROVED = "approved by the clinic"
