"""A month's cost counts what the carrier took, and nothing else."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from followup.reporting.cost import Used, used
from followup.reporting.period import Period
from tests.household import TOM, Household

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30), ZoneInfo("America/Chicago"))


def test_what_was_refused_costs_nothing_and_mails_are_not_counted(home: Household) -> None:
    home.enroll()
    home.enroll("Tom Berg", patient__phone=TOM)
    home.enroll(
        "Rosa Vidal", patient__email="rosa@mail.example", channel="email", patient__phone="+13125550103"
    )
    home.dispatch()
    home.lab.fault("refuse", code=30007, times=1)
    home.deliver()
    home.lab.wait_idle()
    with home.house.database.transaction(home.clinic_id) as session:
        found = used(session, NOVEMBER)
    segments = home.only("SELECT segments FROM message WHERE channel = 'sms' AND state <> 'failed'")
    assert found == [Used("stem-cell-back", "en", "welcome", 1, segments)]
    assert segments == 2
