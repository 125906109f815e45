"""Every route × every kind of id × somebody of the other clinic: the answer is that of an id that nobody has.

The routes come from the application and the ids from every table of the clinic, so that a new route or a new table
is walked without anybody remembering it. A second walk tries every door without a key, with a wrong, an expired and
an ended one.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import text

from followup.audit.record import SYSTEM
from followup.bootstrap import House
from followup.db.base import Base
from followup.staff import api_keys
from followup.staff.states import StaffRole
from followup.web.app import PUBLIC_ROUTES
from tests.doors.conftest import NOW, PASSWORD, SmallClinic, Story, browser_of

NOBODY = "01890000-0000-7000-8000-000000000000"
ID = re.compile(r"{(\w+_id)}")
# Enough of every form and body that a request is refused for its id and for nothing else.
FIELDS = {
    "reason": "moved away", "performed_on": "2026-03-12", "performed_at": "09:00", "disposition": "advice",
    "note": "seen", "how": "phone", "outcome": "no_answer", "tier": "urgent", "code": "000000",
    "decision": "keep_trying", "raise_reason": "worse", "lower_reason": "misread",
    "to": "01890000-0000-7000-8000-000000000000", "into": "01890000-0000-7000-8000-000000000000",
}  # fmt: skip
OWN_FIELDS = {
    "/withdraw": {"reason": "died"}, "/tasks/{task_id}/close": {"disposition": "no_action"},
    "/dispose": {"disposition": "called"}, "/put-off": {"until": "hour"}, "/owner": {"owner": ""},
}  # fmt: skip
BODIES = {
    "pause": {"reason": "x"}, "withdraw": {"reason": "patient_asked"}, "move-date": {"performed_on": "2026-03-12"},
    "close": {"disposition": "no_action"}, "accept": {}, "resume": {}, "attempts": {"outcome": "no_answer"},
    "disposition": {"disposition": "advice", "note": "x"}, "opt-outs": {"channel": "sms", "how": "phone"},
    "phone": {"phone": "+14155550124"}, "email": {"email": "ines@mail.example"}, "channel": {"channel": "email"},
    "time-zone": {"time_zone": "America/Denver"}, "language": {"language": "es"}, "death": {"mark": "x"},
    "second-procedure": {"performed_on": "2026-03-12", "harvest": "fat", "pathway": "stem-cell-back"},
    "end": {"reason": "died", "mark": "x"}, "cancelled-procedure": {}, "version": {"mark": "x"},
}  # fmt: skip
ACTS_FOR_SOMEBODY = ("accept", "attempts", "disposition")


def walked(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every method and path of the application but static files."""
    for route in iter_route_contexts(app.routes):
        for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
            assert route.path
            yield method, route.path


def is_public(path: str) -> bool:
    return any(path == each or (each.endswith("/") and path.startswith(each)) for each in PUBLIC_ROUTES)


def ids_of(house: House, clinic: SmallClinic) -> dict[str, str]:
    """One id of every table that has a row of this clinic."""
    found = {"clinic": str(clinic.id)}
    with house.database.transaction(clinic.id) as session:
        for table in Base.metadata.sorted_tables:
            if "clinic_id" in table.columns and "id" in table.columns:
                row = session.execute(text(f"SELECT id FROM {table.name} LIMIT 1")).scalar()
                if row is not None:
                    found[table.name] = str(row)
    return found


def ask(client: TestClient, method: str, path: str, wanted: str, *, staff_id: str) -> tuple[int, str]:
    address = ID.sub(wanted, path).replace("{change}", "disable")
    if method == "GET":
        answer = client.get(address)
    elif path.startswith("/api/"):
        verb = path.rpartition("/")[2]
        body = dict(BODIES[verb])
        if "/escalations/" in path and verb in ACTS_FOR_SOMEBODY:
            body["staff_id"] = staff_id
        answer = client.post(address, json=body)
    else:
        own = next((more for end, more in OWN_FIELDS.items() if path.endswith(end)), {})
        answer = client.post(address, data=FIELDS | own)
    return answer.status_code, re.sub(r"<time .*?</time>", "", answer.text.replace(wanted, NOBODY))


