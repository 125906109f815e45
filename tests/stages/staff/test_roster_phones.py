"""A phone proves itself before it counts, and people are reminded of the shifts that are theirs."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text

from followup.bootstrap import House
from followup.clinics.states import Channel
from followup.errors import InvalidInput, NotFound
from followup.escalation.answer_call import answer_call
from followup.escalation.check_phones import send_code, send_test
from followup.escalation.models import Page
from followup.escalation.remind_shifts import remind_shifts
from followup.kit.clock import FixedClock
from followup.staff.cover import cover_warnings
from followup.staff.duties.models import ShiftReminder
from followup.staff.models import StaffContactPoint
from followup.staff.on_call import OPTED_OUT, ways_to
from followup.staff.queries import staff_member
from followup.staff.readiness import READY, readiness, readiness_of_the_roster
from followup.staff.shift_reminders import confirm_shift, find_reminder, reminder
from followup.staff.verify import MOST_WRONG_TRIES, TooSoon, confirm_by_text, confirm_code
from followup.tasks.models import Task
from tests.cast import CLINIC, TUESDAY, ClinicOfTheTest, open_clinic

URL = "https://followup.example"
HOUR = timedelta(hours=1)
UNVERIFIED = CLINIC.replace('address: "+13125550131", verified: true', 'address: "+13125550131"')
LANDLINE = re.sub(r'channel: sms(, address: "\+13125550131")', r"channel: voice\1", UNVERIFIED)
BY_SHIFT = CLINIC.replace(
    "  - {duty: nurse, staff: bea}\n",
    "  - {duty: nurse, staff: bea, begins: '19:00', ends: '07:00'}\n"
    "  - {duty: nurse, staff: osei, begins: '07:00', ends: '19:00'}\n",
)


def point_of(clinic: ClinicOfTheTest, key: str) -> StaffContactPoint:
    with clinic.session() as session:
        return session.scalars(
            select(StaffContactPoint).where(StaffContactPoint.staff_id == clinic.staff(key))
        ).one()


def ask(clinic: ClinicOfTheTest, point: StaffContactPoint) -> str:
    """Ask for a code and read it off the phone."""
    with clinic.session() as session:
        send_code(session, point.id, staff_id=point.staff_id, now=TUESDAY, actor=clinic.actor("bea"))
    with clinic.session() as session:
        body = session.scalars(select(Page.body).order_by(Page.id.desc()).limit(1)).one()
    (code,) = re.findall(r"\b\d{6}\b", body)
    return str(code)


def test_a_phone_counts_once_the_code_that_was_sent_to_it_is_typed(house: House) -> None:
    clinic = open_clinic(house, content=UNVERIFIED)
    point = point_of(clinic, "bea")
    code = ask(clinic, point)
    with clinic.session() as session:
        assert ways_to(session, point.staff_id) == []
        assert confirm_code(session, point.id, f" {code[:3]} {code[3:]} ", TUESDAY)
    with clinic.session() as session:
        assert [each.point.id for each in ways_to(session, point.staff_id)] == [point.id, point.id]
        assert cover_warnings(session, TUESDAY) == ()
        assert not confirm_code(session, point.id, code, TUESDAY)  # a code is right once


def test_a_code_is_void_after_five_wrong_tries_or_fifteen_minutes(house: House) -> None:
    clinic = open_clinic(house, content=UNVERIFIED)
    point = point_of(clinic, "bea")
    code = ask(clinic, point)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(MOST_WRONG_TRIES):
        with clinic.session() as session:
            assert not confirm_code(session, point.id, wrong, TUESDAY)
    with clinic.session() as session:
        assert not confirm_code(session, point.id, code, TUESDAY)
        session.execute(text("UPDATE staff_point_code SET wrong_tries = 0, expires_at = now()"))
    with clinic.session() as session:
        assert not confirm_code(session, point.id, code, TUESDAY)
        assert session.get_one(StaffContactPoint, point.id).verified_at is None


def test_codes_are_not_sent_twice_in_a_minute_nor_to_somebody_elses_phone(house: House) -> None:
    clinic = open_clinic(house, content=UNVERIFIED)
    point = point_of(clinic, "bea")
    ask(clinic, point)
    with clinic.session() as session, pytest.raises(TooSoon):
        send_code(session, point.id, staff_id=point.staff_id, now=TUESDAY, actor=clinic.actor("bea"))
    with clinic.session() as session, pytest.raises(NotFound):
        send_code(session, point.id, staff_id=clinic.staff("osei"), now=TUESDAY, actor=clinic.actor("osei"))
    with clinic.session() as session, pytest.raises(InvalidInput):
        send_test(session, point.id, staff_id=point.staff_id, now=TUESDAY, actor=clinic.actor("bea"))


def test_the_code_sent_back_by_text_verifies_and_other_texts_do_not(house: House) -> None:
    clinic = open_clinic(house, content=UNVERIFIED)
    point = point_of(clinic, "bea")
    code = ask(clinic, point)
    with clinic.session() as session:
        for words in ("", "STOP", "7K4A", f"my code is {code}", "٣٣٣٣٣٣", code[:5]):
            assert not confirm_by_text(session, [point.id], words, TUESDAY)
        assert confirm_by_text(session, [point.id], f"{code}\n", TUESDAY)


def test_a_phone_that_stopped_our_texts_counts_again_after_a_code(house: House) -> None:
    clinic = open_clinic(house)
    point = point_of(clinic, "bea")
    with clinic.session() as session:
        row = session.get_one(StaffContactPoint, point.id)
        row.disabled_at, row.disabled_reason = TUESDAY, OPTED_OUT
    code = ask(clinic, point)
    with clinic.session() as session:
        assert confirm_code(session, point.id, code, TUESDAY)
        assert session.get_one(StaffContactPoint, point.id).disabled_at is None


def test_a_line_that_only_rings_is_called_and_hears_its_code_digit_by_digit(house: House) -> None:
    clinic = open_clinic(house, content=LANDLINE)
    point = point_of(clinic, "bea")
    with clinic.session() as session:
        send_code(session, point.id, staff_id=point.staff_id, now=TUESDAY, actor=clinic.actor("bea"))
        assert ways_to(session, point.staff_id) == []
    with clinic.session() as session:
        page = session.scalars(select(Page).order_by(Page.id.desc()).limit(1)).one()
    assert page.channel is Channel.voice
    heard = answer_call(house.database, page.token, key="", public_url=URL, now=TUESDAY)
    again = answer_call(house.database, page.token, key="*", public_url=URL, now=TUESDAY)
    assert heard == again
    (spoken,) = re.findall(r"((?:\d, ){5}\d)\.", heard.words)
    with clinic.session() as session:
        assert confirm_code(session, point.id, "".join(re.findall(r"\d", spoken)), TUESDAY)
    with clinic.session() as session:
        assert [each.channel for each in ways_to(session, point.staff_id)] == [Channel.voice]
        send_test(session, point.id, staff_id=point.staff_id, now=TUESDAY, actor=clinic.actor("bea"))


@pytest.mark.parametrize("key", ["4", "5", "0", "#", "9"])
def test_no_key_pressed_while_a_code_is_read_aloud_changes_anything(house: House, key: str) -> None:
    clinic = open_clinic(house, content=LANDLINE)
    point = point_of(clinic, "bea")
    with clinic.session() as session:
        send_code(session, point.id, staff_id=point.staff_id, now=TUESDAY, actor=clinic.actor("bea"))
    with clinic.session() as session:
        token = session.scalars(select(Page.token).order_by(Page.id.desc()).limit(1)).one()
    assert answer_call(house.database, token, key=key, public_url=URL, now=TUESDAY).asks
    with clinic.session() as session:
        assert session.get_one(StaffContactPoint, point.id).verified_at is None


def test_readiness_says_what_is_missing(house: House) -> None:
    clinic = open_clinic(house, content=UNVERIFIED)
    with clinic.session() as session:
        bea = readiness(session, staff_member(session, clinic.staff("bea")), TUESDAY)
        assert (bea.score, bea.is_ready) == (0, False)
        osei = readiness(session, staff_member(session, clinic.staff("osei")), TUESDAY)
        assert osei.score == READY
        assert osei.missing == (
            "No page or test has arrived yet.",
            "Only one way: there is no second one if it fails.",
        )
        everybody = readiness_of_the_roster(session, TUESDAY)
        assert [each.name for each in everybody] == ["Bea Novak", "Dr. Samuel Osei", "Maya Lind"]


def reminded(house: House, clinic: ClinicOfTheTest, now: datetime) -> list[str]:
    """Let reminders go out and return their words."""
    with clinic.session() as session:
        before = set(session.scalars(select(Page.id)))
    remind_shifts(house.database, FixedClock(now), public_url=URL)
    with clinic.session() as session:
        return [
            each.body for each in session.scalars(select(Page).order_by(Page.id)) if each.id not in before
        ]


def test_a_shift_is_announced_twelve_hours_and_one_hour_before_once_each(house: House) -> None:
    clinic = open_clinic(house, content=BY_SHIFT)
    evening = TUESDAY + 32 * HOUR  # 19:00 in Chicago on Wednesday, when the night shift begins
    assert len(reminded(house, clinic, evening - 12 * HOUR + HOUR / 60)) == 1
    assert reminded(house, clinic, evening - 11 * HOUR) == []
    (words,) = reminded(house, clinic, evening - HOUR)
    assert words.startswith("followup: You are on call from 7:00 PM. Tap to say you will be there: https://")
    assert reminded(house, clinic, evening - HOUR / 2) == []


def test_a_shift_that_only_goes_on_is_not_announced(house: House) -> None:
    clinic = open_clinic(house)
    midnight = TUESDAY + 13 * HOUR
    assert reminded(house, clinic, midnight - HOUR) == []


def test_one_tap_confirms_and_opening_the_link_does_not(house: House) -> None:
    clinic = open_clinic(house, content=BY_SHIFT)
    now = TUESDAY + 7 * HOUR + HOUR / 2
    (words,) = reminded(house, clinic, now)
    token = words.rpartition("/")[2]
    with house.database.engine() as looking:
        found = find_reminder(looking, token, now=now)
        assert find_reminder(looking, token[:-1] + "x", now=now) is None
        assert find_reminder(looking, token, now=now + HOUR) is None
    assert found is not None
    with clinic.session() as session:
        assert reminder(session, found[1]).confirmed_at is None
        confirm_shift(session, found[1], now=now)
        confirm_shift(session, found[1], now=now + timedelta(minutes=1))
    with clinic.session() as session:
        assert reminder(session, found[1]).confirmed_at == now
        assert token not in str(session.execute(select(ShiftReminder.__table__)).all())


def test_somebody_who_cannot_be_reminded_is_a_task(house: House) -> None:
    content = BY_SHIFT.replace('address: "+13125550131", verified: true', 'address: "+13125550131"')
    clinic = open_clinic(house, content=content)
    now = TUESDAY + 7 * HOUR + HOUR / 2
    assert reminded(house, clinic, now) == []
    with clinic.session() as session:
        assert ["no verified phone" in each for each in session.scalars(select(Task.reason))] == [True]
