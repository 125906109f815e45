"""A number that the carrier blocked for a keyword of its own has opted out here as well; START brings it back."""

from __future__ import annotations

import pytest

from followup.messaging.models import Message
from followup.messaging.states import Purpose


@pytest.mark.parametrize("words", ["arret", "6 and quiet please", "NOMORETX"])
def test_a_keyword_that_only_the_carrier_knows_is_an_opt_out_and_is_not_confirmed_twice(clinic, words):
    clinic.enroll()
    clinic.text(words, OptOutType="STOP")
    assert clinic.point.opted_out_at == clinic.now
    assert clinic.reply.opt == "opt_out"
    assert clinic.all(Message, Message.purpose == Purpose.consent) == []


def test_the_same_words_without_the_carriers_act_are_an_answer(clinic):
    clinic.enroll()
    clinic.text("6 and quiet please")
    assert (clinic.point.opted_out_at, clinic.reply.opt) == (None, None)


def test_a_start_that_only_the_carrier_knows_brings_the_texts_back(clinic):
    clinic.enroll()
    clinic.text("STOP", OptOutType="STOP")
    clinic.text("ON AGAIN", OptOutType="START")
    assert clinic.point.opted_out_at is None
    assert [each.opt for each in clinic.replies] == ["opt_out", "opt_in"]
