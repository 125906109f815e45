"""What stands on a nurse's lock screen, and that nothing about a patient can get there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followup.clinics.states import Channel
from followup.escalation.page_text import NotAPageFact, PageFacts, Taken, page_words
from followup.escalation.states import CaseTier
from followup.kit.gsm import count_segments
from followup.kit.tokens import new_reply_code

LINK = "https://followup.example/c/XZ4EbnJ2sfRGv5gB8yyQYw"
CODE = new_reply_code()
HOSTILE = [
    "Ines Duarte", "weak leg", "born 1980-02-03", "stem cell", "+14155550101", "7K4; DROP TABLE", "{{ x }}",
    "<b>7K4</b>", "7K4\nInes", "", "7K4" * 9,
]  # fmt: skip


def facts(**changes: object) -> PageFacts:
    values = {
        "tier": CaseTier.urgent, "clinic_code": "NW", "case_code": "7K4", "link": LINK, "reply_code": CODE,
    }  # fmt: skip
    return PageFacts(**(values | changes))  # type: ignore[arg-type]


def test_a_page_says_tier_clinic_case_code_and_link() -> None:
    body = page_words("staff-page", Channel.sms, facts()).body
    assert body == f"followup: URGENT case 7K4, NW. Reply {CODE} to accept. {LINK}"
    assert count_segments(body).segments == 1


def test_a_call_spells_the_case_and_names_the_keys_and_no_link() -> None:
    spoken = page_words("staff-page", Channel.voice, facts()).body
    assert "7, K, 4" in spoken
    assert "press 4" in spoken
    assert "press 5" in spoken
    assert "http" not in spoken


@pytest.mark.parametrize(
    "key", ["staff-page-again", "staff-new-signal", "staff-unreachable", "staff-hand-over"]
)
def test_every_call_can_be_accepted_by_a_key(key: str) -> None:
    assert "press 4" in page_words(key, Channel.voice, facts()).body


@pytest.mark.parametrize("field", ["case_code", "reply_code", "link"])
@pytest.mark.parametrize("value", HOSTILE)
def test_nothing_but_codes_and_links_of_ours_gets_on_a_page(field: str, value: str) -> None:
    with pytest.raises(NotAPageFact):
        facts(**{field: value})


@given(st.text(min_size=1, max_size=60))
def test_no_text_at_all_passes_for_a_case_code_unless_it_is_one(text: str) -> None:
    try:
        accepted = facts(case_code=text).case_code
    except NotAPageFact:
        return
    assert accepted.isalnum()
    assert len(accepted) <= 6


def test_what_was_refused_is_not_repeated() -> None:
    with pytest.raises(NotAPageFact) as refused:
        facts(case_code="Ines Duarte")
    assert "Ines" not in str(refused.value)


def test_a_notice_names_the_member_of_staff_who_has_it() -> None:
    taken = Taken("Bea Santos", "2:14 AM")
    body = page_words("staff-already-accepted", Channel.sms, facts(), taken=taken).body
    assert "Bea Santos accepted case 7K4 at 2:14 AM" in body


def test_texts_for_patients_are_no_pages() -> None:
    with pytest.raises(NotAPageFact):
        page_words("safety-urgent", Channel.sms, facts())
