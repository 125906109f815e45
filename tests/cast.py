"""The fixed cast of the tests, and small builders that use the product's own verbs.

Coordinator Alma, nurse Bea, Dr. Osei, manager Maya; patients Ines, Tom, Mrs Lindqvist and Rosa. Everybody is
invented. A test reads as prose: ``clinic = open_clinic(house)``, ``clinic.enroll(INES)``, ``clinic.staff("bea")``.
"""

from __future__ import annotations

import uuid
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.record import Actor
from followup.bootstrap import House
from followup.enrollment.enroll import Enrolled, enroll
from followup.enrollment.models import Touchpoint
from followup.enrollment.request import EnrollmentRequest
from followup.kit.windows import to_local, zone
from followup.setup.apply import apply_clinic_file
from followup.setup.clinic_file import parse_clinic_file
from followup.staff.models import Staff

# Tuesday, 11:00 in Chicago: the clinic is open and texts may go out.
TUESDAY = datetime(2026, 6, 2, 16, 0, tzinfo=UTC)
ZONE = "America/Chicago"
NUMBER = "+13125550100"
MAILBOX = "care@riverbend.example"
URGENT_LINE = "+13125550190"
BEA, OSEI, MAYA = "+13125550131", "+13125550141", "+13125550151"

CLINIC = f"""
clinic:
  slug: riverbend
  name: Riverbend Clinic
  short_name: Riverbend
  code: RB
  time_zone: {ZONE}
  urgent_phone: "{URGENT_LINE}"
  urgent_phone_answered: day and night
  office_phone: "+13125550180"
  open_hours: {{monday: ["08:00-17:00"], tuesday: ["08:00-17:00"], wednesday: ["08:00-17:00"],
               thursday: ["08:00-17:00"], friday: ["08:00-16:00"]}}
senders:
  - {{channel: sms, address: "{NUMBER}", rate_per_second: 100}}
  - {{channel: email, address: {MAILBOX}, rate_per_second: 100}}
staff:
  - {{key: alma, name: Alma Reyes, role: coordinator, email: alma@riverbend.example}}
  - key: bea
    name: Bea Novak
    role: nurse
    email: bea@riverbend.example
    contact_points: [{{channel: sms, address: "{BEA}", verified: true}}]
  - key: osei
    name: Dr. Samuel Osei
    role: physician
    email: osei@riverbend.example
    contact_points: [{{channel: sms, address: "{OSEI}", verified: true}}]
  - key: maya
    name: Maya Lind
    role: manager
    email: maya@riverbend.example
    contact_points: [{{channel: sms, address: "{MAYA}", verified: true}}]
roster:
  - {{duty: nurse, staff: bea}}
  - {{duty: physician, staff: osei}}
  - {{duty: manager, staff: maya}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A patient as the coordinator writes them down."""

    name: str
    phone: str = ""
    email: str = ""
    language: str = "en"
    harvest: str = "bone_marrow"
    channel: str = "sms"

    @property
    def first_name(self) -> str:
        """How a text greets them."""
        return self.name.split()[0]


INES = Person(name="Ines Moreno", phone="+13125550101")
TOM = Person(name="Tom Becker", phone="+13125550102", harvest="fat")
MRS_LINDQVIST = Person(name="Greta Lindqvist", phone="+13125550103")
ROSA = Person(name="Rosa Jimenez", email="rosa@patients.example", language="es", channel="email")


@dataclass(slots=True)
class ClinicOfTheTest:
    """A clinic made by its clinic file, and what a coordinator does in it."""

    house: House
    id: uuid.UUID
    now: datetime
    people: dict[str, uuid.UUID] = field(default_factory=dict)

    def session(self) -> AbstractContextManager[Session]:
        """A transaction of this clinic."""
        return self.house.database.transaction(self.id)

    def today(self) -> date:
        """The clinic's day."""
        return to_local(self.now, zone(ZONE)).date()

    def enroll(
        self, person: Person, *, days_ago: int = 1, now: datetime | None = None, **changes: str
    ) -> Enrolled:
        """Enroll a patient whose procedure was ``days_ago`` (negative: is to come).

        ``changes`` are fields of the request, with ``__`` for the dot.
        """
        fields: dict[str, Any] = {
            "patient.name": person.name, "patient.phone": person.phone, "patient.email": person.email,
            "patient.language": person.language, "patient.time_zone": ZONE,
            "procedure.performed_on": (self.today() - timedelta(days=days_ago)).isoformat(),
            "procedure.performed_at": "08:30", "procedure.harvest": person.harvest, "pathway": "stem-cell-back",
            "channel": person.channel, "consent.sms": bool(person.phone), "consent.email": bool(person.email),
            "consent.obtained_by": "Alma Reyes",
            **{name.replace("__", "."): value for name, value in changes.items()},
        }  # fmt: skip
        with self.session() as session:
            return enroll(
                session, self.id, EnrollmentRequest(fields), library=self.house.library, now=now or self.now,
                actor=self.actor("alma"),
            )  # fmt: skip

    def actor(self, key: str) -> Actor:
        """A member of staff as the one who acts."""
        return Actor("staff", self.staff(key))

    def staff(self, key: str) -> uuid.UUID:
        """The id of a member of staff by the key in the clinic file."""
        if key not in self.people:
            with self.session() as session:
                self.people |= {row.key: row.id for row in session.execute(select(Staff.key, Staff.id))}
        return self.people[key]

    def touchpoint(self, enrollment_id: uuid.UUID, key: str) -> Touchpoint:
        """One planned contact by its step."""
        with self.session() as session:
            return session.scalars(
                select(Touchpoint).where(Touchpoint.enrollment_id == enrollment_id, Touchpoint.key == key)
            ).one()


def open_clinic(house: House, *, now: datetime = TUESDAY, content: str = CLINIC) -> ClinicOfTheTest:
    """Apply the clinic file of the tests."""
    applied = apply_clinic_file(house.database, parse_clinic_file(content, name="clinic.yaml"), now=now)
    return ClinicOfTheTest(house, applied.clinic_id, now)


def again(person: Person, **changes: str) -> Person:
    """The same person with something different."""
    return replace(person, **changes)  # type: ignore[arg-type]
