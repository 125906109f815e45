"""The care time to send by, checked against the database: a machine whose clock is wrong sends nothing early.

Production has one care clock, the machine's, and each machine has its own. The database is what all of them share:
who differs from it by minutes is wrong, and the other workers go on. A demo's clock is moved on purpose.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text

from followup.db.session import Database
from followup.errors import FollowupError
from followup.kit.clock import Clock, SystemClock

MOST_APART = timedelta(minutes=2)


class ClockIsWrong(FollowupError):
    """This machine's clock differs from the database's; nothing is sent from here until it is set."""

    code = "clock-is-wrong"
    permanent = False


def care_now(database: Database, clock: Clock) -> datetime:
    """Return the care time (UTC); raises ClockIsWrong if this machine's clock is minutes off."""
    now = clock.now()
    if isinstance(clock, SystemClock):
        with database.engine() as session:
            true = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        if abs(now - true) > MOST_APART:
            raise ClockIsWrong
    return now