def test_another_clinics_ids_are_ids_that_nobody_has(
    app: FastAPI,
    house: House,
    story: Story,
    make_clinic: Callable[[str, str], SmallClinic],
    signed_in: Callable[..., TestClient],
) -> None:
    """B111, I8."""
    signed_in(story.clinic, "nurse")
    told = story.enroll(performed_on="2026-02-24")
    story.writes("the blue thing from before is back, hm")
    story.writes("my leg feels weaker since last night")
    theirs = ids_of(house, story.clinic)
    assert set(theirs) >= {
        "patient", "enrollment", "touchpoint", "message", "reply", "escalation", "task", "page", "staff",
        "staff_contact_point", "staff_session", "api_key", "audit_event",
    }  # fmt: skip
    before = story.rows("SELECT count(*) FROM audit_event")

    other = make_clinic("lakeside", "+14155550199")
    with house.database.transaction(other.id) as session:
        key = api_keys.create(session, other.id, "system", StaffRole.nurse, now=NOW, actor=SYSTEM)
        staff_id = str(session.execute(text("SELECT id FROM staff WHERE key = 'nurse'")).scalar())
    people = [signed_in(other, role) for role in ("nurse", "clinic_admin")]
    with TestClient(app, headers={"authorization": f"Bearer {key}"}) as machine:
        tried = 0
        for method, path in walked(app):
            if not ID.search(path):
                continue
            met = set()
            for client in [machine] if path.startswith("/api/") else people:
                unknown = ask(client, method, path, NOBODY, staff_id=staff_id)
                met.add(unknown[0])
                for kind, real in theirs.items():
                    assert ask(client, method, path, real, staff_id=staff_id) == unknown, (method, path, kind)
                    tried += 1
                odd = ask(client, method, path, str(uuid.UUID(NOBODY)).upper(), staff_id=staff_id)[0]
                assert odd in (404, 403, 422), path
            assert 404 in met, (method, path, met)
    assert tried > 300
    assert story.rows("SELECT count(*) FROM audit_event") == before
    assert story.rows(f"SELECT state FROM enrollment WHERE id = '{told['id']}'") == [("active",)]


COOKIES = ["none", "wrong", "ended", "idle", "expired", "disabled", "half way"]


@pytest.mark.parametrize("cookie", COOKIES)
def test_no_door_opens_without_a_session_that_holds(
    app: FastAPI, house: House, clinic: SmallClinic, cookie: str
) -> None:
    """F76, and every way in which a sign-in can be over."""
    changes = {
        "ended": "UPDATE staff_session SET ended_at = now()",
        "idle": "UPDATE staff_session SET last_seen_at = now() - interval '16 minutes'",
        "expired": "UPDATE staff_session SET expires_at = now()",
        "disabled": "UPDATE staff SET disabled_at = now()",
        "half way": "UPDATE staff_session SET is_open = false",
    }
    with browser_of(app) as client:
        if cookie == "wrong":
            client.cookies.set("followup", "x" * 43)
        elif cookie != "none":
            client.post("/sign-in", data={"email": clinic.address("nurse"), "password": PASSWORD})
            with house.database.transaction(clinic.id) as session:
                session.execute(text(changes[cookie]))
        tried = 0
        for method, path in walked(app):
            if is_public(path) or path.startswith("/api/"):
                continue
            if cookie == "half way" and path.startswith("/sign-in/second-factor"):
                continue
            answer = client.request(method, re.sub(r"{\w+}", NOBODY, path))
            leads_to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
            assert leads_to_sign_in or answer.status_code == 403, (method, path, answer.status_code)
            tried += 1
    assert tried > 30


@pytest.mark.parametrize("key", ["none", "wrong", "revoked", "expired", "basic"])
def test_no_part_of_the_api_opens_without_a_key_that_holds(
    app: FastAPI, house: House, clinic: SmallClinic, key: str
) -> None:
    with house.database.transaction(clinic.id) as session:
        real = api_keys.create(session, clinic.id, "system", StaffRole.nurse, now=NOW, actor=SYSTEM)
        column = {"revoked": "revoked_at", "expired": "expires_at"}.get(key)
        if column:
            session.flush()
            session.execute(text(f"UPDATE api_key SET {column} = now()"))
    header = {"none": "", "wrong": "Bearer fu_" + "x" * 43, "basic": f"Basic {real}"}.get(
        key, f"Bearer {real}"
    )
    tried = 0
    with TestClient(app, headers={"authorization": header} if header else {}) as client:
        for method, path in walked(app):
            if not path.startswith("/api/") or is_public(path):
                continue
            body = BODIES.get(path.rpartition("/")[2], {})
            answer = client.request(
                method, re.sub(r"{\w+}", NOBODY, path), json=None if method == "GET" else body
            )
            assert answer.status_code == 401, (method, path)
            tried += 1
    assert tried > 15
