"""Since when nothing is sent, why, and what ends it: told in one sentence; a person pauses and lets it go on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from followup.audit.record import Actor
from followup.errors import Conflict, InvalidInput
from followup.lab import SENDER
from followup.messaging.pause import pause_sending, resume_sending
from followup.reporting.sending import Sending, sending
from tests.household import INES, Household

ADMIN = Actor("command line")


def look(home: Household) -> Sending:
    with home.house.database.transaction(home.clinic_id) as session:
        return sending(session, home.clinic_id, home.now)


def pause(home: Household, reason: str, actor: Actor = ADMIN) -> None:
    with home.house.database.transaction(home.clinic_id) as session:
        pause_sending(session, home.clinic_id, reason=reason, now=home.now, actor=actor)


def resume(home: Household) -> None:
    with home.house.database.transaction(home.clinic_id) as session:
        resume_sending(session, home.clinic_id, now=home.now, actor=ADMIN, reason="mended")


def texts(home: Household) -> int:
    home.dispatch()
    home.deliver()
    home.lab.wait_idle()
    return len(home.lab.phone(INES).inbox)


def test_nothing_is_in_the_way_of_a_clinic_that_sends(home: Household) -> None:
    assert look(home).troubles == []


def test_a_refused_account_is_told_with_its_time_its_reason_and_what_waits(home: Household) -> None:
    home.enroll()
    home.lab.fault("refuse", code=20003, status=401, times=1)
    assert texts(home) == 0
    since = home.now
    home.pass_time(timedelta(minutes=8))

    found = look(home)
    assert len(found.troubles) == 1
    told = found.troubles[0]
    assert (told.since, told.by) == (since, "the service")
    assert "refused our account or sender (code 20003)" in told.why
    assert "by itself" in told.then
    assert [(each.channel, each.count) for each in found.waiting] == [("text", 1)]


def test_a_mended_account_goes_on_at_once_when_a_person_says_so(home: Household) -> None:
    home.enroll()
    home.lab.fault("refuse", code=20003, status=401, times=1)
    assert texts(home) == 0
    resume(home)

    assert home.only("SELECT state FROM task WHERE kind = 'sending_paused'") == "done"
    home.pass_time(timedelta(minutes=1))  # the text's own wait
    assert texts(home) == 1
    assert look(home).troubles == []


def test_a_mail_server_that_refuses_us_is_told_as_what_it_is(home: Household) -> None:
    home.enroll()
    later = home.now + timedelta(minutes=5)
    home.change(
        "UPDATE sender SET paused_until = :later,"
        " pause_reason = 'the carrier refused our account or sender (code smtp 535)' WHERE channel = 'email'",
        later=later,
    )
    told = look(home).troubles
    assert [each.what for each in told] == ["No email is being sent from care@followup.example"]
    assert told[0].why.startswith("the mail server refused")


def test_texts_that_wait_for_the_carriers_list_are_told(home: Household) -> None:
    home.change("UPDATE sender SET inbound_listed_at = now() - interval '31 minutes' WHERE channel = 'sms'")
    told = look(home).troubles
    assert [each.what for each in told] == [f"No planned text is being sent from {SENDER}"]
    assert "STOP" in told[0].why


def test_a_person_pauses_with_a_reason_and_both_acts_are_on_record(home: Household) -> None:
    home.enroll()
    alma = home.only("SELECT id FROM staff WHERE key = 'alma'")
    pause(home, "our number is being moved", Actor("staff", alma))
    assert texts(home) == 0
    told = look(home).troubles[0]
    assert (told.why, told.by) == ("our number is being moved", "Alma Reyes")
    resume(home)
    home.pass_time(timedelta(minutes=6))

    assert texts(home) == 1
    acts = [
        row[0]
        for row in home.rows("SELECT action FROM audit_event WHERE action LIKE '%sending' ORDER BY seq")
    ]
    assert acts == ["pause sending", "resume sending"]


@pytest.mark.parametrize(
    "reason", ["", "  ", "x" * 201, "the carrier refused our account or sender, I think"]
)
def test_a_pause_without_a_reason_of_its_own_is_refused(home: Household, reason: str) -> None:
    with pytest.raises(InvalidInput):
        pause(home, reason)


def test_pausing_twice_and_resuming_what_runs_are_conflicts(home: Household) -> None:
    pause(home, "moving")
    with pytest.raises(Conflict):
        pause(home, "moving")
    resume(home)
    with pytest.raises(Conflict):
        resume(home)
