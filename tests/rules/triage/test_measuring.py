"""Exact intervals, the three measures, JSON lines and the printed evaluation."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from followup.triage.engine import Context, Tier, compare, corpus
from followup.triage.engine import ruleset as rulesets
from followup.triage.engine.evaluate import evaluate
from followup.triage.engine.explain import explain
from followup.triage.engine.jsonl import run
from followup.triage.engine.measures import confusion, exact_interval, shares


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [(0, 299, 0.0, 0.01226), (299, 299, 0.98774, 1.0), (5, 10, 0.18709, 0.81291), (1, 473, 0.00005, 0.01172)],
)
def test_the_interval_is_the_exact_one(hits: int, total: int, low: float, high: float) -> None:
    """Values from published Clopper-Pearson tables."""
    found = exact_interval(hits, total)
    assert found[0] == pytest.approx(low, abs=2e-4)
    assert found[1] == pytest.approx(high, abs=2e-4)


def test_the_measures_count_what_their_names_say() -> None:
    pairs = [
        (Tier.EMERGENCY, Tier.EMERGENCY),
        (Tier.EMERGENCY, Tier.ROUTINE),
        (Tier.URGENT, Tier.UNCLEAR),
        (Tier.ROUTINE, Tier.ROUTINE),
        (Tier.ROUTINE, Tier.SAME_DAY),
    ]
    found = {share.name: (share.hits, share.total) for share in shares(pairs)}
    assert found["emergency or urgent filed as routine"] == (1, 3)
    assert found["safety sensitivity"] == (2, 3)
    assert found["alert sensitivity"] == (1, 3)
    assert found["specificity"] == (1, 2)
    assert found["exact tier"] == (2, 5)
    assert sum(map(sum, confusion(pairs))) == 5


def test_json_lines_answer_every_line_in_order_even_broken_ones() -> None:
    lines = [
        json.dumps({"id": "a", "text": "no fever but my legs feel weak", "day": 2}),
        "not json",
        json.dumps(["a list"]),
        json.dumps({"id": 4, "text": 12, "day": "soon", "question_kind": "riddle", "lang": 5}),
        json.dumps({"id": "e", "text": "2", "question_kind": "pain_score", "day": 3}),
    ]
    out = io.StringIO()
    assert run(io.StringIO("\n".join(lines) + "\n"), out) == 5
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [answer["id"] for answer in answers] == ["a", None, None, 4, "e"]
    assert [answer["tier"] for answer in answers] == ["urgent", "unclear", "unclear", "unclear", "routine"]
    assert {"tier", "priority", "concepts", "evidence", "unexplained", "ruleset"} <= set(answers[0])
    assert {"concept", "status", "text", "start", "end", "rule"} == set(answers[0]["evidence"][0])


HEAD = "id,lang,channel,day,question_kind,question_text,text,tier,concepts,notes\n"


def test_the_evaluation_lists_misses_and_totals_only_hides_every_text(tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    path.write_text(HEAD + "x1,en,sms,3,none,,i cant breathe zebra,routine,other,\n", encoding="utf-8")
    full, totals = evaluate([path]), evaluate([path], totals_only=True)
    assert "zebra" in full
    assert "zebra" not in totals
    assert "x1" not in totals
    assert "exact tier" in totals


def test_a_file_in_the_sealed_folder_is_always_scored_totals_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from followup.triage.engine import evaluate as module

    monkeypatch.setattr(module, "SEALED", tmp_path)
    path = tmp_path / "secret.csv"
    path.write_text(HEAD + "x1,en,sms,3,none,,i cant breathe zebra,routine,other,\n", encoding="utf-8")
    assert "zebra" not in module.evaluate([path])


def test_a_row_that_cannot_be_read_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    path.write_text(HEAD + "x1,en,sms,3,none,,hello,perhaps,other,\n", encoding="utf-8")
    with pytest.raises(ValueError, match="row 2"):
        evaluate([path])


def test_an_explanation_marks_the_words_and_names_the_rule() -> None:
    told = explain("thanks! but I can't feel my left foot", Context(day=3))
    assert "[can't feel my left foot]" in told
    assert "EMG-LEG-02" in told
    assert told.startswith("EMERGENCY")


def test_a_comparison_shows_what_moved_lowered_first() -> None:
    examples = corpus.development()[:60]
    strict, shipped = rulesets.load(thresholds={"moderate_pain": 1.0}), rulesets.load()
    told = compare.compare(strict, shipped, examples)
    assert strict.digest in told
    assert "replies moved" in told
    assert compare.compare(shipped, shipped, examples).startswith(
        f"old {shipped.digest}, new {shipped.digest}: 0 of"
    )


def test_a_ruleset_can_be_loaded_from_an_unpacked_release() -> None:
    folder = Path(rulesets.__file__).parent
    assert compare.ruleset_at(str(folder)).digest == compare.ruleset_at("shipped").digest
    with pytest.raises(FileNotFoundError):
        compare.ruleset_at("nowhere")
