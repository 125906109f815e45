"""The learned reader may raise and may veto; it may never lower what a rule found. Training repeats to the byte."""

from __future__ import annotations

import json

import pytest

from followup.triage.engine import Context, Tier, triage
from followup.triage.engine import ruleset as rulesets
from followup.triage.engine.corpus import AUTHOR, SEALED, corpus_hash, development, paraphrases, read_file
from followup.triage.engine.decision import RANK
from followup.triage.engine.reader import TIERS, parse, shipped
from followup.triage.engine.train import fit, groups_of, matrix, model_text


def test_with_the_reader_no_reply_gets_a_lower_alert_than_by_the_rules_alone() -> None:
    both, alone = rulesets.default(), rulesets.load()
    for example in development()[::11]:
        by_rules = triage(example.text, example.context, alone).tier
        by_both = triage(example.text, example.context, both).tier
        if RANK[by_rules] >= RANK[Tier.SAME_DAY]:
            assert RANK[by_both] >= RANK[by_rules], example.id


def test_without_a_reader_only_a_fully_explained_reply_is_filed() -> None:
    alone = rulesets.load()
    assert triage("no fever, no chills", Context(day=3), alone).tier is Tier.ROUTINE
    assert triage("the zebra was purple at the store", Context(day=3), alone).tier is Tier.UNCLEAR


def test_training_twice_gives_the_same_bytes() -> None:
    examples = development()[::12]
    texts = []
    for _ in range(2):
        rules = rulesets.load()
        data = matrix(groups_of(examples, rules), examples)
        weights, bias = fit(data, rounds=15)
        texts.append(
            model_text(data, weights, bias, thresholds={}, corpus=corpus_hash(examples), familiar={"ok"})
        )
    assert texts[0] == texts[1]
    assert parse(texts[0]).weights


def test_the_shipped_model_names_the_corpus_it_was_trained_on() -> None:
    model = shipped()
    assert model is not None
    assert model.corpus == corpus_hash(development() + paraphrases())


def test_the_reader_gives_its_strongest_reasons() -> None:
    model = shipped()
    assert model is not None
    groups = {"w": ["w:breathe"], "c": ["c:_brea"], "k": ["k:breath"], "f": ["f:breathing:present"]}
    reading = model.read(groups, reasons=True)
    assert reading.reasons
    assert sum(reading.chances.values()) == pytest.approx(1.0)
    assert set(reading.chances) == set(TIERS)


def test_no_sealed_text_is_among_what_the_reader_learned() -> None:
    """Compared by hash inside the test; a failure shows a count, never a text."""
    if not SEALED.is_dir():
        pytest.skip("no sealed files in this checkout")
    learned = {
        hash(" ".join(e.text.lower().split())) for e in development() + paraphrases() if len(e.text) > 25
    }
    sealed = [e for path in SEALED.glob("*.csv") for e in read_file(path)]
    shared = sum(1 for e in sealed if len(e.text) > 25 and hash(" ".join(e.text.lower().split())) in learned)
    assert shared == 0


def test_the_authors_phrases_carry_their_own_writer_name() -> None:
    assert {example.writer for example in paraphrases()} == {AUTHOR}
    assert AUTHOR not in {example.writer for example in development()}


def test_the_model_file_is_plain_json_with_whole_numbers() -> None:
    from importlib.resources import files

    body = json.loads(files("followup.triage.engine").joinpath("reader.json").read_text(encoding="utf-8"))
    assert all(isinstance(value, int) for row in list(body["weights"].values())[:200] for value in row)
