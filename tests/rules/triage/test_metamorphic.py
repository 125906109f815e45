"""Change how something is said, not what is said: an emergency must stay one (or at least urgent)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from followup.triage.engine import Context, Tier, triage
from followup.triage.engine.decision import RANK

EMERGENCIES = [
    "I can't pee since last night",
    "no puedo orinar desde ayer",
    "I cannot feel my left leg",
    "no siento las piernas",
    "I can't breathe",
    "me falta el aire",
    "my chest hurts and feels tight",
    "tengo dolor en el pecho",
    "I passed out in the kitchen",
    "me desmayé en el baño",
    "my face is drooping on one side",
    "I want to die",
    "ya no quiero vivir",
    "numb between my legs",
    "my throat is closing",
    "the bleeding won't stop",
]
FAMILIES: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "small letters": str.lower,
    "accents off": lambda text: text.translate(str.maketrans("áéíóúÁÉÍÓÚ", "aeiouAEIOU")),
    "curly quotes": lambda text: text.replace("'", "’"),
    "no apostrophe": lambda text: text.replace("'", ""),
    "emoji after": lambda text: text + " 😭😭",
    "thanks before": lambda text: "Thanks so much for checking! " + text,
    "gracias antes": lambda text: "Gracias por preguntar. " + text,
    "no fever but before": lambda text: "no fever, but " + text,
    "all good except": lambda text: "everything is good except " + text,
    "lol after": lambda text: text + " lol",
    "spaces doubled": lambda text: text.replace(" ", "  "),
    "long farewell": lambda text: text + ". Have a blessed day, see you Thursday at the clinic.",
}


@pytest.mark.parametrize("family", FAMILIES, ids=str)
@pytest.mark.parametrize("text", EMERGENCIES)
def test_an_emergency_said_another_way_is_at_least_urgent(text: str, family: str) -> None:
    said = FAMILIES[family](text)
    assert RANK[triage(said, Context(day=3)).tier] >= RANK[Tier.URGENT], said


@pytest.mark.parametrize("text", EMERGENCIES)
def test_an_emergency_is_an_emergency_in_plain_words(text: str) -> None:
    assert triage(text, Context(day=3)).tier is Tier.EMERGENCY


@pytest.mark.parametrize(
    ("denied", "told"),
    [
        ("no fever", "fever"),
        ("no tengo fiebre", "tengo fiebre"),
        ("no chills at all", "chills"),
        ("I have not fallen", "I have fallen"),
        ("my foot is not numb", "my foot is numb"),
        ("no chest pain", "chest pain"),
    ],
)
def test_dropping_the_denial_raises_the_tier(denied: str, told: str) -> None:
    context = Context(day=3)
    assert RANK[triage(told, context).tier] > RANK[triage(denied, context).tier]


@pytest.mark.parametrize("text", EMERGENCIES)
def test_adding_kind_words_never_files_an_emergency(text: str) -> None:
    for extra in ("ok thx", "todo bien", "no worries", "feeling great otherwise", "pain 2"):
        assert triage(f"{text}. {extra}", Context(day=3)).tier is not Tier.ROUTINE
        assert triage(f"{extra}. {text}", Context(day=3)).tier is not Tier.ROUTINE


def test_the_same_text_gets_the_same_decision() -> None:
    context = Context(day=3)
    assert triage(EMERGENCIES[0], context).as_dict() == triage(EMERGENCIES[0], context).as_dict()
