"""A ruleset may be released only if it is not worse than the last one on the development corpus.

These are floors for change control on replies the engine has learned from, not a measure of how it reads
strangers: that is in ``docs/reference/triage-report.md``.
"""

from __future__ import annotations

from functools import lru_cache

import pytest

from followup.triage.engine.corpus import AUTHOR, development, paraphrases
from followup.triage.engine.evaluate import Scored, score
from followup.triage.engine.measures import Share, shares

FLOORS = {
    "safety sensitivity": 0.995,
    "alert sensitivity": 0.97,
    "emergency raised as emergency or urgent": 0.98,
    "emergency raised as emergency": 0.94,
    "specificity": 0.32,
    "exact tier": 0.70,
}


@lru_cache(maxsize=1)
def scored() -> list[Scored]:
    """Score every third development reply, once per process."""
    return score(development()[::3])


def found() -> dict[str, Share]:
    """Return the measures by name."""
    return {share.name: share for share in shares([item.pair for item in scored()])}


def test_no_emergency_or_urgent_reply_is_filed() -> None:
    assert found()["emergency or urgent filed as routine"].hits == 0


@pytest.mark.parametrize("name", FLOORS)
def test_a_release_is_not_worse_than_the_last(name: str) -> None:
    assert found()[name].value >= FLOORS[name]


def test_no_language_lags_far_behind_the_other() -> None:
    exact = {
        lang: {
            share.name: share.value
            for share in shares([s.pair for s in scored() if s.example.context.lang == lang])
        }
        for lang in ("en", "es")
    }
    assert abs(exact["en"]["alert sensitivity"] - exact["es"]["alert sensitivity"]) <= 0.05


def test_the_corpus_has_ten_writers_or_says_how_many_and_every_row_can_be_read() -> None:
    writers = {example.writer for example in development()}
    assert len(writers) >= 8
    assert AUTHOR not in writers
    assert len({example.id for example in development()}) == len(development())


def test_every_reply_of_the_corpus_has_a_text_and_the_phrases_repeat_no_development_reply() -> None:
    replies = {" ".join(example.text.lower().split()) for example in development() if len(example.text) > 25}
    phrases = [" ".join(example.text.lower().split()) for example in paraphrases()]
    assert sum(1 for phrase in phrases if phrase in replies) <= len(phrases) // 100
