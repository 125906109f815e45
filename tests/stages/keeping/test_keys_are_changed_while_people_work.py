"""Keys at rest: rotation, what is found meanwhile, and a start without the right key."""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import LargeBinary, select, text

from followup.audit.seal import seal_all, verify
from followup.bootstrap import House
from followup.clinics.states import Channel
from followup.db import keys as key_notes
from followup.db import sealed
from followup.db.base import Base
from followup.db.migrate import upgrade
from followup.db.registry import ROW_MODULES
from followup.db.rotate import rotate, sealed_tables
from followup.errors import ConfigurationError
from followup.kit.crypto import SealError
from followup.patients.models import ContactPoint, Patient
from followup.patients.register import others_at
from followup.reporting.patients import search
from followup.staff.queries import find_by_address
from tests.cast import INES, TOM, ClinicOfTheTest, open_clinic
from tests.servers_of_the_run import in_database, superuser
from tests.stages.keeping.conftest import NEW, OLD

Keys = Callable[..., None]


def test_every_sealed_column_and_every_blind_index_has_its_maker() -> None:
    for module in ROW_MODULES:
        importlib.import_module(module)
    known = {(table.name, column) for table in sealed_tables() for column in table.columns}
    blinds = {
        (mapper.class_.__tablename__, column)
        for mapper in Base.registry.mappers
        for column in mapper.class_.blind_columns
    }
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.name.endswith("_sealed"):
                assert (table.name, column.name) in known
            if column.name.endswith("_blind"):
                assert (table.name, column.name) in blinds
            if isinstance(column.type, LargeBinary) and not column.name.endswith(("_sealed", "_blind")):
                assert column.name in {"hash", "previous_hash", "words_digest", "token_hash", "key_hash",
                                       "code_hash", "key_id"}, f"{table.name}.{column.name}"  # fmt: skip


def found(clinic: ClinicOfTheTest) -> list[str]:
    """Whom the pages find: by a beginning of the name, by the number, and by a colleague's address."""
    with clinic.session() as session:
        by_name = [line.name for line in search(session, "ine").lines]
        by_number = [line.name for line in search(session, INES.phone).lines]
        shared = others_at(session, Channel.sms, INES.phone)
    with clinic.house.database.engine() as looking:
        staff = find_by_address(looking, "alma@riverbend.example")
    return [*by_name, *by_number, str(shared), str(staff is not None)]


EVERYBODY = [INES.name, INES.name, "1", "True"]


def test_people_are_found_before_during_and_after_a_rotation(
    house: House, owner_url: str, keys: Keys
) -> None:
    clinic = open_clinic(house)
    clinic.enroll(INES)
    assert found(clinic) == EVERYBODY

    keys(NEW, OLD)
    assert found(clinic) == EVERYBODY
    clinic.enroll(TOM)  # sealed with the new key beside rows under the old one
    rotated = rotate(owner_url)
    assert rotated.is_complete
    assert rotated.rows > 10
    assert found(clinic) == EVERYBODY

    keys(NEW)
    assert found(clinic) == EVERYBODY
    with clinic.session() as session:
        assert {patient.name for patient in session.scalars(select(Patient))} == {INES.name, TOM.name}
        assert {point.address for point in session.scalars(select(ContactPoint))} == {INES.phone, TOM.phone}


def test_a_rotation_that_was_stopped_goes_on_where_it_was(house: House, owner_url: str, keys: Keys) -> None:
    clinic = open_clinic(house)
    clinic.enroll(INES)
    keys(NEW, OLD)

    class Killed(Exception):
        pass

    def stop(table: str, _rows: int) -> None:
        if table == "contact_point":
            raise Killed

    with pytest.raises(Killed):
        rotate(owner_url, told=stop)
    assert found(clinic) == EVERYBODY
    assert rotate(owner_url).is_complete
    keys(NEW)
    assert found(clinic) == EVERYBODY
    assert rotate(owner_url).rows == 0


def test_the_audit_chain_outlives_a_change_of_the_keys(house: House, owner_url: str, keys: Keys) -> None:
    clinic = open_clinic(house)
    clinic.enroll(INES)
    seal_all(house.database, settled_after=0)
    keys(NEW, OLD)
    rotate(owner_url)
    keys(NEW)
    with house.database.engine() as session:
        verified = verify(session, clinic.id)
    assert verified.holds
    assert verified.rows > 1


def test_a_start_without_the_key_of_existing_rows_is_refused(house: House, keys: Keys) -> None:
    """F85: the key is missing, or another one stands in its place."""
    clinic = open_clinic(house)
    clinic.enroll(INES)
    with house.database.engine() as looking:
        key_notes.check_keys(looking)
    keys(NEW)
    with pytest.raises(ConfigurationError, match="lacks the key"), house.database.engine() as looking:
        key_notes.check_keys(looking)
    with pytest.raises(SealError), clinic.session() as session:
        _ = session.scalars(select(Patient)).one().name


def test_a_new_key_may_start_beside_the_old_one_and_alone_after_a_rotation(
    house: House, owner_url: str, keys: Keys
) -> None:
    open_clinic(house)
    with house.database.engine() as looking:
        key_notes.check_keys(looking)
    keys(NEW, OLD)
    with house.database.engine() as looking:
        key_notes.check_keys(looking)
    rotate(owner_url)
    keys(NEW)
    with house.database.engine() as looking:
        key_notes.check_keys(looking)


def test_a_value_moved_to_another_row_does_not_open(house: House) -> None:
    ring = sealed.ring()
    here, there = uuid.uuid4(), uuid.uuid4()
    value = ring.seal("Ines", sealed.place("patient", "name_sealed", here))
    with pytest.raises(SealError):
        ring.open(value, sealed.place("patient", "name_sealed", there))


@pytest.fixture
def owned_by_a_plain_login(servers: dict[str, str]) -> Iterator[str]:
    """A migrated database whose owner is no superuser, as in production."""
    name = f"test_{uuid.uuid4().hex}"
    with superuser(servers["database_url"]) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN")
        connection.execute(f"CREATE DATABASE {name} OWNER {name}")
        url = in_database(servers["database_url"], name).replace("//postgres@", f"//{name}@")
        upgrade(url, passwords={})
        yield url
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.execute(f"DROP ROLE {name}")


def test_an_owner_without_superpowers_can_rotate(
    owned_by_a_plain_login: str, house: House, keys: Keys
) -> None:
    with psycopg.connect(owned_by_a_plain_login.replace("+psycopg", "")) as connection:
        event = uuid.uuid4()
        connection.execute(
            "INSERT INTO provider_event (id, kind, provider_key, payload_sealed, urgent_look, received_at, tries)"
            " VALUES (%s, 'inbound_sms', 'SM1', %s, false, now(), 0)",
            [event, sealed.ring().seal("{}", sealed.place("provider_event", "payload_sealed", event))],
        )
    keys(NEW, OLD)
    assert rotate(owned_by_a_plain_login).rows == 1


def test_no_working_login_may_rewrite_what_is_sealed(house: House) -> None:
    clinic = open_clinic(house)
    with clinic.session() as session:
        asked = text("SELECT has_column_privilege('audit_event', 'details_sealed', 'UPDATE')")
        assert session.scalar(asked) is False
        # What retention may empty is guarded by a trigger, which test_words_end_in_time.py tries to get past.
        guarded = text(
            "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE tgname = 'only_emptied' AND tgenabled = 'O' ORDER BY relname"
        )
        assert session.scalars(guarded).all() == ["assessment", "provider_event"]
