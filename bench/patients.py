"""Many invented patients with a phone and a running recovery, put in as sets; enrolling is measured elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from sqlalchemy import select

from bench.enroll import enroll_one
from bench.world import World
from followup.clinics.states import Channel
from followup.db.sealed import blind
from followup.enrollment.models import Enrollment
from followup.kit.ids import new_id
from followup.pathways.models import PathwayVersion
from followup.patients.models import ContactPoint, Patient, Procedure
from followup.patients.states import ContactState, Harvest

AT_ONCE = 1_000


def phones(many: int) -> list[str]:
    """Return invented numbers, all different: 555-0140 to 555-0199 of every area code there might be."""
    areas = [area for area in range(201, 990) if area % 100 != 11]
    return [f"+1{area}555{line:04d}" for line in range(140, 200) for area in areas][:many]


def move_in(world: World, many: int) -> list[str]:
    """Put ``many`` patients into the clinic, three days after their procedure; returns their phones."""
    enroll_one(world, 0)  # pins the pathway
    found = phones(many)
    for start in range(0, many, AT_ONCE):
        with world.house.database.transaction(world.clinic_id) as session:
            version = session.scalars(select(PathwayVersion)).first()
            assert version is not None
            now = world.house.clock.now()
            rows = [list(_rows(world, phone, version, now=now)) for phone in found[start : start + AT_ONCE]]
            for of_one_kind in zip(*rows, strict=True):
                session.add_all(of_one_kind)
                session.flush()
    return found


def _rows(world: World, phone: str, version: PathwayVersion, *, now: datetime) -> Iterator[object]:
    day, patient, procedure = (now - timedelta(days=3)).date(), new_id(), new_id()
    zone, clinic = "America/Chicago", world.clinic_id
    yield Patient(
        id=patient,
        clinic_id=clinic,
        name=f"Patient {phone[-8:]}",
        name_blind=[],
        language="en",
        time_zone=zone,
    )
    yield Procedure(
        id=procedure, clinic_id=clinic, patient_id=patient, performed_on=day, performed_at=time(9, 0),
        time_zone=zone, harvest=Harvest.bone_marrow,
    )  # fmt: skip
    yield ContactPoint(
        clinic_id=clinic, patient_id=patient, channel=Channel.sms, address=phone, consented_at=now,
        address_blind=blind("phone", phone), state=ContactState.confirmed,
    )  # fmt: skip
    yield Enrollment(
        clinic_id=clinic, patient_id=patient, procedure_id=procedure, pathway_version_id=version.id,
        pathway=version.name, performed_on=day, channel=Channel.sms, language="en", time_zone=zone,
        enrolled_at=now, enrolled_by="bench",
    )  # fmt: skip
