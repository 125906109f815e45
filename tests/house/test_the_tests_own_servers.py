"""The promises of conftest.py: a database of one's own, the product's logins on it, bells that can be heard."""

from __future__ import annotations

import uuid

import pytest
import redis
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from followup.db.session import Bell, Database
from followup.doorbell import ring
from tests.servers_of_the_run import superuser


def test_each_test_gets_a_migrated_database_on_which_row_level_security_holds(database: Database) -> None:
    database.check_roles()
    with database.transaction(uuid.uuid4()) as session:
        assert session.scalar(text("SELECT count(*) FROM patient")) == 0


@pytest.mark.parametrize("_visit", ["first", "second"])
def test_nothing_of_one_test_is_seen_by_another(owner_url: str, _visit: str) -> None:
    with superuser(owner_url) as connection:
        assert connection.execute("SELECT to_regclass('left_behind')").fetchone() == (None,)
        connection.execute("CREATE TABLE left_behind (number int)")


def test_bells_are_heard_after_the_commit_and_not_before(database: Database, rung: list[Bell]) -> None:
    reply = uuid.uuid4()
    with database.transaction(uuid.uuid4()) as session:
        ring(session, "reply-received", reply)
        assert rung == []
    assert rung == [Bell("reply-received", (str(reply),))]


def test_the_webhooks_login_can_read_nobody(database: Database) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), database.intake() as session:
        session.execute(text("SELECT * FROM patient"))


@pytest.mark.parametrize("_visit", ["first", "second"])
def test_each_test_finds_redis_empty(redis_url: str, _visit: str) -> None:
    with redis.Redis.from_url(redis_url) as bell:
        assert bell.dbsize() == 0
        bell.set("left", "behind")
