"""In production nobody is put on a pathway before two people signed its very content, a clinician among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from followup.audit.record import Actor
from followup.bootstrap import House
from followup.errors import Conflict, InvalidInput
from followup.pathways.approve import approval, sign, usable
from followup.pathways.library import Library
from followup.settings import Environment
from tests.doors.conftest import NOW, SmallClinic, Story

NAME = "stem-cell-back"
SignedIn = Callable[..., TestClient]


@pytest.fixture
def strict(library: Library) -> Library:
    """The shipped pathways as production asks for them."""
    return replace(library, needs_signatures=True)


def press(browser: TestClient, library: Library, *, seen: str | None = None) -> int:
    pathway = library.get(NAME)
    return browser.post(
        f"/pathways/{NAME}/sign", data={"content_hash": seen or pathway.content_hash}
    ).status_code


def may_be_used(house: House, clinic: SmallClinic, library: Library) -> bool:
    with house.database.transaction(clinic.id) as session:
        try:
            usable(session, library, NAME)
        except InvalidInput:
            return False
        return True


def test_production_asks_for_signatures_and_others_do_not(house: House) -> None:
    production = house.settings.model_copy(update={"environment": Environment.production})
    assert not house.library.needs_signatures
    assert replace(house, settings=production).library.needs_signatures


def test_two_people_and_one_of_them_a_clinician(
    house: House, clinic: SmallClinic, strict: Library, signed_in: SignedIn
) -> None:
    admin = signed_in(clinic, "clinic_admin")
    assert not may_be_used(house, clinic, strict)
    assert press(admin, strict) == 303
    assert not may_be_used(house, clinic, strict)
    assert press(admin, strict) == 409
    assert press(signed_in(clinic, "nurse"), strict) == 303
    assert may_be_used(house, clinic, strict)
    with house.database.transaction(clinic.id) as session:
        signed = text("SELECT count(*) FROM audit_event WHERE action = 'sign pathway'")
        assert session.scalar(signed) == 2


def test_two_people_without_a_clinician_are_not_enough(
    house: House, clinic: SmallClinic, strict: Library, story: Story
) -> None:
    pathway = strict.get(NAME)
    with house.database.transaction(clinic.id) as session:
        for key in ("clinic_admin", "manager"):
            staff_id = story.rows(f"SELECT id FROM staff WHERE key = '{key}'")[0][0]
            given = sign(
                session, clinic.id, pathway, seen=pathway.content_hash, staff_id=staff_id, is_clinician=False,
                now=NOW, actor=Actor("staff", staff_id),
            )  # fmt: skip
        assert not given.is_given
        assert "a nurse or physician" in given.missing


@pytest.mark.parametrize("role", ["coordinator", "manager", "auditor", "system_admin"])
def test_who_may_not_sign_does_not(
    clinic: SmallClinic, strict: Library, signed_in: SignedIn, role: str
) -> None:
    assert press(signed_in(clinic, role), strict) == 403


def test_a_letter_that_changed_since_has_no_signature(
    house: House, clinic: SmallClinic, strict: Library, signed_in: SignedIn
) -> None:
    assert press(signed_in(clinic, "nurse"), strict, seen="0" * 64) == 409
    assert press(signed_in(clinic, "nurse"), strict) == 303
    assert press(signed_in(clinic, "physician"), strict) == 303
    changed = replace(strict.get(NAME), content_hash="1" * 64)
    with house.database.transaction(clinic.id) as session:
        assert not approval(session, changed).is_given
        with pytest.raises(Conflict):
            sign(
                session, clinic.id, changed, seen=strict.get(NAME).content_hash, staff_id=clinic.id,
                is_clinician=True, now=NOW, actor=Actor("system"),
            )  # fmt: skip


def test_the_other_clinics_signatures_do_not_count(
    house: House,
    clinic: SmallClinic,
    strict: Library,
    signed_in: SignedIn,
    make_clinic: Callable[..., SmallClinic],
) -> None:
    other = make_clinic("lakeside", "+14155550177")
    for role in ("nurse", "physician"):
        assert press(signed_in(other, role), strict) == 303
    assert may_be_used(house, other, strict)
    assert not may_be_used(house, clinic, strict)


def test_nobody_is_enrolled_before_and_the_demo_says_that_it_asks_nobody(
    app: FastAPI, strict: Library, machine: TestClient, coordinator: TestClient
) -> None:
    assert "With real patients two people have to sign it" in coordinator.get(f"/pathways/{NAME}").text
    app.state.library = strict
    body = {
        "patient": {"name": "Ines Ortega", "phone": "+14155550123", "language": "en"},
        "procedure": {"performed_on": "2026-03-02", "harvest": "bone_marrow"},
        "pathway": NAME, "channel": "sms", "consent": {"sms": True, "obtained_by": "Alma Reyes"},
    }  # fmt: skip
    answer = machine.post("/api/v1/enrollments", json=body)
    assert answer.status_code == 422
    assert "two people have to sign it" in answer.text
