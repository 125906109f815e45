"""F34: an old backup is restored; nothing of the lost day is sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from followup.audit.record import Actor
from followup.bootstrap import sms_of
from followup.kit.clock import SystemClock
from followup.messaging.restored import hold_after_restore, settle_lost_time
from followup.ports import CarrierMessage
from tests.faults.case import Case
from tests.household import INES, TOM
from tests.servers_of_the_run import superuser


def test_f34_a_restored_backup_sends_nothing_before_a_person_says_so_and_nothing_twice(
    case: Case, owner_url: str, servers: dict[str, str]
) -> None:
    home = case.home
    home.enroll()
    home.enroll(name="Tom Berg", patient__phone=TOM)
    name = urlsplit(owner_url).path[1:]
    backup_at = SystemClock().now()
    home.house.database.dispose()
    with superuser(servers["database_url"]) as connection:
        connection.execute(f"CREATE DATABASE {name}_backup TEMPLATE {name} STRATEGY file_copy")
    home.dispatch()
    newest = "SELECT id FROM message ORDER BY id DESC LIMIT 1"
    home.change(f"UPDATE message SET not_before = not_before + interval '2 hours' WHERE id = ({newest})")
    case.deliver()
    told = {number: len(case.texts(number)) for number in (INES, TOM)}
    assert sum(told.values()) == 1
    case.injected()
    home.house.database.dispose()
    with superuser(servers["database_url"]) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.execute(f"ALTER DATABASE {name}_backup RENAME TO {name}")
    case.eye.messages.clear()
    case.eye.attempts.clear()

    with home.house.database.transaction(home.clinic_id) as session:
        numbers = hold_after_restore(session, home.clinic_id, now=home.now, actor=Actor("system"))
    assert numbers == [INES, TOM]
    home.dispatch()
    case.deliver()
    assert {number: len(case.texts(number)) for number in (INES, TOM)} == told
    listed = asyncio.run(_listed(case, numbers))
    with home.house.database.transaction(home.clinic_id) as session:
        since = backup_at - timedelta(seconds=2)
        assert settle_lost_time(session, listed, since=since, now=home.now) == 1
    home.change("UPDATE clinic SET sending_paused_at = NULL, sending_paused_reason = NULL")
    home.pass_time(timedelta(minutes=6))
    case.recovers(lambda: (len(case.texts(INES)), len(case.texts(TOM))) == (1, 1))
    case.tick()
    assert (len(case.texts(INES)), len(case.texts(TOM))) == (1, 1)


async def _listed(case: Case, numbers: Sequence[str]) -> list[CarrierMessage]:
    since = SystemClock().now() - timedelta(days=2)
    async with sms_of(case.home.house.settings)() as gateway:
        return [each for number in numbers for each in await gateway.sent_to(number, since=since)]
