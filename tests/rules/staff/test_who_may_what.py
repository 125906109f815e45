"""The table of permissions, and what a new password needs."""

from __future__ import annotations

import pytest

from followup.staff.rules import LICENSED, PERMISSIONS, Permission, allows, password_problem
from followup.staff.states import StaffRole

P, R = Permission, StaffRole

TABLE = {
    #                       coordinator nurse physician manager clinic_admin auditor
    P.see_patients: (True, True, True, True, True, True),
    P.enroll: (True, True, True, True, True, False),
    P.change_enrollment: (True, True, True, True, True, False),
    P.review_replies: (True, True, True, True, True, False),
    P.close_tasks: (True, True, True, True, True, False),
    P.see_escalations: (True, True, True, True, True, True),
    P.accept_escalations: (False, True, True, True, False, False),
    P.manage_staff: (False, False, False, False, True, False),
    P.see_audit: (False, False, False, False, True, True),
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
