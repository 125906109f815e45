"""Tries are counted in a table that cannot grow, and one person's limit does not lock another out."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text

from followup.bootstrap import install_keys
from followup.db.session import Database
from followup.settings import Settings
from followup.staff.limits import PERSON_FROM_PLACE, SLOTS, Limit, count_try, take
from followup.staff.models import SignInBucket
from followup.staff.sign_in import TooManyTries


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    install_keys(settings)


def test_tries_run_out_and_come_back_with_time(database: Database) -> None:
    limit = Limit("test", burst=3, per_minute=1)
    with database.engine() as looking:
        assert [take(looking, limit, "somebody") for _ in range(5)] == [True, True, True, False, False]
        assert take(looking, limit, "somebody else")
    with database.engine() as looking:
        looking.execute(text("UPDATE sign_in_bucket SET counted_at = counted_at - interval '90 seconds'"))
    with database.engine() as looking:
        assert [take(looking, limit, "somebody") for _ in range(2)] == [True, False]


def test_a_refused_try_does_not_push_the_wait_further_away(database: Database) -> None:
    limit = Limit("test", burst=1, per_minute=1)
    with database.engine() as looking:
        take(looking, limit, "somebody")
        counted = select(SignInBucket.counted_at)
        before = looking.scalar(counted)
    with database.engine() as looking:
        assert not take(looking, limit, "somebody")
        assert looking.scalar(counted) == before


def test_one_place_guessing_does_not_lock_the_person_out_elsewhere(database: Database) -> None:
    for _ in range(PERSON_FROM_PLACE.burst):
        with database.engine() as looking:
            count_try(looking, address="Nurse@clinic.example", place="198.51.100.7")
    with database.engine() as looking, pytest.raises(TooManyTries):
        count_try(looking, address="nurse@clinic.example ", place="198.51.100.7")
    with database.engine() as looking:
        count_try(looking, address="nurse@clinic.example", place="203.0.113.9")


def test_a_thousand_invented_people_take_no_more_rows_than_there_are_slots(database: Database) -> None:
    limit = Limit("test", burst=1, per_minute=1)
    with database.engine() as looking:
        for number in range(1000):
            take(looking, limit, f"invented {number}")
        assert looking.scalar(select(func.count()).select_from(SignInBucket)) <= 1000
        assert looking.scalar(select(func.max(SignInBucket.slot))) < SLOTS
