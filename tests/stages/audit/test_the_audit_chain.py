"""The chain of a clinic's audit rows shows every later change, and a slow transaction is no change."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError

from celeryconfig import beat_schedule
from followup.audit.models import AuditEvent
from followup.audit.record import SYSTEM, Subject, record
from followup.audit.seal import SEALER_LOCK, SETTLED_AFTER_SECONDS, seal, seal_all, verify
from followup.bootstrap import House
from tests.cast import INES, TUESDAY, ClinicOfTheTest, open_clinic


def note(clinic: ClinicOfTheTest, action: str, *, many: int = 1) -> None:
    with clinic.session() as session:
        for _ in range(many):
            record(
                session, clinic.id, actor=SYSTEM, action=action, now=TUESDAY, subject=Subject("test"),
                details={"why": "a test"},
            )  # fmt: skip


def change(owner_url: str, statement: str) -> None:
    """What only somebody with the owner's login could do."""
    with psycopg.connect(owner_url.replace("postgresql+psycopg", "postgresql")) as connection:
        connection.execute(statement)


def test_every_row_is_chained_and_the_chain_holds(house: House) -> None:
    clinic = open_clinic(house)
    note(clinic, "read", many=5)
    first = seal_all(house.database, settled_after=0)
    assert first > 5
    note(clinic, "read again", many=3)
    assert seal_all(house.database, settled_after=0) == 3
    with house.database.engine() as session:
        verified = verify(session, clinic.id)
    assert (verified.holds, verified.rows) == (True, first + 3)


def test_what_happens_is_chained_within_ten_seconds() -> None:
    rounds = next(each["schedule"] for each in beat_schedule.values() if each["task"] == "upkeep.seal_audit")
    assert SETTLED_AFTER_SECONDS + float(str(rounds)) < 10


def test_a_row_that_was_changed_breaks_the_chain_where_it_stands(house: House, owner_url: str) -> None:
    clinic = open_clinic(house)
    note(clinic, "read", many=5)
    seal_all(house.database, settled_after=0)
    change(owner_url, "UPDATE audit_event SET action = 'nothing happened' WHERE seq = 3")
    with house.database.engine() as session:
        assert verify(session, clinic.id).broken_at == 3


def test_a_row_that_was_removed_leaves_those_behind_it_without_a_link(house: House, owner_url: str) -> None:
    clinic = open_clinic(house)
    note(clinic, "read", many=5)
    seal_all(house.database, settled_after=0)
    change(owner_url, "DELETE FROM audit_event WHERE seq = 3")
    with house.database.engine() as session:
        assert verify(session, clinic.id).broken_at == 4


def test_a_transaction_that_commits_late_is_chained_behind_and_is_no_break(house: House) -> None:
    clinic = open_clinic(house)
    seal_all(house.database, settled_after=0)
    with clinic.session() as slow:
        record(slow, clinic.id, actor=SYSTEM, action="slow", now=TUESDAY, subject=Subject("test"))
        slow.flush()
        note(clinic, "quick", many=3)
        assert seal_all(house.database, settled_after=0) == 3
    assert seal_all(house.database, settled_after=0) == 1
    note(clinic, "later")
    assert seal_all(house.database, settled_after=0) == 1
    with house.database.engine() as session:
        assert verify(session, clinic.id).holds


def test_rows_rest_before_they_are_chained(house: House) -> None:
    clinic = open_clinic(house)
    note(clinic, "read")
    assert seal_all(house.database) == 0


def test_two_sealers_do_not_chain_the_same_row_twice(house: House) -> None:
    clinic = open_clinic(house)
    seal_all(house.database, settled_after=0)
    note(clinic, "read", many=3)
    with house.database.engine() as first:
        first.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SEALER_LOCK})
        with house.database.engine() as second:
            assert seal(second, clinic.id, settled_after=0) == 0
    assert seal_all(house.database, settled_after=0) == 3


def test_the_app_role_cannot_rewrite_the_record(house: House) -> None:
    clinic = open_clinic(house)
    with clinic.session() as session:
        allowed = [
            session.scalar(text("SELECT has_table_privilege('audit_event', :verb)"), {"verb": verb})
            for verb in ("UPDATE", "DELETE")
        ]
        assert session.scalar(select(func.count()).select_from(AuditEvent))
    assert allowed == [False, False]


def test_a_row_that_was_put_in_has_no_place_in_the_chain(house: House, owner_url: str) -> None:
    clinic = open_clinic(house)
    note(clinic, "read", many=5)
    seal_all(house.database, settled_after=0)
    change(
        owner_url,
        "INSERT INTO audit_event (id, clinic_id, at, actor_kind, action, subject_kind, previous_hash, hash)"
        " SELECT gen_random_uuid(), clinic_id, at, actor_kind, 'never done', subject_kind, previous_hash, hash"
        " FROM audit_event WHERE seq = 3",
    )
    with house.database.engine() as session:
        assert verify(session, clinic.id).broken_at == session.scalar(
            text("SELECT max(seq) FROM audit_event")
        )


def test_other_words_in_a_sealed_reason_are_seen(house: House, owner_url: str) -> None:
    clinic = open_clinic(house)
    note(clinic, "read", many=2)
    seal_all(house.database, settled_after=0)
    change(owner_url, "UPDATE audit_event SET details_sealed = set_byte(details_sealed, 20, 0) WHERE seq = 2")
    with house.database.engine() as session:
        assert verify(session, clinic.id).broken_at == 2


def test_words_that_were_removed_for_a_patient_leave_the_skeleton_whole(house: House, owner_url: str) -> None:
    clinic = open_clinic(house)
    note(clinic, "read", many=3)
    seal_all(house.database, settled_after=0)
    change(owner_url, "UPDATE audit_event SET details_sealed = NULL, reason_sealed = NULL WHERE seq = 2")
    with house.database.engine() as session:
        assert verify(session, clinic.id).holds


def test_an_action_whose_record_cannot_be_written_does_not_happen(house: House, owner_url: str) -> None:
    """F86."""
    clinic = open_clinic(house)
    change(owner_url, "REVOKE INSERT ON audit_event FROM followup_app")
    try:
        with pytest.raises(ProgrammingError):
            clinic.enroll(INES)
    finally:
        change(owner_url, "GRANT INSERT ON audit_event TO followup_app")
    with clinic.session() as session:
        for table in ("patient", "enrollment", "touchpoint", "message"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
