"""Rows of a file become enrollments through the verb of the form: each whole, none twice, none blasted."""

from __future__ import annotations

from typing import Any

import pytest

from followup.audit.record import Actor
from followup.enrollment.import_patients import Done, Outcome, Row, import_rows, what_waits
from followup.enrollment.imports.patient_file import open_patient_file
from followup.enrollment.imports.values import Reading
from followup.errors import Conflict
from tests.household import Household

HEADER = "name,phone,birth date,procedure date,harvest,language,consent,obtained by,pathway"
REST = "fat,en,yes,Alma Reyes,stem-cell-back"


def line(name: str, phone: str = "3125550101", born: str = "", day: str = "2026-11-24") -> str:
    """One row of a file."""
    return f"{name},{phone},{born},{day},{REST}"


def given(home: Household, *lines: str, header: str = HEADER, dies: bool = False, **told: Any) -> list[Done]:
    """Import a file in one transaction."""
    found = open_patient_file("\n".join([header, *lines]).encode(), {}, Reading())
    rows = [Row(record.line, request, record.problem) for record, request in found.requests(Reading())]
    with home.house.database.transaction(home.clinic_id) as session:
        done = import_rows(
            session,
            home.clinic_id,
            rows,
            library=home.house.library,
            now=home.now,
            actor=Actor("system"),
            **told,
        )
        if dies:
            raise RuntimeError("killed")
        return done


def outcomes(done: list[Done]) -> list[str]:
    """What became of each row."""
    return [each.outcome.value for each in done]


def count(home: Household, table: str) -> int:
    """Rows of a table of this clinic."""
    found: int = home.only(f"SELECT count(*) FROM {table}")
    return found


def test_f10_a_batch_that_dies_leaves_nothing_and_the_rows_before_it_whole(home: Household) -> None:
    given(home, line("Ines Duarte"))
    with pytest.raises(RuntimeError, match="killed"):
        given(home, line("Tom Vance", "3125550102"), dies=True)
    assert count(home, "enrollment") == count(home, "patient") == 1
    again = given(home, line("Ines Duarte"), line("Tom Vance", "3125550102"))
    assert outcomes(again) == ["already there", "enrolled"]


def test_b63_a_refused_row_leaves_nothing_and_stops_no_other(home: Household) -> None:
    done = given(
        home, line("Ines Duarte"), "Tom Vance,3125550102", line("Rosa Lima", "911"),
        line("Bo Lind", "3125550103", day="2026-02-30"), line("Ada Berg", "3125550104"),
    )  # fmt: skip
    assert outcomes(done) == ["enrolled", "refused", "refused", "refused", "enrolled"]
    assert [[one.field for one in each.problems] for each in done if each.problems] == [
        ["row"], ["patient.phone"], ["procedure.performed_on"],
    ]  # fmt: skip
    assert count(home, "patient") == count(home, "enrollment") == 2


def test_b64_the_same_row_twice_and_the_same_file_again_enroll_once(home: Household) -> None:
    file = [line("Ines Duarte"), line("Tom Vance", "3125550102"), line("INES DUARTE", "(312) 555-0101")]
    assert outcomes(given(home, *file)) == ["enrolled", "enrolled", "already there"]
    before = count(home, "touchpoint"), count(home, "audit_event"), count(home, "move")
    assert outcomes(given(home, *file)) == ["already there"] * 3
    assert (count(home, "touchpoint"), count(home, "audit_event"), count(home, "move")) == before


def test_b64_a_row_is_known_again_in_another_file_and_after_a_mended_field(home: Household) -> None:
    given(home, line("Ines Duarte"))
    moved = given(home, line("Tom Vance", "3125550102"), line("Ines Duarte", born="1961-04-17"))
    assert outcomes(moved) == ["enrolled", "already there"]


def test_b65_the_same_person_with_another_phone_is_a_question(home: Household) -> None:
    given(home, line("Ines Duarte", born="1961-04-17"), line("Tom Vance", "3125550102"))
    done = given(
        home, line("Duarte Inés", "3125550105", born="1961-04-17", day="2026-11-25"),
        line("Tom Vance", "3125550106"),
    )  # fmt: skip
    assert outcomes(done) == ["refused", "refused"]
    assert "this name and the same birth date is here with another number" in done[0].problems[0].message
    assert "this name and the same procedure date is here" in done[1].problems[0].message
    assert count(home, "patient") == 2


def test_b65_a_namesake_is_enrolled_when_a_person_says_so_or_the_birth_dates_differ(home: Household) -> None:
    given(home, line("Ines Duarte", born="1961-04-17"))
    assert outcomes(given(home, line("Ines Duarte", "3125550105", born="1980-01-31"))) == ["enrolled"]
    said = f"{line('Ines Duarte', '3125550106', born='1961-04-17')},no"
    assert outcomes(given(home, said, header=f"{HEADER},same person")) == ["enrolled"]
    assert count(home, "patient") == 3


def test_b70_a_row_for_another_clinic_is_refused(home: Household) -> None:
    header = f"{HEADER},clinic id"
    done = given(
        home, f"{line('Ines Duarte')},lakeside", f"{line('Tom Vance', '3125550102')},Riverbend",
        f"{line('Ada Berg', '3125550104')},{home.clinic_id}", header=header,
    )  # fmt: skip
    assert outcomes(done) == ["refused", "enrolled", "enrolled"]
    assert done[0].problems[0].message == "This row names another clinic. It is not enrolled here."


def test_b71_past_dates_blast_nothing_and_every_contact_says_why(home: Household) -> None:
    done = given(
        home,
        *(
            line(f"Ines {name}", f"312555010{at}", day="2026-09-01")
            for at, name in enumerate("ABCD", start=1)
        ),
    )
    assert outcomes(done) == ["enrolled"] * 4
    with home.house.database.transaction(home.clinic_id) as session:
        waits = what_waits(session, done)
    assert waits["skipped"] > 0
    assert not home.rows("SELECT 1 FROM touchpoint WHERE state <> 'planned' AND reason IS NULL")
    home.dispatch()
    assert (
        home.only("SELECT coalesce(max(n), 0) FROM (SELECT count(*) n FROM message GROUP BY patient_id) each")
        <= 1
    )
    assert not home.rows("SELECT 1 FROM touchpoint WHERE state = 'planned' AND due_at < :now", now=home.now)


def test_a_dry_run_says_the_same_and_saves_nothing(home: Household) -> None:
    seen: set[str] = set()
    done = given(home, line("Ines Duarte"), line("Ines Duarte"), line("Tom", "911"), dry_run=True, seen=seen)
    assert outcomes(done) == ["enrolled", "already there", "refused"]
    assert outcomes(given(home, line("Ines Duarte"), dry_run=True, seen=seen)) == ["already there"]
    assert count(home, "patient") == count(home, "enrollment") == 0
    assert done[0].outcome is Outcome.enrolled


def test_the_key_of_a_row_names_nobody(home: Household) -> None:
    given(home, line("Ines Duarte"))
    assert home.only("SELECT request_key ~ '^import:[0-9a-f]{32}$' FROM enrollment")


def test_two_imports_of_a_clinic_do_not_run_at_once(home: Household) -> None:
    with home.house.database.transaction(home.clinic_id) as session:
        import_rows(
            session, home.clinic_id, [], library=home.house.library, now=home.now, actor=Actor("system")
        )
        with pytest.raises(Conflict, match="Another import of this clinic is running"):
            given(home, line("Ines Duarte"))
    assert outcomes(given(home, line("Ines Duarte"))) == ["enrolled"]
