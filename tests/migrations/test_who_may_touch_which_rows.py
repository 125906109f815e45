"""Row-level security holds for every table of a clinic, and each role stays inside its grants.

Every test here tries to go beyond what a role may do: with a login that could walk past the policies it would fail.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import ProgrammingError

from followup.db.session import Database
from followup.errors import ConfigurationError

APPEND_ONLY = ("audit_event", "move", "consent", "assessment", "escalation_signal", "contact_attempt")
SECRETS = {
    "patient": "*",
    "contact_point": "*",
    "message": "body_sealed",
    "reply": "body_sealed",
    "staff": "password_hash",
    "task": "note_sealed",
    "assessment": "decision_sealed",
    "procedure": "facts_sealed",
}


@pytest.fixture
def owner(owner_url: str) -> Iterator[Engine]:
    engine = create_engine(owner_url)
    yield engine
    engine.dispose()


def tables_of_a_clinic(owner: Engine) -> list[str]:
    with owner.connect() as connection:
        return list(
            connection.scalars(
                text(
                    "SELECT table_name FROM information_schema.columns WHERE column_name = 'clinic_id'"
                    " AND table_schema = 'public' ORDER BY table_name"
                )
            )
        )


def make_clinic(database: Database, slug: str) -> uuid.UUID:
    clinic_id = uuid.uuid4()
    with database.transaction(clinic_id) as session:
        session.execute(
            text(
                "INSERT INTO clinic (id, slug, name, short_name, code, time_zone, open_hours, holidays, text_from,"
                " text_until, urgent_phone, office_phone, settings) VALUES (:id, :slug, 'A', 'A', 'AA', 'UTC',"
                " '{}', '[]', '09:00', '20:00', '+13125550111', '+13125550100', '{}')"
            ),
            {"id": clinic_id, "slug": slug},
        )
        session.execute(
            text(
                "INSERT INTO sender (id, clinic_id, channel, address, rate_per_second)"
                " VALUES (:id, :clinic, 'sms', :address, 1)"
            ),
            {"id": uuid.uuid4(), "clinic": clinic_id, "address": slug},
        )
    return clinic_id


def test_every_table_of_a_clinic_has_forced_row_level_security(owner: Engine) -> None:
    names = [*tables_of_a_clinic(owner), "clinic", "heartbeat", "outage"]
    with owner.connect() as connection:
        for name in names:
            enabled, forced = connection.execute(
                text("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = :name"),
                {"name": name},
            ).one()
            assert enabled, name
            assert forced, name


def test_without_a_clinic_the_app_sees_nothing(database: Database, owner: Engine) -> None:
    make_clinic(database, "one")
    engine = create_engine(database.url("app"))
    with engine.connect() as connection:
        for name in ("clinic", *(set(tables_of_a_clinic(owner)) - {"provider_event"})):
            if connection.scalar(
                text("SELECT has_table_privilege(current_user, :name, 'SELECT')"), {"name": name}
            ):
                assert connection.scalar(text(f"SELECT count(*) FROM {name}")) == 0, name
    engine.dispose()


def test_one_clinic_sees_and_changes_nothing_of_another(database: Database) -> None:
    first, second = make_clinic(database, "one"), make_clinic(database, "two")
    with database.transaction(second) as session:
        assert session.scalar(text("SELECT count(*) FROM sender")) == 1
        assert session.scalar(text("SELECT count(*) FROM clinic WHERE id = :id"), {"id": first}) == 0
        changed = session.execute(
            text("UPDATE sender SET rate_per_second = 9 WHERE clinic_id = :id"), {"id": first}
        )
        assert changed.rowcount == 0


def test_a_row_cannot_be_written_into_another_clinic(database: Database) -> None:
    first, second = make_clinic(database, "one"), make_clinic(database, "two")
    with pytest.raises(ProgrammingError), database.transaction(second) as session:
        session.execute(
            text(
                "INSERT INTO sender (id, clinic_id, channel, address, rate_per_second)"
                " VALUES (:id, :clinic, 'sms', 'x', 1)"
            ),
            {"id": uuid.uuid4(), "clinic": first},
        )


def test_a_setting_that_leaks_out_of_its_transaction_would_be_seen(database: Database) -> None:
    first = make_clinic(database, "one")
    with database.transaction(first) as session:
        assert session.scalar(text("SELECT count(*) FROM clinic")) == 1
    engine = create_engine(database.url("app"), pool_size=1)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT current_setting('followup.clinic_id', true)")) in (None, "")
    engine.dispose()


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("verb", ["UPDATE {} SET recorded_at = now()", "DELETE FROM {}"])
def test_the_record_of_what_happened_can_only_be_added_to(database: Database, table: str, verb: str) -> None:
    clinic_id = make_clinic(database, "one")
    with pytest.raises(ProgrammingError, match="denied"), database.transaction(clinic_id) as session:
        session.execute(text(verb.format(table)))


@pytest.mark.parametrize(("table", "column"), SECRETS.items())
def test_the_engine_cannot_read_who_or_what(database: Database, table: str, column: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), database.engine() as session:
        session.execute(text(f"SELECT {column} FROM {table}"))


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM message", "UPDATE message SET state = 'queued'", "UPDATE touchpoint SET due_at = now()"],
)
def test_the_engine_cannot_change_what_belongs_to_a_clinic(database: Database, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), database.engine() as session:
        session.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM provider_event",
        "DELETE FROM provider_event",
        "SELECT * FROM patient",
        "SELECT * FROM clinic",
    ],
)
def test_the_intake_reads_nothing(database: Database, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), database.intake() as session:
        session.execute(text(statement))


def test_the_intake_cannot_put_an_event_into_a_clinic(database: Database) -> None:
    clinic_id = make_clinic(database, "one")
    with pytest.raises(ProgrammingError), database.intake() as session:
        session.execute(
            text(
                "INSERT INTO provider_event (id, clinic_id, kind, provider_key, payload_sealed, received_at,"
                " urgent_look, tries) VALUES (:id, :clinic, 'inbound_sms', 'SM1', 'x', now(), false, 0)"
            ),
            {"id": uuid.uuid4(), "clinic": clinic_id},
        )


def test_a_login_that_walks_past_the_policies_is_refused_at_start_up(owner_url: str) -> None:
    risky = Database({"app": owner_url})
    with pytest.raises(ConfigurationError, match="superuser or has BYPASSRLS"):
        risky.check_roles()
    risky.dispose()


def test_the_working_logins_are_accepted_at_start_up(database: Database) -> None:
    database.check_roles()
