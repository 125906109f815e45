"""The task about a gap in cover ends when the gap does, without anybody closing it by hand."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from followup.bootstrap import House
from followup.setup.keep_rosters import keep_rosters
from followup.staff.models import Staff
from followup.tasks.models import Task
from tests.cast import TUESDAY, open_clinic

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_the_task_about_a_gap_is_closed_within_minutes_of_its_being_filled(house: House) -> None:
    clinic = open_clinic(house)
    keep_rosters(house.database, now=TUESDAY)
    with clinic.session() as session:
        session.get_one(Staff, clinic.staff("bea")).disabled_at = TUESDAY
    keep_rosters(house.database, now=TUESDAY + DAY)

    def states() -> list[str]:
        with clinic.session() as session:
            return [row.state.value for row in session.scalars(select(Task).order_by(Task.opened_at))]

    assert states() == ["open"]
    keep_rosters(house.database, now=TUESDAY + DAY + HOUR)
    assert states() == ["open"]
    with clinic.session() as session:
        session.get_one(Staff, clinic.staff("bea")).disabled_at = None
    keep_rosters(house.database, now=TUESDAY + DAY + 2 * HOUR)
    assert states() == ["done"]
