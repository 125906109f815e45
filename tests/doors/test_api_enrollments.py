"""Enrolling and changing enrollments through the JSON API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from followup.audit.record import SYSTEM
from followup.bootstrap import House
from followup.staff import api_keys
from followup.staff.states import StaffRole
from tests.doors.conftest import NOW, SmallClinic
from tests.doors.least_enrollment import LEAST, with_field


def test_the_least_enrollment_is_answered_with_its_calendar(machine: TestClient) -> None:
    answer = machine.post("/api/v1/enrollments", json=LEAST)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["state"] == "active"
    assert answer.headers["location"] == f"/api/v1/enrollments/{told['id']}"
    first = told["touchpoints"][0]
    assert {"id", "key", "channel", "local_time", "time_zone", "due_at", "state", "reason"} <= first.keys()
    assert first["time_zone"] == "America/Los_Angeles"
    assert machine.get(f"/api/v1/enrollments/{told['id']}").json()["touchpoints"] == told["touchpoints"]
    patient = machine.get(f"/api/v1/patients/{told['patient_id']}").json()
    assert [point["address"] for point in patient["contact_points"]] == ["ines@mail.example", "+14155550123"]


def test_the_same_procedure_twice_is_refused_with_the_first(machine: TestClient) -> None:
    first = machine.post("/api/v1/enrollments", json=LEAST).json()
    second = machine.post("/api/v1/enrollments", json=LEAST)
    assert second.status_code == 409
    assert second.headers["content-type"] == "application/problem+json"
    assert second.json()["code"] == "already-enrolled"
    assert second.json()["enrollment"] == f"/api/v1/enrollments/{first['id']}"


def test_a_repeated_request_with_its_key_enrolls_once(machine: TestClient) -> None:
    """B114."""
    answers = [
        machine.post("/api/v1/enrollments", json=LEAST, headers={"idempotency-key": "visit-4711"})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]


def test_a_past_procedure_follows_the_lateness_rules(machine: TestClient) -> None:
    told = machine.post("/api/v1/enrollments", json=with_field("procedure.performed_on", "2026-02-24")).json()
    states = {each["state"] for each in told["touchpoints"]}
    assert states > {"planned"}
    assert all(each["reason"] for each in told["touchpoints"] if each["state"] != "planned")


@pytest.mark.parametrize(
    ("case", "field", "value"),
    [
        ("B03", "patient.phone", "0014155550123"),
        ("B05", "patient.phone", "+1 415 555 0123 x12"),
        ("B07", "patient.phone", "911"),
        ("B16", "patient.phone", "4.155550101E9"),
        ("B21", "patient.phone", "+14155550100"),
        ("B27", "patient.name", "\u200b\u200b"),
        ("B29", "patient.name", "Ines\u0000Ortega"),
        ("B29", "procedure.conditions", "a\u0007b"),
        ("B44", "procedure.performed_on", "02/30/2026"),
        ("B45", "procedure.performed_on", "3/4/26"),
        ("B46", "procedure.performed_on", "46123"),
        ("B47", "procedure.performed_on", "0206-03-04"),
        ("B48", "procedure.performed_on", "2019-03-04"),
        ("B49", "patient.birth_date", "2027-03-04"),
        ("B51", "patient.time_zone", "EST5EDT"),
        ("B51", "patient.time_zone", "PST"),
        ("", "patient.language", "fr"),
        ("", "pathway", "no-such-pathway"),
        ("", "channel", "voice"),
        ("", "consent.sms", False),
        ("", "consent.obtained_by", None),
    ],
)
def test_what_is_wrong_is_said_at_its_field(machine: TestClient, case: str, field: str, value: Any) -> None:
    answer = machine.post("/api/v1/enrollments", json=with_field(field, value))
    assert answer.status_code == 422, answer.text
    assert field in [each["field"] for each in answer.json()["errors"]]
    assert machine.get("/api/v1/patients").json()["items"] == []


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("B25", "Ines 🌻"),
        ("B32", "O"),
        ("B32", "Null"),
        ("B33", "Robert'); DROP TABLE patient"),
        ("B34", "<script>alert(1)</script>"),
        ("B35", "{{ 7*7 }} ${x} %s {0}"),
        ("B36", "=HYPERLINK(1)"),
    ],
)
def test_unusual_names_are_kept_as_they_are(machine: TestClient, case: str, name: str) -> None:
    told = machine.post("/api/v1/enrollments", json=with_field("patient.name", name)).json()
    assert machine.get(f"/api/v1/patients/{told['patient_id']}").json()["name"] == name


@pytest.mark.parametrize("field", ["role", "clinic_id", "state", "patient.opted_out_at", "consent.decision"])
def test_fields_nobody_asked_for_have_no_effect(machine: TestClient, field: str) -> None:
    """B112."""
    answer = machine.post("/api/v1/enrollments", json=with_field(field, "withdrawn"))
    assert answer.status_code == 201
    assert answer.json()["state"] == "active"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("[" * 100_000, 400),
        ('{"patient":' * 5_000 + "1" + "}" * 5_000, 400),
        ('{"patient":{},"patient":{}}', 400),
        ('{"pathway": NaN}', 400),
        ('{"pathway": 1e400}', 400),
        ('{"pathway": ' + "9" * 5_000 + "}", 400),
        ('{"pathway": "\\ud800"}', 400),
        (b'{"pathway": "\xff"}', 400),
        ("{", 400),
        ("", 422),
        ("[]", 422),
        ('{"patient": [], "procedure": 1, "consent": null}', 422),
        (json.dumps(with_field("patient.name", ["x"])), 422),
    ],
)
def test_hostile_bodies_get_a_quick_4xx(machine: TestClient, body: str | bytes, status: int) -> None:
    """B30, B54, B118."""
    answer = machine.post("/api/v1/enrollments", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_is_read_only_up_to_its_limit(machine: TestClient) -> None:
    """B118: with its length announced, and without."""
    kind = {"content-type": "application/json"}
    told = machine.post("/api/v1/enrollments", content=" " * 300_000, headers=kind)
    streamed = machine.post("/api/v1/enrollments", content=iter([b" " * 65_536] * 6), headers=kind)
    assert [told.status_code, streamed.status_code] == [413, 413]
    assert "content-security-policy" in told.headers


def test_another_content_type_is_refused(machine: TestClient) -> None:
    """B118."""
    answer = machine.post("/api/v1/enrollments", content="<a/>", headers={"content-type": "text/xml"})
    assert answer.status_code == 415


def test_another_clinics_ids_look_like_unknown_ones(
    machine: TestClient, house: House, app: FastAPI, make_clinic: Callable[[str, str], SmallClinic]
) -> None:
    """B111."""
    mine = machine.post("/api/v1/enrollments", json=LEAST).json()
    other = make_clinic("lakeside", "+14155550199")
    with house.database.transaction(other.id) as session:
        key = api_keys.create(session, other.id, "theirs", StaffRole.clinic_admin, now=NOW, actor=SYSTEM)
    theirs = TestClient(app, headers={"authorization": f"Bearer {key}"})
    nobody = "01890000-0000-7000-8000-000000000000"
    for address, verb, body in (
        ("/api/v1/enrollments/{}", "GET", None),
        ("/api/v1/patients/{}", "GET", None),
        ("/api/v1/touchpoints/{}", "GET", None),
        ("/api/v1/enrollments/{}/pause", "POST", {"reason": "x"}),
        ("/api/v1/enrollments/{}/resume", "POST", None),
        ("/api/v1/enrollments/{}/withdraw", "POST", {"reason": "died"}),
        ("/api/v1/enrollments/{}/move-date", "POST", {"performed_on": "2026-03-12"}),
        ("/api/v1/tasks/{}/close", "POST", {"disposition": "no_action"}),
    ):
        wanted = mine["patient_id"] if "patients" in address else mine["id"]
        wanted = mine["touchpoints"][0]["id"] if "touchpoints" in address else wanted
        answers = [
            theirs.request(verb, address.format(each), json=body)
            for each in (wanted, nobody, wanted.upper(), "1", "%00", "..%2f..")
        ]
        assert {answer.status_code for answer in answers} == {404}, address
        assert answers[0].json() == answers[1].json()
    assert theirs.get(f"/api/v1/enrollments?patient_id={mine['patient_id']}").json()["items"] == []
    assert machine.get(f"/api/v1/enrollments/{mine['id']}").json()["state"] == "active"


@pytest.mark.parametrize("sent", [None, "Bearer", "Bearer wrong", "Basic abc", "Bearer " + "x" * 5000])
def test_without_a_valid_key_nothing_is_told(app: FastAPI, clinic: SmallClinic, sent: str | None) -> None:
    client = TestClient(app, headers={"authorization": sent} if sent else {})
    answer = client.get("/api/v1/patients")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_revoked_or_expired_key_opens_nothing(
    machine: TestClient, house: House, clinic: SmallClinic
) -> None:
    from sqlalchemy import select

    from followup.staff.models import ApiKey

    assert machine.get("/api/v1/patients").status_code == 200
    with house.database.transaction(clinic.id) as session:
        key_id = session.scalars(select(ApiKey.id)).one()
        assert session.get_one(ApiKey, key_id).last_used_at is not None
        api_keys.revoke(session, key_id, now=NOW, actor=SYSTEM)
    assert machine.get("/api/v1/patients").status_code == 401


def test_an_auditors_key_may_read_and_not_change(app: FastAPI, house: House, clinic: SmallClinic) -> None:
    with house.database.transaction(clinic.id) as session:
        key = api_keys.create(session, clinic.id, "auditors", StaffRole.auditor, now=NOW, actor=SYSTEM)
    auditor = TestClient(app, headers={"authorization": f"Bearer {key}"})
    assert auditor.get("/api/v1/patients").status_code == 200
    assert auditor.post("/api/v1/enrollments", json=LEAST).status_code == 403


def test_the_description_of_the_api_is_public_and_complete(app: FastAPI) -> None:
    told = TestClient(app).get("/api/v1/openapi.json").json()
    assert set(told["paths"]) >= {"/api/v1/enrollments", "/api/v1/tasks/{task_id}/close"}
    assert not [path for path in told["paths"] if not path.startswith("/api/v1/")]
