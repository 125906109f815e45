"""F69: a patient gives another number while a text is on its way to the old one."""

from __future__ import annotations

from followup.audit.record import Actor
from followup.clinics.states import Channel
from followup.enrollment.change_contact import change_contact, read_contact
from tests.faults.case import Case
from tests.household import INES

BY = Actor("system")
NEW_NUMBER = "+13125550108"


def gives_another_number(case: Case) -> None:
    """The patient calls and gives another number, with consent."""
    home = case.home
    with home.house.database.transaction(home.clinic_id) as session:
        new = read_contact(
            session, home.clinic_id, Channel.sms, address=NEW_NUMBER, agreed=True, obtained_by="Alma Reyes"
        )
        change_contact(session, home.only("SELECT id FROM patient"), new, now=home.now, actor=BY)


def test_f69_a_number_that_changes_in_flight_gets_no_second_copy(case: Case) -> None:
    home = case.home
    case.queue_welcome()
    case.lab.fault("reset", accepted=True, times=1)
    case.lab.fault("hide")
    case.injected()
    case.deliver()
    gives_another_number(case)
    case.machine_time_passes(16)
    case.recovers(lambda: home.rows("SELECT 1 FROM attempt WHERE state = 'unconfirmed'") != [])
    assert len(case.texts(INES)) == 1
    first = home.rows("SELECT touchpoint_id FROM message ORDER BY queued_at LIMIT 1")[0][0]
    assert home.only("SELECT count(*) FROM message WHERE touchpoint_id = :t", t=first) == 1
    assert case.texts(NEW_NUMBER) == []


def test_f69_a_reply_from_the_old_number_is_read_and_not_attached_silently(case: Case, web: str) -> None:
    home = case.home
    case.queue_welcome()
    case.injected()
    case.deliver()
    gives_another_number(case)
    before = len(case.texts(INES))
    assert case.lab.phone(INES).sends("I can't feel my legs").status == 200
    case.recovers(lambda: home.rows("SELECT 1 FROM escalation") != [])
    assert web
    assert home.only("SELECT patient_id FROM reply") is None
    assert home.only("SELECT patient_id FROM escalation") is None
    assert "identity" in case.open_tasks()
    said = " ".join(each.body for each in case.texts(INES)[before:])
    assert "Ines" not in said
    assert "Duarte" not in said
