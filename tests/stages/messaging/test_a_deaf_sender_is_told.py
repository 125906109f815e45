"""A list of inbound texts that can't be read for half an hour is a person's, until it can be read again."""

from __future__ import annotations

from followup.bootstrap import sms_of
from followup.gateways.inbound_list import lister
from followup.intake.reconcile import reconcile_inbound
from followup.messaging.watch_inbound import watch_inbound
from tests.household import INES, Household

OLD = "UPDATE sender SET inbound_listed_at = now() - interval '31 minutes' WHERE channel = 'sms'"


def watch(home: Household) -> int:
    return watch_inbound(home.house.database, now=home.now)


def compare(home: Household) -> None:
    reconcile_inbound(home.house.database, lister(sms_of(home.house.settings)), now=home.clock.now)


def test_a_sender_that_was_just_compared_or_set_up_is_nobodys_task(home: Household) -> None:
    assert watch(home) == 0
    compare(home)
    assert watch(home) == 0
    assert home.rows("SELECT 1 FROM task") == []


def test_after_half_an_hour_one_task_tells_it_and_texts_wait(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.change(OLD)
    assert [watch(home), watch(home)] == [1, 1]
    home.deliver()
    home.lab.wait_idle()

    assert home.lab.phone(INES).inbox == []
    told = home.rows("SELECT kind, priority, reason FROM task")
    assert [(kind, priority) for kind, priority, _ in told] == [("sending_paused", "high")]
    assert "may be missing" in told[0][2]


def test_a_sender_that_never_could_be_compared_is_told_as_well(home: Household) -> None:
    home.change("UPDATE sender SET recorded_at = now() - interval '31 minutes' WHERE channel = 'sms'")
    assert watch(home) == 1


def test_the_task_closes_by_itself_once_the_list_is_read_again(home: Household) -> None:
    home.enroll()
    home.dispatch()
    home.change(OLD)
    home.lab.fault("server_error", on="messages.list", times=1)
    compare(home)
    assert watch(home) == 1  # the carrier still does not answer

    compare(home)
    assert watch(home) == 0
    assert home.rows("SELECT state, disposition FROM task") == [("done", "gone")]
    home.deliver()
    home.lab.wait_idle()
    assert len(home.lab.phone(INES).inbox) == 1
