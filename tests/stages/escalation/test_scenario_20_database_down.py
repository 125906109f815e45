"""Scenario 20: the database is down, a text arrives at the fallback receiver, the database is back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from followup.escalation.late_words import TOLD_MEANWHILE, late_words
from followup.escalation.respond import respond
from followup.intake.spool import BEFORE, WITH_THIS, TextSpool
from followup.intake.unspool import import_spool
from followup.messaging.models import Message
from followup.replies.process import process_events
from tests.stages.escalation.ward import NIGHT, OUR_NUMBER, PUBLIC_URL, Ward

STRANGER = "+14155550177"


@pytest.fixture
def spool(ward: Ward, tmp_path: Path) -> TextSpool:
    return TextSpool.at(tmp_path / "spool", most_bytes=1_000_000)


def wrote(
    spool: TextSpool, body: str, *, sender: str = "+14155550101", told: str = WITH_THIS, n: int = 1
) -> None:
    sid = f"SM{n:032x}"
    fields = {"MessageSid": sid, "From": sender, "To": OUR_NUMBER, "Body": body, "NumMedia": "0"}
    spool.keep(sid, fields, at=NIGHT, told=told)


def back_after(ward: Ward, spool: TextSpool, minutes: int) -> None:
    ward.clock.advance(timedelta(minutes=minutes))
    import_spool(ward.database, spool, now=ward.now)
    process_events(ward.database, now=ward.clock.now)
    respond(ward.database, ward.clock, public_url=PUBLIC_URL)


def test_scenario_20_a_red_flag_that_was_kept_opens_a_case_that_says_how_late_it_is(
    ward: Ward, spool: TextSpool
) -> None:
    wrote(spool, "I can't feel my legs and I can't pee")
    back_after(ward, spool, 3)
    case = ward.case()
    assert case.tier == "emergency"
    assert "written 3 minutes before it could be read" in case.flags
    ward.tick()
    assert ("Bea", "sms") in ward.pages()


def test_scenario_20_nobody_gets_a_second_safety_text(ward: Ward, spool: TextSpool) -> None:
    wrote(spool, "I can't feel my legs and I can't pee")
    wrote(spool, "please, my legs are getting number", told=BEFORE, n=2)
    back_after(ward, spool, 3)
    assert [key for key in ward.told("Ines") if key.startswith("safety-")] == []
    assert TOLD_MEANWHILE in ward.case().flags


def test_scenario_20_a_text_that_was_not_answered_then_is_answered_now(ward: Ward, spool: TextSpool) -> None:
    wrote(spool, "I can't feel my legs and I can't pee", told="")
    back_after(ward, spool, 3)
    assert ward.told("Ines") == ["safety-emergency"]
    assert TOLD_MEANWHILE not in ward.case().flags


def test_scenario_20_who_may_harm_themselves_gets_the_line_that_answers(ward: Ward, spool: TextSpool) -> None:
    wrote(spool, "I want to kill myself")
    back_after(ward, spool, 3)
    assert ward.told("Ines") == ["safety-self-harm"]


def test_scenario_20_a_routine_answer_is_filed_and_opens_nothing(ward: Ward, spool: TextSpool) -> None:
    wrote(spool, "all good, slept well")
    back_after(ward, spool, 60)
    assert ward.cases() == []


def test_scenario_20_a_red_flag_of_a_stranger_opens_a_case_without_a_second_text(
    ward: Ward, spool: TextSpool
) -> None:
    wrote(spool, "chest pain, can't breathe", sender=STRANGER)
    back_after(ward, spool, 3)
    assert ward.case().patient_id is None
    with ward.database.transaction(ward.clinic_id) as session:
        assert session.query(Message).count() == 0


@pytest.mark.parametrize(("minutes", "words"), [(2, "2 minutes"), (119, "119 minutes"), (185, "3 hours")])
def test_an_age_is_told_as_people_say_it(minutes: int, words: str) -> None:
    assert late_words(timedelta(minutes=minutes)) == words


def test_what_came_in_time_is_not_called_late(ward: Ward, spool: TextSpool) -> None:
    wrote(spool, "I can't feel my legs and I can't pee")
    back_after(ward, spool, 1)
    assert not any("before it could be read" in each for each in ward.case().flags)
