"""F34: an old backup is restored; nothing of the lost day is sent again."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from followup.audit.record import SYSTEM
from followup.bootstrap import sms_of
from followup.gateways.sent_list import sent_lister
from followup.messaging.pause import resume_sending
from followup.outreach.after_restore import compare
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

    reason = f"restored from a backup of {home.now.isoformat()}"
    home.change(
        "UPDATE clinic SET sending_paused_at = :now, sending_paused_reason = :why", now=home.now, why=reason
    )
    home.dispatch()
    case.deliver()
    assert {number: len(case.texts(number)) for number in (INES, TOM)} == told
    with home.house.database.transaction(home.clinic_id) as session:
        done = compare(
            session, home.clinic_id, sent_lister(sms_of(home.house.settings)), since=home.now, now=home.now,
            actor=SYSTEM,
        )  # fmt: skip
    assert (done.sent_already, done.still_to_send, done.for_a_person) == (1, 1, 0)
    with home.house.database.transaction(home.clinic_id) as session:
        resume_sending(session, home.clinic_id, now=home.now, actor=SYSTEM, reason="compared")
    home.pass_time(timedelta(minutes=6))
    case.recovers(lambda: (len(case.texts(INES)), len(case.texts(TOM))) == (1, 1))
    case.tick()
    assert (len(case.texts(INES)), len(case.texts(TOM))) == (1, 1)
