"""A backup can be restored into an empty database, by nobody without the key, and nothing is sent twice for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from followup.audit.seal import seal_all, verify_all
from followup.bootstrap import House
from followup.db.backup import back_up
from followup.db.migrate import upgrade
from followup.db.restore import restore, taken_at
from followup.db.session import Database
from followup.enrollment.models import Touchpoint
from followup.enrollment.planning.reasons import Reason
from followup.enrollment.states import TouchpointState
from followup.errors import ConfigurationError, Conflict
from followup.messaging.pause import resume_sending
from followup.outreach.after_restore import compare
from followup.outreach.dispatch import dispatch_due
from followup.patients.models import Patient
from followup.ports import CarrierMessage
from followup.reporting.clinic import clinic_facts
from tests.cast import INES, ROSA, TOM, TUESDAY, ClinicOfTheTest, open_clinic
from tests.servers_of_the_run import as_role
from tests.stages.keeping.conftest import NEW, OLD

Keys = Callable[..., None]
LATER = TUESDAY + timedelta(days=3)


@pytest.fixture
def fresh(empty_database_url: str) -> str:
    """A migrated, empty database beside the one of the test."""
    upgrade(empty_database_url, passwords={})
    return empty_database_url


@pytest.fixture
def restored(fresh: str) -> Iterator[Database]:
    """The product's own view of the database that a backup is restored into."""
    opened = Database({role: as_role(fresh, role) for role in ("app", "engine", "intake")})
    yield opened
    opened.dispose()


@pytest.fixture
def clinic(house: House) -> ClinicOfTheTest:
    """A clinic with patients and a record."""
    opened = open_clinic(house)
    for person in (INES, TOM, ROSA):
        opened.enroll(person)
    seal_all(house.database, settled_after=0)
    return opened


def test_everything_comes_back_and_opens(
    clinic: ClinicOfTheTest, owner_url: str, fresh: str, restored: Database, tmp_path: Path
) -> None:
    file = tmp_path / "clinic.backup"
    done = back_up(owner_url, file)
    back = restore(fresh, file)
    assert back.rows == done.rows
    assert back.rows["patient"] == 3
    assert back.opened > 20
    with restored.transaction(clinic.id) as session:
        assert {each.name for each in session.scalars(select(Patient))} == {INES.name, TOM.name, ROSA.name}
    assert [each.chain.holds for each in verify_all(fresh)] == [True]


