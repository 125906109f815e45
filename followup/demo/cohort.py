"""The 24 invented patients of the live demo, spread over their recovery. Nobody here exists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time

from followup.demo.patients import Line, StoryPatient, Unasked, pain, well


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A patient of the demo: how many days ago the procedure was (negative: it is to come)."""

    days_ago: int
    patient: StoryPatient


# name, days since the procedure, harvest, language, by email, pain scores by day, what happens to them
_WELL = {0: 4, 1: 5, 3: 3, 5: 2, 21: 2, 42: 1}
_ROWS: tuple[tuple[str, int, str, str, bool], ...] = (
    ("Ines Moreno", 4, "fat", "en", False),
    ("Tom Becker", 3, "bone_marrow", "en", False),
    ("Greta Lindqvist", 5, "bone_marrow", "en", False),
    ("Rosa Jiménez", 2, "fat", "es", True),
    ("George Pruitt", 1, "fat", "en", False),
    ("Walter Kim", 6, "bone_marrow", "en", False),
    ("Marcus Hale", -2, "bone_marrow", "en", False),
    ("Lucía Ortega", 1, "bone_marrow", "es", False),
    ("Denise Carter", 0, "fat", "en", False),
    ("Harold Finch", -3, "bone_marrow", "en", True),
    ("Priya Raman", 7, "fat", "en", False),
    ("Esteban Cruz", 4, "bone_marrow", "es", False),
    ("Wanda Kowalski", 14, "bone_marrow", "en", False),
    ("Nils Andersen", 13, "fat", "en", True),
    ("Carmen Vega", 21, "fat", "es", False),
    ("Leroy Banks", 26, "bone_marrow", "en", False),
    ("Ruth Feldman", 28, "fat", "en", False),
    ("Mateo Ruiz", 33, "bone_marrow", "es", True),
    ("Alice Nguyen", 40, "bone_marrow", "en", False),
    ("Oscar Bell", 44, "fat", "en", False),
    ("Pilar Santos", 55, "bone_marrow", "es", False),
    ("Joan Whitaker", 62, "fat", "en", True),
    ("Samuel Adeyemi", 70, "bone_marrow", "en", False),
    ("Hannah Weiss", 82, "fat", "en", False),
)
# What some of them write without being asked: day of the recovery, local time, words.
_UNASKED = {
    "walter": Unasked(day=5, at=time(15, 10), words="I have a fever of 101.5 and chills since this morning"),
    "esteban": Unasked(day=3, at=time(16, 30), words="me duele mas que ayer, no mejora"),
    "priya": Unasked(day=7, at=time(9, 50), words="is it ok to take my blood pressure pills again"),
    "oscar": Unasked(day=44, at=time(10, 20), words="the bandage thing from before is weird looking"),
}
_SILENT = {"george"}


def cohort() -> Iterator[Enrolled]:
    """Give all of them."""
    for number, (name, days_ago, harvest, language, by_email) in enumerate(_ROWS):
        key = name.split()[0].casefold().replace("í", "i")
        address = f"{name.casefold().replace(' ', '.').replace('í', 'i').replace('é', 'e')}@patients.example"
        yield Enrolled(
            days_ago,
            StoryPatient(
                key=key, name=name, tells="", harvest=harvest, language=language,
                phone="" if by_email else f"+131255501{number + 1:02d}", email=address if by_email else "",
                lines=() if key in _SILENT else _lines(language),
                unasked=[_UNASKED[key]] if key in _UNASKED else [],
            ),
        )  # fmt: skip


def _lines(language: str) -> tuple[Line, ...]:
    if language == "en":
        return well(_WELL)
    return (
        Line(r"NINGUNA", "NINGUNA"),
        Line(r"[Dd]olor (?:tiene|ahora)|0 a 10", pain(_WELL)),
        Line(r"temperatura", "98.2"),
        Line(r"TODOS, ALGUNOS", "TODOS"),
        Line(r"TODO, ALGO", "ALGO"),
        Line(r"MEJOR, IGUAL", "MEJOR"),
        Line(r"\bOK\b", "OK"),
        Line(r"sus palabras|semana", "Bien, gracias"),
    )
