"""The table of permissions, and what a new password needs."""

from __future__ import annotations

from pathlib import Path

import pytest

import followup.staff.rules as rules_of_staff
from followup.staff.rules import LICENSED, PERMISSIONS, Permission, allows, password_problem
from followup.staff.states import StaffRole

P, R = Permission, StaffRole

TABLE = {
    #                       coordinator nurse physician manager clinic_admin system_admin auditor
    P.see_patients: (True, True, True, True, True, False, True),
    P.enroll: (True, True, True, True, True, False, False),
    P.change_enrollment: (True, True, True, True, True, False, False),
    P.review_replies: (True, True, True, True, True, False, False),
    P.close_tasks: (True, True, True, True, True, False, False),
    P.see_escalations: (True, True, True, True, True, False, True),
    P.accept_escalations: (False, True, True, True, False, False, False),
    P.manage_staff: (False, False, False, False, True, True, False),
    P.see_audit: (False, False, False, False, True, True, True),
    P.sign_pathways: (False, True, True, False, True, False, False),
    P.hold_records: (False, False, False, False, True, True, False),
}


def test_every_role_and_every_permission_stands_in_the_table() -> None:
    assert set(PERMISSIONS) == set(StaffRole)
    assert set(TABLE) == set(Permission)


@pytest.mark.parametrize("permission", list(Permission))
def test_a_role_may_exactly_what_the_table_says(permission: Permission) -> None:
    assert tuple(allows(role, permission) for role in StaffRole) == TABLE[permission]


def test_only_clinicians_lower_what_a_machine_raised() -> None:
    assert {R.nurse, R.physician} == LICENSED


@pytest.mark.parametrize(
    ("password", "is_taken"),
    [
        ("a long enough password", True),
        ("correct horse battery", True),
        ("Ünïcødé-läng-genug", True),
        ("short", False),
        ("aaaaaaaaaaaaaaaa", False),
        ("x" * 300, False),
        ("", False),
    ],
)
def test_length_is_what_a_password_needs(password: str, *, is_taken: bool) -> None:
    assert (password_problem(password) is None) is is_taken


STOLEN = (
    Path(rules_of_staff.__file__)
    .with_name("stolen_passwords.txt")
    .read_text(encoding="utf-8")
    .splitlines()[2:]
)


def test_the_list_of_stolen_passwords_is_long_enough_and_comes_with_its_license() -> None:
    assert len(set(STOLEN)) >= 3_000
    assert all(each == each.lower() and len(each) >= 8 for each in STOLEN)
    assert "MIT License" in Path(rules_of_staff.__file__).with_name("stolen_passwords.LICENSE").read_text()


@pytest.mark.parametrize("decoration", ["", "2026", "!!!!!!!!", "123456789"])
def test_none_of_the_stolen_passwords_can_be_chosen_with_or_without_decoration(decoration: str) -> None:
    let_through = [each for each in STOLEN[:3_000] if password_problem(each + decoration) is None]
    assert let_through == []


@pytest.mark.parametrize(
    "password", ["corvette-2026!!", "Samantha12345", "2026!!Samantha", "12345678 12345678"]
)
def test_a_stolen_password_in_other_clothes_is_refused(password: str) -> None:
    assert password_problem(password) is not None


@pytest.mark.parametrize(
    ("password", "is_taken"),
    [
        ("🦔 walks past 🌲 at dusk", True),
        ("  spaces at both ends  ", True),
        ("sixty-four and more " * 5, True),
    ],
)
def test_b125_length_spaces_and_emoji_are_welcome(password: str, *, is_taken: bool) -> None:
    assert (password_problem(password) is None) is is_taken