def test_the_file_holds_no_name_and_no_number(
    clinic: ClinicOfTheTest, owner_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "clinic.backup"
    back_up(owner_url, file)
    content = file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    assert not list(tmp_path.glob("*.part"))
    for word in (INES.name, INES.phone, "Riverbend", "touchpoint", clinic.id.bytes):
        assert (word if isinstance(word, bytes) else word.encode()) not in content


@pytest.mark.parametrize("damage", ["cut", "bit", "swap", "other key", "no backup"])
def test_a_damaged_or_foreign_file_changes_nothing(
    clinic: ClinicOfTheTest, owner_url: str, fresh: str, tmp_path: Path, keys: Keys, damage: str
) -> None:
    file = tmp_path / "clinic.backup"
    back_up(owner_url, file)
    content = bytearray(file.read_bytes())
    if damage == "cut":
        content = content[:-200]
    elif damage == "bit":
        content[len(content) // 2] ^= 1
    elif damage == "swap":
        content[22:38] = bytes(16)
    elif damage == "other key":
        keys(NEW)
    else:
        content = bytearray(b"something else")
    file.write_bytes(content)
    with pytest.raises(ConfigurationError):
        restore(fresh, file)
    keys(OLD)
    engine = create_engine(fresh)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM clinic")) == 0
        forced = text(
            "SELECT bool_and(relforcerowsecurity) FROM pg_class WHERE relname IN ('patient', 'clinic')"
        )
        assert connection.scalar(forced) is True
    engine.dispose()


def test_a_database_with_rows_is_left_alone(clinic: ClinicOfTheTest, owner_url: str, tmp_path: Path) -> None:
    file = tmp_path / "clinic.backup"
    back_up(owner_url, file)
    with pytest.raises(ConfigurationError, match="not empty"):
        restore(owner_url, file)


def test_after_a_restore_nothing_is_sent_and_nobody_is_signed_in(
    clinic: ClinicOfTheTest, owner_url: str, fresh: str, restored: Database, tmp_path: Path
) -> None:
    """F34: sending is paused until an admin confirms."""
    with clinic.session() as session:
        session.execute(
            text(
                "INSERT INTO staff_session (id, clinic_id, staff_id, token_hash, last_seen_at, expires_at, is_open)"
                " SELECT gen_random_uuid(), clinic_id, id, 'x', now(), now() + interval '1 hour', true"
                " FROM staff LIMIT 1"
            )
        )
    file = tmp_path / "clinic.backup"
    back_up(owner_url, file)
    restore(fresh, file)
    dispatch_due(restored, now=LATER)
    with restored.transaction(clinic.id) as session:
        assert (
            session.scalar(text("SELECT count(*) FROM message WHERE queued_at >= :now"), {"now": LATER}) == 0
        )
        assert session.scalar(text("SELECT count(*) FROM staff_session WHERE ended_at IS NULL")) == 0
        assert taken_at(clinic_facts(session, clinic.id).sending_paused_reason) is not None


def sent(number: str, at: timedelta) -> CarrierMessage:
    """A text that the carrier has in its list and the backup does not know."""
    return CarrierMessage(
        "SM" + "1" * 32,
        "outbound-api",
        "+13125550100",
        number,
        "How are you?",
        "delivered",
        None,
        TUESDAY + at,
    )


def settled(session: Session, person: str) -> list[TouchpointState]:
    """What the comparison made of one patient's contacts."""
    patients = {each.name: each.id for each in session.scalars(select(Patient))}
    rows = session.scalars(
        select(Touchpoint.state).where(
            Touchpoint.patient_id == patients[person], Touchpoint.reason_code == Reason.BEFORE_RESTORE
        )
    )
    return list(rows)


def test_what_the_lost_hours_sent_is_not_sent_again(house: House, clinic: ClinicOfTheTest) -> None:
    """F34: nothing from the lost day repeats; what nobody can know is a person's."""
    with clinic.session() as session:
        session.execute(
            text("UPDATE clinic SET sending_paused_at = now(), sending_paused_reason = 'restored'")
        )
    carrier = {INES.phone: [sent(INES.phone, timedelta(days=2, hours=23))], TOM.phone: []}
    asked: list[str] = []

    def list_sent(numbers, since):  # type: ignore[no-untyped-def]
        asked.extend(numbers)
        return {number: carrier[number] for number in numbers}

    with clinic.session() as session:
        done = compare(session, clinic.id, list_sent, since=TUESDAY, now=LATER, actor=clinic.actor("alma"))
    assert sorted(set(asked)) == [INES.phone, TOM.phone]
    with clinic.session() as session:
        assert settled(session, INES.name) == [TouchpointState.skipped]
        assert settled(session, TOM.name) == []
        by_mail = settled(session, ROSA.name)
    assert set(by_mail) == {TouchpointState.call_task}
    assert (done.sent_already, done.for_a_person) == (1, len(by_mail))
    assert done.still_to_send > 1


def test_comparing_while_texts_still_go_out_is_refused(house: House, clinic: ClinicOfTheTest) -> None:
    with pytest.raises(Conflict), clinic.session() as session:
        compare(session, clinic.id, lambda *_: {}, since=TUESDAY, now=LATER, actor=clinic.actor("alma"))


def test_an_admin_lets_it_go_on_and_that_is_on_record(house: House, clinic: ClinicOfTheTest) -> None:
    """F34."""
    with clinic.session() as session:
        session.execute(
            text("UPDATE clinic SET sending_paused_at = now(), sending_paused_reason = 'restored'")
        )
    with clinic.session() as session:
        resume_sending(session, clinic.id, now=LATER, actor=clinic.actor("alma"), reason="compared")
    with clinic.session() as session:
        assert clinic_facts(session, clinic.id).sending_paused_at is None
        assert session.scalar(text("SELECT count(*) FROM audit_event WHERE action = 'resume sending'")) == 1
    dispatch_due(house.database, now=TUESDAY + timedelta(days=1))
    with clinic.session() as session:
        assert session.scalar(text("SELECT count(*) FROM message")) > 0
