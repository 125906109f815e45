"""Offsets, spelling, mail and numbers: the steps before meaning."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from followup.triage.engine import Context, QuestionKind, triage
from followup.triage.engine import ruleset as rulesets
from followup.triage.engine.mail import own_words
from followup.triage.engine.spelling import endings, sound, split_word
from followup.triage.engine.tokens import tokenize


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=120))
def test_every_token_points_into_the_text_as_it_was_received(text: str) -> None:
    tokens = tokenize(text)
    for start, end in zip(tokens.starts, tokens.ends, strict=True):
        assert 0 <= start < end <= len(text)


@pytest.mark.parametrize(
    "text", ["I can’t feel my leg", "no puedo orinar 😭", "CHEST  PAIN!!", "se me durmió la pierna"]
)
def test_evidence_quotes_the_patients_own_letters(text: str) -> None:
    decision = triage(text, Context(day=3))
    assert decision.evidence
    for item in decision.evidence:
        assert text[item.start : item.end] == item.text


def test_the_tilde_of_n_survives_and_other_accents_do_not() -> None:
    assert tokenize("años están allí").plain == ["años", "estan", "alli"]


@pytest.mark.parametrize("word", ["fevr", "chils", "swelin", "nek", "feaver", "hinchason", "numbnes"])
def test_a_misspelt_symptom_never_turns_into_an_everyday_word(word: str) -> None:
    """General correctors made "fevr" a fear and "swelin" a Sweden."""
    rules = rulesets.default()
    fixed = rules.speller.lookup(word)[0]
    assert fixed == word or rules.lexicon.knows(fixed)


@pytest.mark.parametrize("word", ["fear", "child", "heaven", "push", "number", "poked", "week"])
def test_an_everyday_word_is_never_corrected_into_a_symptom(word: str) -> None:
    tokens_before = tokenize(word)
    rules = rulesets.default()
    assert (
        word in rules.lexicon.common
        or word in rules.lexicon.vocabulary
        or rules.speller.lookup(word)[0] == word
    )
    assert tokens_before.plain == [word]


def test_joined_words_are_split_only_into_lexicon_words() -> None:
    lexicon = rulesets.default().lexicon
    assert split_word("cantbreathe", lexicon) == ("cant", "breathe")
    assert split_word("xqzwvutrsp", lexicon) is None


def test_spanish_endings_and_sound_alikes_meet_their_word() -> None:
    assert "sentado" in endings("sentao")
    assert "hinchado" in endings("hinchadito")
    assert sound("mover") == sound("mober")
    assert sound("hacer") == sound("aser")


MAIL = "Feeling fine.\n\n> Any fever, chills or loss of bladder control?\n> Reply STOP to end\nSent from my iPhone"


def test_quoted_mail_and_signatures_are_blanked_and_keep_their_place() -> None:
    kept = own_words(MAIL)
    assert len(kept) == len(MAIL)
    assert kept.split() == ["Feeling", "fine."]


def test_an_answer_typed_below_the_quotation_is_read() -> None:
    text = "-----Original Message-----\nFrom: Clinic\nAny fever?\n\nI cant feel my legs"
    decision = triage(text, Context(day=3, channel="email", question_text="Any fever?"))
    assert decision.tier.value == "emergency"


@pytest.mark.parametrize(
    ("text", "kind", "answer"),
    [
        ("7-8", QuestionKind.PAIN_SCORE, 8.0),
        ("10/10", QuestionKind.PAIN_SCORE, 10.0),
        ("ten", QuestionKind.PAIN_SCORE, 10.0),
        ("7.5", QuestionKind.PAIN_SCORE, 7.5),
        ("1O", QuestionKind.PAIN_SCORE, 10.0),
        ("seis y medio", QuestionKind.PAIN_SCORE, 6.5),
        ("11", QuestionKind.PAIN_SCORE, 10.0),
        ("entre 5 y 7", QuestionKind.PAIN_SCORE, 7.0),
        ("yesterday 8 now 3", QuestionKind.PAIN_SCORE, 3.0),
        ("38,4", QuestionKind.TEMPERATURE, 101.1),
        ("a hundred and one point two", QuestionKind.TEMPERATURE, 101.2),
        ("98.6", QuestionKind.TEMPERATURE, 98.6),
    ],
)
def test_numbers_are_read_as_patients_write_them(text: str, kind: QuestionKind, answer: float) -> None:
    values = [item.value for item in triage(text, Context(day=3, question_kind=kind)).answers]
    assert answer in values


@pytest.mark.parametrize(
    "text", ["took 500 mg at 8", "did 10 reps", "at 8:30", "in 10 minutes", "80%", "call 555-0143"]
)
def test_doses_times_and_counts_are_no_pain_scores(text: str) -> None:
    assert not [item for item in triage(text, Context(day=3)).answers if item.kind == "pain_score"]
