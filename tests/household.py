"""A small clinic with its carrier, for tests of the journey: built by the real verbs, moved by the real clock file.

``Household`` steps what the workers would do in one process, so that a test says when something happens. Journeys
with real workers are in ``tests/journeys``.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from followup.audit.record import Actor
from followup.bootstrap import House, build
from followup.db.session import Bell
from followup.enrollment.enroll import Enrolled, enroll
from followup.enrollment.request import EnrollmentRequest
from followup.kit.clock import ClockFile
from followup.lab import SENDER, Lab
from followup.messaging.deliver import Delivery, deliver_due
from followup.messaging.pump import PumpLimits
from followup.messaging.settle_due import Settled, settle_due
from followup.outreach.dispatch import dispatch_due
from followup.outreach.remind import remind_due
from followup.settings import Settings
from followup.setup.apply import apply_clinic_file
from followup.setup.clinic_file import parse_clinic_file

# A Friday, ten in the morning in Chicago.
MORNING = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
INES = "+13125550101"
TOM = "+13125550102"
CLINIC = f"""
clinic:
  slug: riverbend
  name: Riverbend Spine Center
  short_name: Riverbend Clinic
  code: RB
  time_zone: America/Chicago
  urgent_phone: "+13125550111"
  urgent_phone_answered: day and night
  office_phone: "+13125550100"
  open_hours: {{monday: ["08:00-17:00"], tuesday: ["08:00-17:00"], wednesday: ["08:00-17:00"],
               thursday: ["08:00-17:00"], friday: ["08:00-17:00"]}}
senders:
  - {{channel: sms, address: "{SENDER}", rate_per_second: 100}}
  - {{channel: email, address: care@followup.example}}
staff:
  - key: alma
    name: Alma Reyes
    role: coordinator
    email: alma@followup.example
  - key: bea
    name: Bea Santos
    role: nurse
    email: bea@followup.example
    contact_points: [{{channel: sms, address: "+13125550131", verified: true}}]
  - key: osei
    name: Dr Osei
    role: physician
    email: osei@followup.example
    contact_points: [{{channel: sms, address: "+13125550132", verified: true}}]
roster:
  - {{duty: nurse, staff: bea}}
  - {{duty: physician, staff: osei}}
roster_weeks: 4
"""
QUICK = PumpLimits(run_seconds=20, call_seconds=3)


def lab_settings(settings: Settings, lab: Lab) -> Settings:
    """The same settings with the lab as carrier and mail server."""
    return settings.model_copy(
        update={
            "twilio_account_sid": lab.account.sid,
            "twilio_auth_token": (_secret(lab.auth_token),),
            "twilio_api_url": lab.url,
            "smtp_url": _secret(lab.smtp_url),
            "public_url": "https://followup.example",
        }
    )


def _secret(value: str) -> Any:
    from pydantic import SecretStr

    return SecretStr(value)


@dataclass(slots=True)
class Household:
    """One house with one clinic and its carrier."""

    house: House
    lab: Lab
    clinic_id: uuid.UUID
    rung: list[Bell]

    @property
    def clock(self) -> ClockFile:
        """The clock that every part of this house follows."""
        assert isinstance(self.house.clock, ClockFile)
        return self.house.clock

    @property
    def now(self) -> datetime:
        """Care time."""
        return self.clock.now()

    def enroll(self, name: str = "Ines Duarte", **fields: Any) -> Enrolled:
        """Enroll somebody for a procedure on the coming Tuesday, by text, unless told otherwise."""
        request = enrollment_request(name, **fields)
        with self.house.database.transaction(self.clinic_id) as session:
            return enroll(
                session, self.clinic_id, request, library=self.house.library, now=self.now,
                actor=Actor("system"),
            )  # fmt: skip

    def go_to(self, instant: datetime) -> None:
        """Move the clock."""
        self.clock.set(instant, speed=0)

    def pass_time(self, step: timedelta) -> None:
        """Move the clock forward."""
        self.go_to(self.now + step)

    def dispatch(self) -> None:
        """Do what the dispatch and silence ticks do."""
        dispatch_due(self.house.database, now=self.now)
        remind_due(self.house.database, now=self.now)

    def deliver(self, *, urgent: bool = False, limits: PumpLimits = QUICK) -> Delivery:
        """Run the pumps once."""
        return deliver_due(self.house.database, self.clock, self.house.outside, urgent=urgent, limits=limits)

    def settle(self) -> Settled:
        """Do what the settling tick does."""
        return settle_due(self.house.database, self.clock, self.house.outside)

    def rows(self, query: str, **values: Any) -> list[Any]:
        """Ask the clinic's own rows."""
        with self.house.database.transaction(self.clinic_id) as session:
            return list(session.execute(text(query), values).all())

    def change(self, statement: str, **values: Any) -> None:
        """Do to the clinic's rows what no verb does: put a row where a crash would have left it."""
        with self.house.database.transaction(self.clinic_id) as session:
            session.execute(text(statement), values)

    def only(self, query: str, **values: Any) -> Any:
        """Ask for one value."""
        found = self.rows(query, **values)
        assert len(found) == 1, found
        return found[0][0]


def enrollment_request(name: str, **fields: Any) -> EnrollmentRequest:
    """Return a complete request; ``fields`` are dotted names with ``__`` for the dot."""
    request: dict[str, Any] = {
        "patient.name": name,
        "patient.phone": INES,
        "patient.email": "",
        "patient.language": "en",
        "patient.time_zone": "America/Chicago",
        "procedure.performed_on": "2026-11-24",
        "procedure.performed_at": "09:00",
        "procedure.harvest": "bone_marrow",
        "pathway": "stem-cell-back",
        "channel": "sms",
        "consent.sms": True,
        "consent.email": True,
        "consent.obtained_by": "Alma Reyes",
    }
    request.update({key.replace("__", "."): value for key, value in fields.items()})
    return EnrollmentRequest(request)


def move_in(settings: Settings, lab: Lab, *, now: datetime = MORNING) -> Household:
    """Open a house on a test's own database and carrier, with its clinic applied at ``now``."""
    rung: list[Bell] = []
    house = build(lab_settings(settings, lab), ringer=rung.extend)
    assert isinstance(house.clock, ClockFile)
    house.clock.set(now, speed=0)
    applied = apply_clinic_file(house.database, parse_clinic_file(CLINIC, name="riverbend.yaml"), now=now)
    return Household(house, lab, applied.clinic_id, rung)
