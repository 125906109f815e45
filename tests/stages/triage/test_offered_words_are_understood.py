"""A text that says "Reply OK" keeps its promise; a word of trouble beside it is never filed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from followup.replies.models import Reply
from followup.triage.assess import assess
from followup.triage.engine import Tier


def tier_of(clinic, key: str, words: str) -> Tier:
    """Answer the text of a step and return the tier."""
    clinic.enroll(procedure={"performed_on": clinic.now.date().isoformat()})
    clinic.goes_on(clinic.touchpoint(key).due_at)
    clinic.now += timedelta(minutes=1)
    clinic.text(words)
    with clinic.session() as session:
        reply = session.get(Reply, clinic.replies[-1].id, with_for_update=True)
        return assess(session, reply, now=clinic.now)[1].tier


@pytest.mark.parametrize(
    ("key", "words"), [("day-0", "OK"), ("day-0", " ok. "), ("week-2", "BETTER"), ("week-2", "mejor")]
)
def test_an_offered_word_alone_needs_no_reader(clinic, key, words):
    assert tier_of(clinic, key, words) is Tier.ROUTINE


@pytest.mark.parametrize(("key", "words"), [("week-2", "WORSE"), ("week-2", "BETTER but my leg is numb")])
def test_a_word_of_trouble_is_judged_by_the_engine(clinic, key, words):
    assert tier_of(clinic, key, words) in (Tier.SAME_DAY, Tier.URGENT, Tier.EMERGENCY)
