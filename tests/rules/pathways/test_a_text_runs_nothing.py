"""Words come from clinicians, values from patients: neither may run anything, and nothing is left out unseen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followup.pathways.pathway import Pathway
from followup.pathways.render import MissingValue, render
from followup.pathways.texts import TextPart, read_text
from followup.pathways.values import sample
from followup.pathways.vocabulary import Channel

ATTACKS = [
    "{{ clinic_name.__class__ }}",
    "{{ clinic_name() }}",
    "{{ clinic_name['x'] }}",
    "{{ clinic_name | upper }}",
    "{{ 'x' * 200000000 }}",
    "{{ '%0200000000d' | format(1) }}",
    "{{ lipsum() }}",
    "{{ 7 }}",
    "{% for a in clinic_name %}x{% endfor %}",
    "{% include 'x' %}",
    "{% import 'x' as y %}",
    "{% set x = clinic_name %}",
    "{% macro x() %}{% endmacro %}",
    "{% if clinic_name == 'a' %}x{% endif %}",
    "{% if clinic_name is defined %}x{% endif %}",
    "{{ self }}",
    "{{ config }}",
    "{{ patient }}",
    "{{ clinic_name",
    "{% if clinic_name %}",
    "{{ visit_words }}",
    "{% if clinic_name %}{{ visit_words }}{% endif %}",
    "{% if visit_words %}a{% else %}{{ visit_words }}{% endif %}",
    "{% if not visit_words %}{{ visit_words }}{% endif %}",
    "x" * 1_000_000,
]

part = TextPart("t.en.txt", 1, "Hello {{ patient_first_name }}.")


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack[:40])
def test_b121_anything_but_words_values_and_if_is_refused_with_its_line(refusal, attack: str) -> None:
    lines = refusal("day-1.en.txt", "From {{ clinic_name }}", attack)
    assert any(line.startswith("day-1.en.txt:5:") for line in lines), lines


@pytest.mark.parametrize("attack", ["{{ clinic_name.upper() }}", "{{ 7 }}"])
def test_a_subject_is_held_to_the_same_rules(refusal, attack: str) -> None:
    assert refusal("day-1.en.txt", "How are you?", attack)[0].startswith("day-1.en.txt:1:")


def test_a_value_that_looks_like_a_template_stays_text() -> None:
    for name in ("{{ 7*7 }}", "{% if x %}", "{# note #}"):
        assert render(part, {"patient_first_name": name}, Channel.EMAIL).body == f"Hello {name}."


@pytest.mark.parametrize(
    "values", [{}, {"patient_first_name": None}, {"patient_first_name": 7}, {"patient_first_name": ""}]
)
def test_a_missing_value_is_an_error_and_never_a_hole(values: dict[str, str]) -> None:
    with pytest.raises(MissingValue, match="patient_first_name"):
        render(part, values, Channel.SMS)


def test_an_optional_value_may_be_empty_but_not_absent(small: Pathway) -> None:
    words = small.text("day-1", language="en", channel=Channel.SMS)
    assert "See you" not in render(words, sample("en") | {"visit_words": ""}, Channel.SMS).body
    assert "See you Tue, Mar 10" in render(words, sample("en"), Channel.SMS).body
    with pytest.raises(MissingValue):
        render(
            words, {name: value for name, value in sample("en").items() if name != "visit_words"}, Channel.SMS
        )


@given(st.text(min_size=1, max_size=200))
def test_no_name_breaks_a_text_into_lines_or_turns_it_around(name: str) -> None:
    try:
        body = render(part, {"patient_first_name": name}, Channel.EMAIL).body
    except MissingValue:
        return  # only blanks and invisible characters: the text waits for a person
    assert "\n" not in body
    assert not any("\u202a" <= character <= "\u202e" for character in body)
    assert body.startswith("Hello ")
    assert len(body) < 80


def test_a_text_message_loses_the_accents_it_would_pay_for_and_an_email_keeps_them() -> None:
    words = TextPart("t.es.txt", 1, "¿Cómo está, {{ patient_first_name }}? Mañana también.")
    assert (
        render(words, {"patient_first_name": "Inés"}, Channel.SMS).body == "¿Como esta, Inés? Mañana también."
    )
    assert (
        render(words, {"patient_first_name": "Inés"}, Channel.EMAIL).body
        == "¿Cómo está, Inés? Mañana también."
    )


def test_curly_quotes_do_not_make_a_text_longer() -> None:
    words = TextPart("t.en.txt", 1, "Don\u2019t wait \u2013 call")
    assert render(words, {}, Channel.SMS).body == "Don't wait - call"


def test_lines_join_into_paragraphs_and_notes_are_never_sent() -> None:
    content = "--- email ---\nOne\ntwo.\n# a note\n\n- first\n- second\nmore"
    text, findings = read_text(content, file="t.en.txt", key="t", language="en")
    assert not findings
    assert render(text.parts[Channel.EMAIL], {}, Channel.EMAIL).body == "One two.\n\n- first\n- second more"
