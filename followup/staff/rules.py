"""Who may do what, and which passwords are taken: tables, not code.

Pure. A role is given to a person or an API key; a permission is asked for by a page, an API route or a verb.
Nothing else in the house compares roles. Licensed roles are listed apart: only they may lower what a machine
raised.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import pyotp

from followup.kit.tokens import same
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
    sign_pathways = "sign a pathway version for use with patients"
    hold_records = "place and lift a legal hold"


P = Permission
_DESK = frozenset(
    {P.see_patients, P.enroll, P.change_enrollment, P.review_replies, P.close_tasks, P.see_escalations}
)

PERMISSIONS: Mapping[StaffRole, frozenset[Permission]] = {
    StaffRole.coordinator: _DESK,
    StaffRole.nurse: _DESK | {P.accept_escalations, P.sign_pathways},
    StaffRole.physician: _DESK | {P.accept_escalations, P.sign_pathways},
    StaffRole.manager: _DESK | {P.accept_escalations},
    StaffRole.clinic_admin: _DESK | {P.manage_staff, P.see_audit, P.sign_pathways, P.hold_records},
    # Looks after the service and its people, and sees no patient.
    StaffRole.system_admin: frozenset({P.manage_staff, P.see_audit, P.hold_records}),
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
# How long a proof of who one is counts for a sensitive change, and how long the second factor is waited for.
PROOF_LASTS = timedelta(minutes=10)
HALF_WAY_LIMIT = timedelta(minutes=10)
STEP_SECONDS = 30
_LOOKS_LIKE = str.maketrans("0134578@$", "oieastbas")
_DECORATION = "0123456789!?.,;:*#$%&()[]{}<>+=_- "
_ROWS = ("01234567890123456789", "qwertyuiopasdfghjklzxcvbnm", "abcdefghijklmnopqrstuvwxyz")


def allows(role: StaffRole, permission: Permission) -> bool:
    """Whether a role includes a permission."""
    return permission in PERMISSIONS[role]


def password_problem(password: str, *, about: Iterable[str] = ()) -> str | None:
    """Return what is wrong with a new password, or None: its length, and whether thieves try it first.

    ``about`` are words that a stranger could guess, such as the person's own address. No kind of character is asked
    for. Source: OWASP ASVS 5.0, 6.2.
    """
    if len(password) < SHORTEST_PASSWORD:
        return f"Use at least {SHORTEST_PASSWORD} characters. A sentence is easiest to remember."
    if len(password) > LONGEST_PASSWORD:
        return f"Use at most {LONGEST_PASSWORD} characters."
    if len(set(password)) < 5:
        return "Use more than a few different characters."
    if _is_common(password, about):
        return "This is among the first passwords that thieves try. Use a sentence of your own."
    return None


def step_of(code: str, secret: str, *, last: int | None, seconds: float) -> int | None:
    """Return the time step a code belongs to, or None: one step of drift either way, none at or before ``last``.

    ``seconds`` is machine time since 1970.
    """
    written = "".join(code.split())
    if len(written) != 6 or not (written.isascii() and written.isdigit()):
        return None
    present = int(seconds // STEP_SECONDS)
    found = None
    for step in (present - 1, present, present + 1):
        # Every step is compared, so that the time tells nothing.
        if same(pyotp.TOTP(secret).at(step * STEP_SECONDS), written) and (last is None or step > last):
            found = step
    return found


def _is_common(password: str, about: Iterable[str]) -> bool:
    bare = _bare(password)
    if bare in _stolen() or _is_dressed_up(password.lower()):
        return True
    known = _common() | {_bare(word) for word in about if len(_bare(word)) > 3}
    halves = {bare[: len(bare) // parts] for parts in (2, 3, 4) if bare == bare[: len(bare) // parts] * parts}
    return (
        bare in known
        or bool(halves & known)
        or any(password.lower() in row or password.lower() in row[::-1] for row in _ROWS)
    )


def _is_dressed_up(lower: str) -> bool:
    """Whether a password is a stolen one with nothing but decoration before or behind it."""
    cuts = range(8, len(lower) + 1)
    return any(
        (lower[:cut] in _stolen() and not lower[cut:].strip(_DECORATION))
        or (lower[-cut:] in _stolen() and not lower[:-cut].strip(_DECORATION))
        for cut in cuts
    )


def _bare(password: str) -> str:
    """A password without its decoration: letters only, lower case, letters for digits that look like them."""
    lower = password.lower().strip(_DECORATION)
    return "".join(filter(str.isalpha, lower.translate(_LOOKS_LIKE)))


@functools.cache
def _common() -> frozenset[str]:
    """Beginnings of passwords, put together by hand: words of a clinic are among them."""
    return frozenset(_lines("common_passwords.txt"))


@functools.cache
def _stolen() -> frozenset[str]:
    """The most frequent stolen passwords of eight characters and more, and each without its decoration."""
    listed = _lines("stolen_passwords.txt")
    return frozenset([*listed, *(bare for each in listed if len(bare := _bare(each)) >= 6)])


def _lines(name: str) -> list[str]:
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
