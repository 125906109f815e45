"""Opt-out by any reasonable wording, never by a symptom; the ids are those of the bad-input list."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followup.replies.opt import Ask, Wish, read
from followup.replies.wordings import CARRIER_STOPS

OPT_OUT = {
    "B73": ["STOP", "stop.", " Stop ", "STOP!!", '"stop"', "Stop please", "please stop",
        "stop\n", "STOP 🛑", "ＳＴＯＰ"],
    "B74": [
        "Opt out", "opt-out", "unsubscribe me", "no more texts", "quit texting", "basta", "no mas", "no más", "🛑",
        "Please stop texting me", "stop sending me these messages", "I don't want any more texts",
        "remove me from this list",
        "don't text me again", "do not contact me", "take my number off your list", "leave me alone",
        "stop all texts",
        "please cancel these reminders", "no quiero más mensajes", "No me escriban más", "dejen de mandar mensajes",
        "denme de baja", "ya no quiero recibir sus mensajes", "quítenme de la lista", "I want the texts to stop",
        "I withdraw my consent", "Stop emailing me", "¡Basta de mensajes!", "no more emails or texts please",
    ],
    "carrier": sorted(CARRIER_STOPS),
    "B76": [
        "STOP I have a fever of 103", "Stop. My leg is numb", "I have a fever of 103. STOP", "stop! tengo fiebre",
        "stop texting me, I can't feel my legs", "basta, me duele mucho el pecho",
    ],
}  # fmt: skip
NOT_OPT_OUT = {
    "B75": [
        "STOP the bleeding won't", "can't stop vomiting", "it won't stop bleeding", "the pain does not stop",
        "stop bleeding?", "should I stop taking ibuprofen?", "when can I stop icing", "no puedo parar de vomitar",
        "no para de sangrar", "I had to stop walking", "the bleeding has stopped", "stop the pain please help",
        "la fiebre no para", "I quit smoking", "end of the day it hurts", "cancel my appointment on Tuesday",
    ],
    "B77": ["stpo", "sotp", "stoop"],
    "kept": [
        "please don't stop texting me", "do not stop these messages", "when do the texts stop?",
        "did you stop texting me?", "no paren los mensajes", "I got your text", "thanks for the text",
        "no more pain", "I don't want more pain pills", "no email from you yet", "3", "better", "NONE", "OK",
    ],
}  # fmt: skip


def named(number: str, *texts: str) -> list[object]:
    """Give each text the number of the bad-input list as its id."""
    return [pytest.param(text, id=f"{number} {text!r}") for text in texts]


def _cases(table: dict[str, list[str]]) -> list[object]:
    return [pytest.param(text, id=f"{name} {text!r}") for name, texts in table.items() for text in texts]


@pytest.mark.parametrize("text", _cases(OPT_OUT))
def test_any_reasonable_wording_is_an_opt_out(text):
    assert read(text).ask is Ask.opt_out


@pytest.mark.parametrize("text", _cases(NOT_OPT_OUT))
def test_a_symptom_or_a_question_is_no_opt_out(text):
    assert read(text).ask not in (Ask.opt_out, Ask.maybe_opt_out)


@pytest.mark.parametrize("text", ["stop it", "enough", "go away", "not interested"])
def test_what_may_mean_it_is_for_a_person(text):
    assert read(text).ask is Ask.maybe_opt_out


@pytest.mark.parametrize("text", OPT_OUT["B76"])
def test_b76_an_opt_out_that_tells_more_is_not_the_whole_text(text):
    assert not read(text).is_whole


def test_the_carrier_acts_only_on_its_whole_keyword():
    assert read(" stop ").carrier_acts
    assert not read("stop.").carrier_acts
    assert not read("opt out").carrier_acts


@pytest.mark.parametrize(
    ("text", "everything"), [("STOPALL", True), ("no more texts or emails", True), ("STOP", False)]
)
def test_everything_is_more_than_this_number(text, everything):
    assert read(text).everything is everything


@pytest.mark.parametrize(
    "text", named("B78", "START", "start", "Unstop", "start again", "iniciar", "Resume please")
)
def test_b78_start_asks_for_texts_again(text):
    assert read(text).ask is Ask.opt_in


@pytest.mark.parametrize("text", named("B78", "YES", "yes.", "sí", "Si"))
def test_b78_a_yes_is_decided_by_the_state_of_the_number(text):
    assert read(text).ask is Ask.yes


@pytest.mark.parametrize(
    "text", named("B78", "yes I have a fever", "yes please call", "start of fever today")
)
def test_b78_a_yes_among_other_words_is_an_answer(text):
    assert read(text) == Wish()


HELP = {"HELP": True, "help": True, "Info": True, "ayuda": True, "help.": True}
CRIES = [
    "help me",
    "HELP!!",
    "HELP I can't feel my legs",
    "ayúdenme",
    "ayuda por favor no respiro",
    "I need help",
]


@pytest.mark.parametrize("text", named("B79", *HELP))
def test_b79_help_alone_is_information(text):
    assert read(text) == Wish(Ask.help, is_whole=True, carrier_acts=text in ("HELP", "help", "Info"))


@pytest.mark.parametrize("text", named("B79", *CRIES))
def test_b79_a_cry_for_help_is_not(text):
    assert read(text).ask is None


@pytest.mark.parametrize(
    "text",
    [
        "wrong number", "You have the wrong person", "I am not the patient", "I never had a procedure",
        "nobody by that name here", "Número equivocado", "se equivocó de número", "no soy esa persona",
    ],
)  # fmt: skip
def test_somebody_else_is_believed(text):
    assert read(text).ask is Ask.wrong_person


@pytest.mark.parametrize(
    "text", ["who is this?", "Who's this", "quién es?", "new phone who dis", "is this the wrong number?"]
)
def test_a_question_who_we_are_is_only_a_question(text):
    assert read(text).ask is Ask.who_is_this


@pytest.mark.parametrize("text", ["", "   ", "\0", "😭👍🤒", "…", "\u202e"])
def test_b80_b81_nothing_is_asked_by_nothing(text):
    assert read(text) == Wish()


@given(st.text(max_size=400))
def test_reading_never_fails(text):
    assert read(text).ask in (None, *Ask)


def test_long_texts_are_read_quickly():
    started = time.perf_counter()
    for text in (
        "stop " * 2_000,
        "don't want " * 1_000,
        "no me " * 2_000,
        "a" * 100_000,
        "stop the " * 1_000,
    ):
        read(text)
    assert time.perf_counter() - started < 0.5
