"""The patients of the printed story: invented people, and how each of them answers a text.

They see only what stands on their phone or in their mail, as real patients do. What they answer is chosen by the
words of the question, in order; the first line that fits is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

ENROLLED_ON = date(2026, 9, 11)  # a Friday
PERFORMED_ON = date(2026, 9, 15)  # the Tuesday after it
Pain = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Line:
    """What is answered to a text with these words; ``days`` None: on any day. An empty answer is silence."""

    asked: str
    answer: str | Callable[[int], str]
    days: range | None = None
    after: timedelta | None = None

    def fits(self, text: str, day: int) -> bool:
        """Whether this line answers a text of that day."""
        return (self.days is None or day in self.days) and re.search(self.asked, text) is not None

    def words(self, day: int) -> str:
        """Return what is written back."""
        return self.answer if isinstance(self.answer, str) else self.answer(day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unasked:
    """What a patient writes without being asked: on which day after the procedure, at which local time."""

    day: int
    at: time
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryPatient:
    """One patient; ``tells`` is the heading of the printed recovery."""

    key: str
    name: str
    tells: str
    harvest: str
    phone: str = ""
    email: str = ""
    language: str = "en"
    zone: str = "America/Chicago"
    lines: Sequence[Line] = ()
    unasked: Sequence[Unasked] = ()
    answers_after: timedelta = timedelta(minutes=12)
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def channel(self) -> str:
        """How the clinic writes to them."""
        return "sms" if self.phone else "email"

    def answer(self, text: str, day: int) -> tuple[timedelta, str] | None:
        """Return after how long and with which words a text is answered; None for silence."""
        line = next((each for each in self.lines if each.fits(text, day)), None)
        words = line.words(day) if line else ""
        return ((line.after if line and line.after else self.answers_after), words) if words else None

    def request(self, performed_on: date) -> dict[str, Any]:
        """Return the enrollment as the coordinator fills it in."""
        return {
            "patient.name": self.name, "patient.phone": self.phone, "patient.email": self.email,
            "patient.language": self.language, "patient.time_zone": self.zone,
            "procedure.performed_on": performed_on.isoformat(), "procedure.performed_at": "09:00",
            "confirmed": True,
            "procedure.harvest": self.harvest, "pathway": "stem-cell-back", "channel": self.channel,
            "consent.sms": bool(self.phone), "consent.email": bool(self.email), "consent.obtained_by": "Alma Reyes",
            **{f"procedure.{name}": value for name, value in self.facts.items()},
        }  # fmt: skip


def pain(scores: Pain) -> Callable[[int], str]:
    """Answer with the score of the last day that is named."""
    return lambda day: str(scores[max((each for each in scores if each <= day), default=min(scores))])


def well(scores: Pain, *, in_own_words: str = "Much better now, thank you") -> tuple[Line, ...]:
    """Return how somebody answers who recovers as expected, in English."""
    return (
        Line(r"Can you come\?", "OK"),
        Line(r"Are you home", "OK"),
        Line(r"Any of these\?", "NONE"),
        Line(r"temperature", "98.4"),
        Line(r"exercises since", "SOME", range(6)),
        Line(r"exercises since", "ALL"),
        Line(r"things you want", "SOME", range(60)),
        Line(r"things you want", "ALL"),
        Line(r"BETTER, SAME or WORSE", "BETTER"),
        Line(r"Pain now", pain(scores)),
        Line(r"own words, good|How are you|How was this week", in_own_words),
    )


TOM = StoryPatient(
    key="tom",
    name="Tom Becker",
    tells="a textbook recovery",
    harvest="bone_marrow",
    phone="+13125550101",
    lines=well({0: 4, 1: 4, 3: 3, 5: 2, 42: 2, 56: 1, 84: 1}),
    facts={"pain_before": "7", "level": "L4-L5", "harvest_site": "left hip"},
)
NIGHT = Unasked(day=4, at=time(3, 4), words="my left leg feels weaker since last night and my foot is numb")
INES = StoryPatient(
    key="ines",
    name="Ines Moreno",
    tells="a warning symptom at 3:04 in the morning; the nurse's text is not delivered, the physician presses 4",
    harvest="fat",
    phone="+13125550102",
    lines=well({0: 4, 3: 3, 5: 3, 6: 2, 42: 2, 70: 1}, in_own_words="all good thanks"),
    unasked=[NIGHT],
    facts={"pain_before": "6", "level": "L5-S1", "harvest_site": "abdomen"},
)
GRETA = StoryPatient(
    key="greta",
    name="Greta Lindqvist",
    tells="she opts out, and reports a fever in the same text",
    harvest="bone_marrow",
    phone="+13125550103",
    lines=well({0: 3, 2: 4, 4: 4}),
    unasked=[Unasked(day=5, at=time(14, 20), words="STOP please. I have a fever of 102 and chills")],
    facts={"pain_before": "5", "harvest_site": "right hip"},
)
GEORGE = StoryPatient(
    key="george",
    name="George Pruitt",
    tells="a silent patient: a person calls",
    harvest="fat",
    phone="+13125550104",
    lines=(
        Line(r"Can you come\?", "OK", after=timedelta(hours=3)),
        Line(r".", "", range(3)),
        Line(r".", "", range(21, 28)),
        *well({3: 3, 5: 2, 42: 2, 84: 2}, in_own_words="good"),
    ),
)
MARCUS = StoryPatient(
    key="marcus",
    name="Marcus Hale",
    tells="the procedure is moved by a week; later a nurse accepts his case, is called away, and it climbs again",
    harvest="bone_marrow",
    phone="+13125550105",
    lines=(
        Line(r"How was this week", "Can I go swimming again?"),
        *well({0: 4, 3: 3, 7: 2, 42: 1}),
    ),
    unasked=[
        # Counted from the first date: the sixth day after the new one.
        Unasked(
            day=13, at=time(13, 10), words="my right leg feels weaker since last night and my toes are numb"
        )
    ],
)
ROSA = StoryPatient(
    key="rosa",
    name="Rosa Jiménez",
    tells="by email, in Spanish; the pain grows on day 2, and somebody calls the same day",
    harvest="fat",
    email="rosa.jimenez@patients.example",
    language="es",
    zone="America/Los_Angeles",
    lines=(
        Line(r"¿Tiene ahora alguna", "NINGUNA"),
        Line(r"dolor tiene", "Hoy me duele más que ayer, un 6", range(2, 3)),
        Line(r"dolor tiene", pain({0: 4, 3: 4, 4: 3, 6: 2, 42: 1})),
        Line(r"temperatura tiene", "98.2"),
        Line(r"TODOS, ALGUNOS", "TODOS"),
        Line(r"TODO, ALGO", "ALGO", range(60)),
        Line(r"TODO, ALGO", "TODO"),
        Line(r"MEJOR, IGUAL", "MEJOR"),
        Line(r"sus palabras|semana", "Bien, poco a poco mejor. Gracias.", range(15, 40)),
        Line(r"OK", "OK", range(-4, 1)),
    ),
)
WALTER = StoryPatient(
    key="walter",
    name="Walter Kim",
    tells="an emergency in the evening of day 2: nurse and physician are paged together",
    harvest="bone_marrow",
    phone="+13125550106",
    lines=well({0: 4, 2: 4}),
    unasked=[
        Unasked(day=2, at=time(19, 40), words="I cant pee since this morning and its numb between my legs")
    ],
)
COHORT = (TOM, INES, GRETA, GEORGE, MARCUS, ROSA, WALTER)


def day_of(instant: datetime, performed_on: date) -> int:
    """Return the day of the recovery of a local moment."""
    return (instant.date() - performed_on).days
