"""Who may do what, and which passwords are taken: tables, not code.

Pure. A role is given to a person or an API key; a permission is asked for by a page, an API route or a verb.
Nothing else in the house compares roles. Licensed roles are listed apart: only they may lower what a machine
raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from followup.staff.states import StaffRole


class Permission(StrEnum):
    """What can be asked for; each value ends the sentence "may ..."."""

    see_patients = "see patients and what they wrote"
    enroll = "enroll patients"
    change_enrollment = "pause, move or end an enrollment"
    review_replies = "review replies"
    close_tasks = "close tasks"
    see_escalations = "see escalations"
    accept_escalations = "accept escalations and document them"
    manage_staff = "manage staff and keys"
    see_audit = "read the audit trail"


P = Permission
_DESK = frozenset(
    {P.see_patients, P.enroll, P.change_enrollment, P.review_replies, P.close_tasks, P.see_escalations}
)

PERMISSIONS: Mapping[StaffRole, frozenset[Permission]] = {
    StaffRole.coordinator: _DESK,
    StaffRole.nurse: _DESK | {P.accept_escalations},
    StaffRole.physician: _DESK | {P.accept_escalations},
    StaffRole.manager: _DESK | {P.accept_escalations},
    StaffRole.clinic_admin: _DESK | {P.manage_staff, P.see_audit},
    StaffRole.auditor: frozenset({P.see_patients, P.see_escalations, P.see_audit}),
}

LICENSED = frozenset({StaffRole.nurse, StaffRole.physician})
"""Only they may lower a severity: a machine raises, a clinician lowers, with a reason."""

# Sign-in. Machine time. Source: OWASP ASVS 5.0, 7.3 (idle and absolute limits), 6.2 (length, no composition
# rules).
IDLE_LIMIT = timedelta(minutes=15)
ABSOLUTE_LIMIT = timedelta(hours=12)
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256


def allows(role: StaffRole, permission: Permission) -> bool:
    """Whether a role includes a permission."""
    return permission in PERMISSIONS[role]


def password_problem(password: str) -> str | None:
    """Return what is wrong with a new password, or None. Length is all that is asked for; 15 is better."""
    if len(password) < SHORTEST_PASSWORD:
        return f"Use at least {SHORTEST_PASSWORD} characters. A sentence is easiest to remember."
    if len(password) > LONGEST_PASSWORD:
        return f"Use at most {LONGEST_PASSWORD} characters."
    if len(set(password)) < 5:
        return "Use more than a few different characters."
    return None
