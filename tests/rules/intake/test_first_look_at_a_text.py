"""The first look decides who is read first: it must see the emergencies, and most routine answers must not wait."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followup.intake.first_look import may_be_urgent

URGENT = [
    "I can't breathe", "no puedo respirar", "me ahogo", "chest pain", "dolor de pecho", "my throat is closing",
    "I passed out", "me desmayé", "she had a seizure", "his face is drooping", "my leg is numb", "leg feels weaker",
    "cant pee", "can't feel my feet", "I cannot walk", "no siento las piernas", "wet myself",
    "numb in my saddle area",
    "se me duerme la entrepierna", "fever of 103", "feaver", "tengo fiebre", "38.9 C", "102 F", "pus", "bleeding",
    "sangre", "worst headache of my life", "calf is swollen", "quiero morir", "I want to die", "took an overdose",
    "call 911", "help me", "ayúdenme", "severe pain", "9/10", "10 out of 10", "dolor insoportable",
    "my face is swollen",
]  # fmt: skip
ROUTINE = [
    "3", "better", "NONE", "OK", "mejor", "ALL", "not yet", "thanks", "gracias", "see you tuesday", "wrong number",
    "STOP", "HELP", "4 today", "a bit sore", "igual", "all done with the exercises", "boring monitoring", "",
]  # fmt: skip


@pytest.mark.parametrize("text", URGENT)
def test_an_emergency_is_seen(text):
    assert may_be_urgent(text)
    assert may_be_urgent(text.upper())


@pytest.mark.parametrize("text", ROUTINE)
def test_a_routine_answer_waits_its_turn(text):
    assert not may_be_urgent(text)


@given(st.text(max_size=500))
def test_looking_never_fails(text):
    assert may_be_urgent(text) in (True, False)


def test_looking_is_quick():
    started = time.perf_counter()
    for text in ("can not " * 10_000, "9 " * 50_000, "ñ" * 100_000):
        may_be_urgent(text)
    assert time.perf_counter() - started < 0.5
