"""Another channel, zone or language while a follow-up runs: shown first, then done, and nothing sent twice."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from followup.audit.record import Actor
from followup.clinics.states import Channel
from followup.enrollment.change_channel import (
    change_channel,
    change_language,
    change_zone,
    preview_channel,
    preview_language,
    preview_zone,
    read_channel,
    read_zone,
)
from followup.enrollment.planning.replan import ChangeKind
from followup.enrollment.shown import Shown
from followup.errors import Conflict, ForbiddenState, InvalidInput, NotFound
from followup.kit.ids import new_id
from tests.household import INES, Household

BY = Actor("staff:alma")


def patient_of(home: Household) -> uuid.UUID:
    return uuid.UUID(str(home.only("SELECT id FROM patient")))


def texts(home: Household, phone: str) -> int:
    home.lab.wait_idle()
    return len([each for each in home.lab.phone(phone).inbox if not each.by_carrier])


def audited(home: Household) -> list[str]:
    return [row[0] for row in home.rows("SELECT action FROM audit_event ORDER BY at, id")]


# -- channel, zone, language --------------------------------------------------------------------------------------


def test_another_channel_carries_what_is_still_to_come(home: Household) -> None:
    home.enroll(patient__email="ines@mail.example")
    home.dispatch()
    home.deliver()
    with home.house.database.transaction(home.clinic_id) as session:
        shown = preview_channel(session, patient_of(home), Channel.email, now=home.now)
        assert all(", by email" in each.words for each in shown.calendars[0].replan.of_kind(ChangeKind.MOVED))
        change_channel(session, patient_of(home), Channel.email, now=home.now, actor=BY, seen=shown.mark)
    assert {row[0] for row in home.rows("SELECT channel FROM touchpoint WHERE state = 'planned'")} == {
        "email"
    }
    assert home.only("SELECT channel FROM touchpoint WHERE key = 'welcome'") == "sms"
    assert home.only("SELECT channel FROM enrollment") == "email"
    home.dispatch()
    home.deliver()
    assert texts(home, INES) == 1
    assert "change channel" in audited(home)


def test_a_channel_without_an_address_that_was_agreed_to_is_refused(home: Household) -> None:
    home.enroll()
    with (
        pytest.raises(InvalidInput, match="no email address"),
        home.house.database.transaction(home.clinic_id) as session,
    ):
        preview_channel(session, patient_of(home), Channel.email, now=home.now)


def test_f61_another_zone_keeps_the_wall_clock_and_moves_the_instant(home: Household) -> None:
    home.enroll()
    before = dict(
        home.rows("SELECT key, due_at FROM touchpoint WHERE key <> 'welcome' AND state = 'planned'")
    )
    wall = dict(
        home.rows("SELECT key, local_time FROM touchpoint WHERE key <> 'welcome' AND state = 'planned'")
    )
    with home.house.database.transaction(home.clinic_id) as session:
        shown = preview_zone(session, patient_of(home), "America/New_York", now=home.now)
        change_zone(session, patient_of(home), "America/New_York", now=home.now, actor=BY, seen=shown.mark)
    after = {
        row.key: row
        for row in home.rows(
            "SELECT key, due_at, local_time, time_zone FROM touchpoint WHERE state = 'planned'"
        )
    }
    moved = [key for key in before if key in after]
    assert len(moved) > 5
    for key in moved:
        assert after[key].local_time == wall[key]
        assert after[key].due_at == before[key] - timedelta(hours=1)
        assert after[key].time_zone == "America/New_York"
    assert home.only("SELECT time_zone FROM patient") == "America/New_York"
    assert "change time zone" in audited(home)


@pytest.mark.parametrize("text", ["EST5EDT", "PST", "", "Mars/Base"], ids=lambda text: f"B51-{text}")
def test_a_zone_that_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_zone(text)
    assert refused.value.problems[0].field == "time_zone"


@pytest.mark.parametrize("text", ["voice", "fax", "", "SMS"])
def test_a_channel_that_patients_cannot_choose_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_channel(text)


def test_another_language_writes_what_is_still_to_come_in_it(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.deliver()
    with home.house.database.transaction(home.clinic_id) as session:
        shown = preview_language(session, patient_of(home), "es")
        change_language(session, patient_of(home), "es", now=home.now, actor=BY, seen=shown.mark)
    assert "1 were sent before" in shown.notes[0]
    home.go_to(home.only("SELECT min(due_at) FROM touchpoint WHERE state = 'planned'"))
    home.dispatch()
    assert [row[0] for row in home.rows("SELECT language FROM message ORDER BY queued_at")] == ["en", "es"]
    assert home.only("SELECT language FROM patient") == "es"


@pytest.mark.parametrize(
    ("language", "says"), [("en", "we have"), ("fr", "Choose one of"), ("", "Choose one")]
)
def test_a_language_without_texts_is_refused(home: Household, language: str, says: str) -> None:
    home.enroll()
    with (
        pytest.raises(InvalidInput, match=says),
        home.house.database.transaction(home.clinic_id) as session,
    ):
        preview_language(session, patient_of(home), language)


# -- what was shown is what is done -------------------------------------------------------------------------------

Make = Callable[[Session, uuid.UUID, datetime, str | None], Shown]
CHANGES: dict[str, Make] = {
    "channel": lambda s, p, now, seen: change_channel(s, p, Channel.email, now=now, actor=BY, seen=seen),
    "zone": lambda s, p, now, seen: change_zone(s, p, "America/Denver", now=now, actor=BY, seen=seen),
    "language": lambda s, p, now, seen: change_language(s, p, "es", now=now, actor=BY, seen=seen),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_text_that_goes_out_after_the_preview_makes_it_stale(home: Household, what: str) -> None:
    home.enroll(patient__email="ines@mail.example")
    shows = {
        "channel": lambda s, p: preview_channel(s, p, Channel.email, now=home.now),
        "zone": lambda s, p: preview_zone(s, p, "America/Denver", now=home.now),
        "language": lambda s, p: preview_language(s, p, "es"),
    }
    with home.house.database.transaction(home.clinic_id) as session:
        shown = shows[what](session, patient_of(home))
    home.dispatch()
    with (
        pytest.raises(Conflict, match="changed meanwhile"),
        home.house.database.transaction(home.clinic_id) as session,
    ):
        CHANGES[what](session, patient_of(home), home.now, shown.mark)


@pytest.mark.parametrize("what", CHANGES)
def test_a_patient_whom_nobody_knows_or_whose_follow_up_ended_is_not_changed(
    home: Household, what: str
) -> None:
    home.enroll(patient__email="ines@mail.example")
    with pytest.raises(NotFound), home.house.database.transaction(home.clinic_id) as session:
        CHANGES[what](session, new_id(), home.now, None)
    home.change("UPDATE enrollment SET state = 'completed'")
    with pytest.raises(ForbiddenState), home.house.database.transaction(home.clinic_id) as session:
        CHANGES[what](session, patient_of(home), home.now, None)
