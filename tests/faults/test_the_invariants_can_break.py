"""A checker that can't fail checks nothing: each invariant is broken by hand once, and has to be named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from followup.lab import Kind
from tests.faults.case import Case
from tests.household import INES
from tests.servers_of_the_run import superuser


def again(case: Case, **changed: object) -> None:
    """Let the carrier's journal tell of the last text once more, with other facts."""
    journal = case.lab.journal
    for kind in (Kind.TEXT_ACCEPTED, Kind.TEXT_REACHED_PHONE):
        last = journal.entries(kind)[-1]
        journal.write(kind, last.at, **{**last.facts, **changed})


def twice(case: Case, _: str) -> None:
    again(case)


def overdue(case: Case, _: str) -> None:
    case.home.change(
        "UPDATE touchpoint SET look_at = :old WHERE state = 'planned'", old=case.home.now - timedelta(hours=1)
    )


def never_taken(case: Case, _: str) -> None:
    case.home.change(
        "UPDATE message SET state = 'queued', claimable = true, not_before = :old",
        old=case.home.now - timedelta(hours=1),
    )
    case.eye.messages.clear()


def never_settled(case: Case, _: str) -> None:
    case.home.change("UPDATE attempt SET state = 'calling', lease_until = now() - interval '5 minutes'")
    case.eye.attempts.clear()


def at_night(case: Case, _: str) -> None:
    again(case, care_at="2026-11-21T05:00:00+00:00")


def after_stop(case: Case, _: str) -> None:
    case.home.change("UPDATE contact_point SET opted_out_at = :now", now=case.home.now)
    case.eye.check()
    again(case)


def to_a_wrong_person(case: Case, _: str) -> None:
    case.home.change("UPDATE contact_point SET state = 'wrong_person'")
    case.eye.check()
    again(case)


def never_stored(case: Case, _: str) -> None:
    case.lab.phone(INES).sends("I can't pee", wait=False)
    case.lab.wait_idle()


def stored_twice(case: Case, owner_url: str) -> None:
    case.lab.phone(INES).sends("I can't pee", wait=False)
    case.lab.wait_idle()
    case.tick()
    with superuser(owner_url) as owner:
        owner.execute("ALTER TABLE provider_event DROP CONSTRAINT uq_provider_event_kind_provider_key")
        columns = "kind, provider_key, received_at, payload_sealed"
        owner.execute("CREATE TEMP TABLE copied AS SELECT * FROM provider_event WHERE kind = 'inbound_sms'")
        assert columns
        owner.execute("UPDATE copied SET id = gen_random_uuid()")
        owner.execute("INSERT INTO provider_event SELECT * FROM copied")


def message_goes_back(case: Case, _: str) -> None:
    case.home.change("UPDATE message SET state = 'queued'")


def attempt_goes_back(case: Case, _: str) -> None:
    case.home.change("UPDATE attempt SET state = 'calling'")


# What is done, and what the checker has to say of it.
BROKEN: dict[str, tuple[Callable[[Case, str], None], str]] = {
    "I1-the-same-text-twice": (twice, "I1"),
    "I2-a-contact-overdue": (overdue, "I2 touchpoint"),
    "I2-a-text-nobody-takes": (never_taken, "I2 message"),
    "I2-a-call-nobody-settles": (never_settled, "I2 an attempt"),
    "I3-a-text-at-night": (at_night, "I3"),
    "I4-a-text-after-stop": (after_stop, "I4/I5"),
    "I5-a-text-to-a-wrong-person": (to_a_wrong_person, "I4/I5"),
    "I6-a-text-never-stored": (never_stored, "I6"),
    "I6-a-text-stored-twice": (stored_twice, "I6"),
    "I11-a-message-goes-back": (message_goes_back, "I11 message"),
    "I11-an-attempt-goes-back": (attempt_goes_back, "I11 attempt"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_checker_names_what_was_broken(case: Case, owner_url: str, name: str) -> None:
    break_it, told = BROKEN[name]
    case.queue_welcome()
    case.deliver()
    case.tick()
    case.eye.check(at_rest=True)
    break_it(case, owner_url)
    with pytest.raises(AssertionError, match=told):
        case.eye.check(at_rest=True)
    case.is_broken_on_purpose = True


def test_i12_a_house_that_stays_ill_for_more_than_five_minutes_is_told(case: Case) -> None:
    case.injected()
    with pytest.raises(AssertionError, match="I12"):
        case.recovers(lambda: False)
