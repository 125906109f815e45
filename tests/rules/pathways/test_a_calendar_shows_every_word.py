"""Who approves a pathway reads it as one page, and nothing that can be sent is missing from it."""

from __future__ import annotations

import pytest

from followup.pathways.pathway import Pathway
from followup.pathways.preview import calendar
from followup.pathways.vocabulary import Channel, Harvest


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.EMAIL])
def test_a_page_holds_welcome_steps_and_questions_after_the_reply(small: Pathway, channel: Channel) -> None:
    page = calendar(small, "en", Harvest.FAT, channel=channel)
    for words in (
        "Riverbend Clinic",
        "Day 1, 10:30 (day-1)",
        "after the reply (trend)",
        "Do you feel BETTER?",
    ):
        assert words in page


def test_a_page_says_that_it_is_a_draft(small: Pathway) -> None:
    assert "DRAFT FOR CLINIC APPROVAL" in calendar(small, "en", Harvest.FAT)


def test_a_page_tells_what_happens_late_and_after_silence(small: Pathway) -> None:
    page = calendar(small, "en", Harvest.FAT)
    assert "up to 8 h late, then left out" in page
    assert "no answer after 6 h: a person calls" in page


def test_a_page_can_be_printed_for_another_patient(small: Pathway) -> None:
    assert "Hello Tom" in calendar(small, "en", Harvest.FAT, values={"patient_first_name": "Tom"})
