"""A small clinic at night with people on call, a patient with a phone, and, where it is asked for, a carrier."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from followup.bootstrap import build, install_keys, sms_of
from followup.clinics.models import Clinic, Sender
from followup.clinics.states import Channel
from followup.db.session import Database
from followup.escalation.page import PageOutside
from followup.kit.clock import FixedClock
from followup.kit.ids import new_id
from followup.lab import INSTANT, Lab
from followup.settings import Settings
from followup.staff.states import StaffRole
from followup.web.hooks import voice
from tests.doors.hooks_of_the_test import app_of, served
from tests.household import lab_settings
from tests.stages.escalation.ward import LINE, NIGHT, OUR_NUMBER, PUBLIC_URL, Ward


@pytest.fixture
def ward(database: Database, settings: Settings) -> Iterator[Ward]:
    """A clinic at night: Bea (nurse), Osei (physician) and Ruth (manager) on call, and Ines with a phone."""
    install_keys(settings)
    clinic_id = new_id()
    with database.transaction(clinic_id) as session:
        session.add(
            Clinic(
                id=clinic_id, slug="northwest", name="Northwest Spine Clinic", short_name="NW Clinic", code="NW",
                time_zone="America/Los_Angeles", urgent_phone=LINE, office_phone="+14155550112",
                open_hours={str(day): [["08:00", "17:00"]] for day in range(5)},
            )
        )  # fmt: skip
        session.flush()
        session.add(Sender(clinic_id=clinic_id, channel=Channel.sms, address=OUR_NUMBER, rate_per_second=100))
        session.add(Sender(clinic_id=clinic_id, channel=Channel.email, address="care@clinic.example"))
    made = Ward(database, FixedClock(NIGHT), clinic_id)
    made.add_staff("Bea", StaffRole.nurse, "+14155550131", duty="nurse")
    made.add_staff("Osei", StaffRole.physician, "+14155550132", duty="physician")
    made.add_staff("Ruth", StaffRole.manager, "+14155550133", duty="manager", email="ruth@clinic.example")
    made.add_patient("Ines", "+14155550101")
    yield made
    made.assert_sound()


@pytest.fixture
def carrier(ward: Ward, settings: Settings) -> Iterator[Lab]:
    """The lab as carrier, and our webhooks where it finds them; ends by asking that nothing unexpected was sent."""
    with Lab.started(pace=INSTANT) as lab:
        wired = lab_settings(settings, lab)
        built = build(wired, ringer=lambda _bells: None)
        house = replace(built, database=ward.database, clock=ward.clock)
        app = app_of(house)
        app.include_router(voice.router)
        with served(app) as url:
            lab.sender(OUR_NUMBER, inbound_url=f"{PUBLIC_URL}/hooks/twilio/sms#rc=5&rp=all")
            lab.route(PUBLIC_URL, url)
            ward.lab, ward.outside = lab, PageOutside(sms_of(wired), built.outside.email, PUBLIC_URL)
            yield lab
            ward.assert_nothing_unexpected_was_sent()
        built.database.dispose()
