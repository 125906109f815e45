"""What is known of an address, what was agreed to, where cells came from. Pure words."""

from __future__ import annotations

from enum import StrEnum


class ContactState(StrEnum):
    """What is known of an address."""

    stated = "stated"  # the patient told us
    confirmed = "confirmed"  # somebody answered from it
    bad = "bad"  # the carrier says it cannot be reached
    replaced = "replaced"  # the patient gave another one: nothing more goes to it
    wrong_person = "wrong_person"  # somebody else answers there: nothing more goes to it


class ConsentDecision(StrEnum):
    """What was decided about being written to."""

    granted = "granted"
    revoked = "revoked"


class Harvest(StrEnum):
    """Where the cells were taken from."""

    bone_marrow = "bone_marrow"
    fat = "fat"
