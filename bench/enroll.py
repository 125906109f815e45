"""Enrollment: one patient after the other through the verb that the form and the API use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bench.rounds import timed
from bench.world import World
from followup.audit.record import Actor
from followup.enrollment.enroll import enroll
from followup.enrollment.request import EnrollmentRequest


def enroll_patients(world: World, *, many: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Enroll ``many`` patients and say how many rows that made a second."""
    enroll_one(world, 1)

    def work() -> None:
        for number in range(many):
            enroll_one(world, number + 2)

    measured = timed(many, work, world.cpu)
    say(
        f"enrollment, one at a time: {measured.per_second:.1f} patients/s with 19 touchpoints each,"
        f" {measured.cpu_per_thousand:.0f} CPU s/1000"
    )
    return {"patients": many, "seconds": measured.seconds, "cpu_seconds": measured.cpu_seconds}


def enroll_one(world: World, number: int) -> None:
    """Enroll one invented patient."""
    now = world.house.clock.now()
    request = EnrollmentRequest(
        {
            "patient.name": f"Bench Patient {number:05d}",
            "patient.phone": "",
            "patient.email": f"patient-{number:05d}@patients.example",
            "patient.language": "en",
            "patient.time_zone": "America/Chicago",
            "procedure.performed_on": (now + timedelta(days=5)).date().isoformat(),
            "procedure.harvest": "bone_marrow",
            "pathway": "stem-cell-back",
            "channel": "email",
            "consent.email": True,
            "consent.obtained_by": "Alma Reyes",
        }
    )
    with world.house.database.transaction(world.clinic_id) as session:
        enroll(session, world.clinic_id, request, library=world.house.library, now=now, actor=Actor("system"))
