"""F32, F33: a line is cut, or slow, in the middle of a sentence."""

from __future__ import annotations

import dataclasses
from urllib.parse import urlsplit

import pytest
from sqlalchemy.exc import DBAPIError

from followup.db.session import Database
from followup.lab import Lab
from followup.settings import Settings
from tests.faults import failing_database
from tests.faults.case import PUBLIC, Case
from tests.faults.failing_database import (
    one_text,
    through,
)
from tests.faults.invariants import Eye
from tests.faults.own_postgres import OwnPostgres
from tests.faults.proxy import Proxy
from tests.household import Household, move_in
from tests.servers_of_the_run import superuser

pytestmark = pytest.mark.slow

# The fixtures of a database of these tests' own, in place of the shared one.
server = failing_database.server
owner_url = failing_database.owner_url
cut_line = failing_database.cut_line


def test_f32_a_line_cut_after_the_commit_was_sent_is_looked_up_and_not_assumed(
    case: Case, cut_line: tuple[Proxy, str]
) -> None:
    """The commit to ``calling`` went through, its answer did not come: the pump looks and calls once."""
    proxy, place = cut_line
    case.queue_welcome()
    plain = case.home.house
    cut = through(case, place)
    case.home.house = dataclasses.replace(plain, database=cut)
    case.injected()
    proxy.swallow_after = b"state = 'calling', calling_at"
    case.home.deliver()
    assert proxy.swallowed.is_set()
    case.home.house = plain
    cut.dispose()
    case.recovers(lambda: case.state()[1] == "accepted")
    assert len(case.texts()) == 1


@pytest.mark.parametrize("word", ["COMMIT"])
def test_f32_every_commit_of_a_delivery_may_lose_its_answer(
    case: Case, cut_line: tuple[Proxy, str], word: str
) -> None:
    """Cut after the first, the second … the n-th commit: at most one text, and one in the end."""
    proxy, place = cut_line
    plain = case.home.house
    case.injected()
    cut = through(case, place)
    for number in range(6):
        case.home.enroll(name=f"Ann No{chr(97 + number)}", patient__phone=f"+1312555{120 + number:04d}")
        case.home.dispatch()
        case.home.house = dataclasses.replace(plain, database=cut)
        proxy.swallow_after = word.encode()
        try:
            case.home.deliver()
        except DBAPIError:
            proxy.swallow_after = None
        case.home.house = plain
    cut.dispose()
    case.home.change("UPDATE sender SET lease_until = NULL")  # a minute of machine time
    case.machine_time_passes(2)
    case.home.settle()
    case.machine_time_passes(16)
    case.recovers(lambda: case.home.only("SELECT count(*) FROM message WHERE state <> 'queued'") == 6)
    assert [len(case.texts(f"+1312555{120 + number:04d}")) for number in range(6)] == [1] * 6


def test_f33_a_slow_database_ends_in_a_time_limit_and_ticks_do_not_pile_up(
    case: Case, owner_url: str
) -> None:
    case.queue_welcome()
    quick = Database(
        {role: case.home.house.database.url(role) for role in ("app", "engine", "intake")},
        statement_timeout="300ms",
    )
    case.injected()
    with superuser(owner_url) as other:
        other.autocommit = False
        other.execute("LOCK TABLE message IN ACCESS EXCLUSIVE MODE")
        plain = case.home.house
        case.home.house = dataclasses.replace(plain, database=quick)
        with pytest.raises(DBAPIError):
            case.home.deliver()
        case.home.house = plain
        other.rollback()
    quick.dispose()
    case.recovers(lambda: one_text(case))


def test_the_house_of_these_tests_is_on_its_own_server(
    settings: Settings, lab: Lab, server: OwnPostgres
) -> None:
    """Stopping it must not stop another test."""
    household: Household = move_in(settings, lab)
    assert urlsplit(server.superuser_url).query in household.house.database.url("app")
    assert PUBLIC
    Eye(household).check()
    household.house.database.dispose()
