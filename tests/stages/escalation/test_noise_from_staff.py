"""Codes that are none, keys that mean nothing: a clear answer, and nothing is changed."""

from __future__ import annotations

import pytest

from followup.escalation.answer_call import answer_call
from followup.escalation.states import EscalationState, PagePurpose
from tests.stages.escalation.ward import PUBLIC_URL

URGENT = "my leg feels weaker since last night"
EMERGENCY = "I cant pee since this morning and its numb between my legs"


def unchanged(ward) -> None:
    case = ward.case()
    assert (case.state, case.owner_id, case.version) == (EscalationState.paging, None, 1)


def mistyped(code: str, how: str) -> str:
    """A code as a tired hand spoils it; the check character has to notice."""
    other = "7" if code[0] != "7" else "K"
    return {
        "one wrong": other + code[1:],
        "two swapped": code[0] + code[2] + code[1] + code[3:] if code[1] != code[2] else other + code[1:],
        "one missing": code[:-1],
        "one too many": code + other,
    }[how]


@pytest.mark.parametrize("how", ["one wrong", "two swapped", "one missing", "one too many"])
def test_a_mistyped_code_accepts_nothing_and_is_answered(ward, how: str) -> None:
    ward.patient_texts("Ines", URGENT)
    ward.tick()
    ward.texts_in(ward.people["Bea"].phone, mistyped(ward.code_of("Bea"), how))
    ward.tick()
    unchanged(ward)
    answers = [page.body for page in ward.page_rows(purpose=PagePurpose.answer)]
    assert len(answers) == 1
    assert "Ines" not in answers[0]
    assert "code" in answers[0].lower()


@pytest.mark.parametrize(
    "key", ["", "#", "*", "0", "9", "44", "4 ", "-4", "\N{ARABIC-INDIC DIGIT FOUR}", "4;5", "x"]
)
def test_noise_on_the_keypad_says_the_page_again_and_changes_nothing(ward, key: str) -> None:
    ward.patient_texts("Ines", EMERGENCY)
    ward.tick()
    page = next(
        each for each in ward.page_rows() if ward.who(each) == "Bea" and each.channel.value == "voice"
    )
    heard = answer_call(ward.database, page.token, key=key, public_url=PUBLIC_URL, now=ward.now)
    assert heard.asks
    assert "To accept, press 4" in heard.words
    assert "Ines" not in heard.words
    unchanged(ward)


@pytest.mark.parametrize("token", ["", "x" * 43, "../../etc/passwd", "' OR 1=1 --"])
def test_a_key_in_a_call_nobody_made_is_told_good_bye(ward, token: str) -> None:
    ward.patient_texts("Ines", EMERGENCY)
    ward.tick()
    heard = answer_call(ward.database, token, key="4", public_url=PUBLIC_URL, now=ward.now)
    assert not heard.asks
    assert "no longer open" in heard.words
    unchanged(ward)
