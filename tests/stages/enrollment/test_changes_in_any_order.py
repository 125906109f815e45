"""Any order of changes, sends and time: nothing is sent twice, and nothing goes to a number given up."""

from __future__ import annotations

import random
from datetime import date, time, timedelta

import pytest

from followup.audit.record import Actor
from followup.clinics.states import Channel
from followup.enrollment.change import NewDate, move_date
from followup.enrollment.change_channel import change_channel, change_language, change_zone
from followup.enrollment.change_contact import change_contact, read_contact
from followup.errors import FollowupError
from tests.household import INES, Household

BY = Actor("system")
NUMBERS = (INES, "+13125550103", "+13125550104")
ZONES = ("America/Chicago", "America/New_York", "Pacific/Honolulu")
STEPS = 24


def change_something(home: Household, chance: random.Random) -> str:
    """Make one change by chance; one that is refused has changed nothing."""
    what = chance.choice(("number", "channel", "zone", "language", "date"))
    now = home.now
    try:
        with home.house.database.transaction(home.clinic_id) as session:
            patient, enrollment = home.rows("SELECT patient_id, id FROM enrollment")[0]
            if what == "number":
                new = read_contact(
                    session, home.clinic_id, Channel.sms, address=chance.choice(NUMBERS), agreed=True,
                    obtained_by="Alma Reyes",
                )  # fmt: skip
                change_contact(session, patient, new, now=now, actor=BY)
            elif what == "channel":
                change_channel(session, patient, chance.choice(list(Channel)[:2]), now=now, actor=BY)
            elif what == "zone":
                change_zone(session, patient, chance.choice(ZONES), now=now, actor=BY)
            elif what == "language":
                change_language(session, patient, chance.choice(("en", "es")), now=now, actor=BY)
            else:
                day = date(2026, 11, 24) + timedelta(days=chance.randrange(-3, 9))
                move_date(session, enrollment, NewDate(day, time(9)), now=now, actor=BY)
    except FollowupError as refused:
        return f"{what}: {refused.message}"
    return what


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_changes_in_any_order_send_nothing_twice_and_nothing_to_a_number_given_up(
    home: Household, seed: int
) -> None:
    """I1, I5, F67, F69."""
    chance = random.Random(seed)
    home.enroll(patient__email="ines@mail.example")
    done: list[str] = []
    for _ in range(STEPS):
        given_up = {
            number: len(home.lab.phone(number).inbox)
            for number in NUMBERS
            if number not in _in_use(home) and number in _known(home)
        }
        match chance.randrange(4):
            case 0:
                done.append(change_something(home, chance))
                continue
            case 1:
                home.pass_time(timedelta(hours=chance.choice((1, 5, 20))))
            case 2:
                home.dispatch()
            case _:
                home.dispatch()
                home.deliver()
                home.lab.wait_idle()
        for number, before in given_up.items():
            assert len(home.lab.phone(number).inbox) == before, (seed, done)
    home.deliver()
    home.lab.wait_idle()
    doubled = home.rows(
        "SELECT touchpoint_id FROM message WHERE purpose IN ('planned', 'welcome') AND touchpoint_id IS NOT NULL"
        " AND state <> 'cancelled' GROUP BY touchpoint_id, purpose HAVING count(*) > 1"
    )
    assert doubled == [], (seed, done)
    assert any(":" not in each for each in done), done


def _known(home: Household) -> set[str]:
    with home.house.database.transaction(home.clinic_id) as session:
        from followup.patients.models import ContactPoint

        return {each.address for each in session.query(ContactPoint).all()}


def _in_use(home: Household) -> set[str]:
    with home.house.database.transaction(home.clinic_id) as session:
        from followup.patients.models import ContactPoint

        return {each.address for each in session.query(ContactPoint).filter(ContactPoint.state != "replaced")}
