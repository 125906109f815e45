"""What a person is at the clinic. Pure: rules and rows share these words."""

from __future__ import annotations

from enum import StrEnum


class StaffRole(StrEnum):
    """What a person is at the clinic; permissions follow from it in one table (``staff/rules``)."""

    coordinator = "coordinator"
    nurse = "nurse"
    physician = "physician"
    manager = "manager"
    clinic_admin = "clinic_admin"
    system_admin = "system_admin"
    auditor = "auditor"


class LinkKind(StrEnum):
    """What a one-time link to a member of staff is for."""

    invitation = "invitation"
    reset = "reset"
