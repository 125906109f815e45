"""A clinic file makes a clinic, changes it, and never takes away what history points at."""

from __future__ import annotations

from datetime import timedelta
from textwrap import indent

import pytest
import yaml
from sqlalchemy import func, select

from followup.bootstrap import House
from followup.clinics.models import Clinic, Sender
from followup.errors import InvalidInput
from followup.escalation.models import EscalationPolicy
from followup.escalation.policy import DEFAULT
from followup.setup.apply import clinic_of
from followup.setup.clinic_file import parse_clinic_file
from followup.staff.models import Shift, Staff, StaffContactPoint
from followup.staff.on_call import who
from tests.cast import CLINIC, TUESDAY, open_clinic


def test_a_clinic_file_makes_a_clinic_with_staff_senders_and_a_roster(house: House) -> None:
    clinic = open_clinic(house)
    with clinic.session() as session:
        assert session.get_one(Clinic, clinic.id).urgent_phone == "+13125550190"
        assert session.scalar(select(func.count()).select_from(Sender)) == 2
        assert [each.key for each in who(session, "nurse", TUESDAY)] == ["bea"]
    assert clinic_of(house.database, "riverbend") == clinic.id


def test_applying_the_same_file_twice_changes_nothing(house: House) -> None:
    clinic = open_clinic(house)

    def count() -> list[int | None]:
        with clinic.session() as session:
            return [
                session.scalar(select(func.count()).select_from(table))
                for table in (Clinic, Sender, Staff, StaffContactPoint, Shift)
            ]

    before = count()
    open_clinic(house)
    assert count() == before


def test_somebody_who_left_the_file_is_disabled_and_no_longer_on_call(house: House) -> None:
    clinic = open_clinic(house)
    without = CLINIC.replace("staff: bea", "staff: vera").replace("key: bea", "key: vera")
    without = without.replace("bea@", "vera@").replace("Bea Novak", "Vera Novak")
    open_clinic(house, content=without)
    with clinic.session() as session:
        assert session.scalars(select(Staff.disabled_at).where(Staff.key == "bea")).one() == TUESDAY
        assert [each.key for each in who(session, "nurse", TUESDAY)] == ["vera"]
        assert [each.key for each in who(session, "nurse", TUESDAY + timedelta(days=3))] == ["vera"]


def test_a_changed_roster_leaves_the_present_shift_alone(house: House) -> None:
    clinic = open_clinic(house)
    open_clinic(house, content=CLINIC.replace("{duty: nurse, staff: bea}", "{duty: nurse, staff: osei}"))
    with clinic.session() as session:
        assert "bea" in [each.key for each in who(session, "nurse", TUESDAY)]
        assert [each.key for each in who(session, "nurse", TUESDAY + timedelta(days=3))] == ["osei"]


def test_a_number_that_nobody_answers_at_night_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_clinic_file(CLINIC.replace("answered: day and night", "answered: office hours"), name="c.yaml")
    assert "answered at any hour" in str(refused.value) or "answer it at any hour" in str(refused.value)


@pytest.mark.parametrize(
    ("written", "instead", "says"),
    [
        ('urgent_phone: "+13125550190"', 'urgent_phone: "12"', "phone"),
        ("duty: nurse, staff: bea", "duty: nurse, staff: nobody", "nobody"),
        ("time_zone: America/Chicago", "time_zone: CST6CDT-wrong", "zone"),
        ("role: coordinator", "role: boss", "role"),
        ("code: RB", "code: riverbend", "code"),
        ("monday:", "mondy:", "mondy"),
    ],
)
def test_a_mistake_is_named_with_its_line(written: str, instead: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_clinic_file(CLINIC.replace(written, instead), name="c.yaml")
    assert says in str(refused.value)
    assert all(each.field.startswith("c.yaml:") for each in refused.value.problems)


def test_a_policy_that_cannot_be_in_force_leaves_no_half_clinic(house: House) -> None:
    wrong = CLINIC + "escalation: {urgent: {repage_seconds: 1}}\n"
    with pytest.raises(InvalidInput, match="repage_seconds"):
        open_clinic(house, content=wrong)
    with house.database.engine() as session:
        assert session.scalar(select(func.count()).select_from(Clinic.__table__)) == 0


def test_a_policy_in_the_file_is_published_once(house: House) -> None:
    content = CLINIC + "escalation:\n" + indent(yaml.safe_dump(dict(DEFAULT)), "  ")
    clinic = open_clinic(house, content=content)
    open_clinic(house, content=content)
    with clinic.session() as session:
        assert session.scalar(select(func.count()).select_from(EscalationPolicy)) == 1
