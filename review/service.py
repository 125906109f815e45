"""The service itself, started on a database of its own: who may ask what, headers, cookies, rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from followup.bootstrap import build
from followup.db.migrate import upgrade
from followup.servers import embedded
from followup.settings import load
from followup.setup.apply import apply_clinic_file, clinic_of
from followup.setup.clinic_file import parse_clinic_file
from followup.web.app import PUBLIC_ROUTES, create_app
from followup.web.deps import AtDesk, AtDoor, WithKey
from review.findings import Check

PUBLIC_URL = "https://followup.example"
NOBODY = "01890000-0000-7000-8000-000000000000"
PASSWORD = "seven herons by the river"  # noqa: S105 - of an invented person in a database that is thrown away
CLINIC = f"""
clinic:
  slug: riverbend
  name: Riverbend Clinic
  short_name: Riverbend
  code: RB
  time_zone: America/Chicago
  urgent_phone: "+13125550190"
  urgent_phone_answered: day and night
  office_phone: "+13125550180"
  open_hours: {{monday: ["08:00-17:00"]}}
senders: [{{channel: sms, address: "+13125550100"}}]
staff:
  - {{key: bea, name: Bea Novak, role: nurse, email: bea@riverbend.example, password: {PASSWORD},
     contact_points: [{{channel: sms, address: "+13125550131", verified: true}}]}}
roster: [{{duty: nurse, staff: bea}}]
"""
HEADERS = {
    "content-security-policy": "default-src 'none'", "x-content-type-options": "nosniff",
    "strict-transport-security": "max-age=31536000", "referrer-policy": "no-referrer", "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin", "cache-control": "no-store",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Running:
    """The application and the owner's address of its database."""

    app: FastAPI
    owner_url: str


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    """Start database and application, with one clinic and one nurse, under an https address."""
    with embedded(folder, redis=False) as servers:
        settings = load(
            {}, environment="test", database_url=servers.database_url, public_url=PUBLIC_URL,
            secret_keys=("review-" + "0" * 40,), encryption_keys=("ab" * 32,), data_folder=folder,
            require_second_factor=True, twilio_auth_token=("review-token",), twilio_account_sid="AC" + "0" * 32,
        )  # fmt: skip
        upgrade(servers.database_url, passwords=dict.fromkeys(("app", "engine", "intake"), "f" * 40))
        house = build(settings, ringer=lambda _bells: None)
        house = replace(house, settings=settings)
        apply_clinic_file(house.database, parse_clinic_file(CLINIC, name="review"), now=house.clock.now())
        clinic_of(house.database, "riverbend")
        try:
            yield Running(create_app(house), servers.database_url)
        finally:
            house.database.dispose()


def routes(app: FastAPI) -> Check:
    """List every route with what it asks for, and try each without showing anything."""
    check = Check("Routes and who may use them")
    with TestClient(app, base_url=PUBLIC_URL, follow_redirects=False) as client:
        for route in sorted(iter_route_contexts(app.routes), key=lambda each: str(each.path)):
            path = str(route.path)
            for method in sorted((route.methods or {"GET"}) - {"HEAD", "OPTIONS"}):
                asks = _asks_for(route) or f"public: {_reason(path)}"
                check.expect(
                    not asks.endswith("None"), f"{method} {path} asks for nobody and is not on the list"
                )
                check.lines.append(f"{method:5}{path:52} {asks}")
                if not asks.startswith("public"):
                    answer = client.request(method, re.sub(r"{\w+}", NOBODY, path))
                    shut = answer.status_code in (401, 403, 422) or "/sign-in" in answer.headers.get(
                        "location", ""
                    )
                    check.expect(shut, f"{method} {path} answered {answer.status_code} to nobody")
    return check


def headers(app: FastAPI) -> Check:
    """Look at the headers of every page that can be asked for without a sign-in, and of refusals."""
    check = Check("Headers per page")
    paths = (
        "/",
        "/sign-in",
        "/patients",
        "/api/v1/patients",
        "/healthz",
        "/metrics",
        "/nothing",
        "/c/x",
        "/welcome/x",
    )
    with TestClient(app, base_url=PUBLIC_URL, follow_redirects=False) as client:
        for path in paths:
            answer = client.get(path)
            lacking = [name for name, value in HEADERS.items() if value not in answer.headers.get(name, "")]
            check.lines.append(
                f"{path:22}{answer.status_code}  {len(HEADERS) - len(lacking)} of {len(HEADERS)}"
            )
            check.expect(not lacking, f"{path} lacks {', '.join(lacking)}")
            policy = answer.headers.get("content-security-policy", "")
            check.expect("unsafe" not in policy and "*" not in policy, f"{path} allows too much: {policy}")
            check.expect("server" not in answer.headers, f"{path} tells what serves it")
    return check


def cookies(app: FastAPI) -> Check:
    """Sign in with the right password and look at the cookie, and at what it opens without the second factor."""
    check = Check("Cookies and the second factor")
    with TestClient(
        app, base_url=PUBLIC_URL, follow_redirects=False, headers={"origin": PUBLIC_URL}
    ) as client:
        answer = client.post("/sign-in", data={"email": "bea@riverbend.example", "password": PASSWORD})
        cookie = answer.headers.get("set-cookie", "")
        check.lines.append(re.sub(r"=[\w-]{20,}", "=…", cookie))
        for flag in ("__Host-followup=", "HttpOnly", "Secure", "Path=/", "SameSite="):
            check.expect(flag.lower() in cookie.lower(), f"the cookie has no {flag}")
        check.expect("domain=" not in cookie.lower(), "the cookie is for a whole domain")
        inside = client.get("/patients")
        check.lines.append(
            f"the password alone leads to {answer.headers.get('location')}; /patients answers {inside.status_code}"
        )
        check.expect(inside.status_code == 303, "the password alone opens pages")
        forged = client.post("/sign-in", data={}, headers={"origin": "https://evil.example"})
        check.expect(forged.status_code == 403, "a form of another site is taken")
    return check


def rows(owner_url: str) -> Check:
    """Ask the catalog which tables are held by row-level security, and what the working logins may do."""
    check = Check("Row-level security and the working logins")
    with psycopg.connect(owner_url.replace("+psycopg", "")) as connection:
        tables = connection.execute(
            "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version' ORDER BY relname"
        ).fetchall()
        for name, enabled, forced in tables:
            check.expect(enabled and forced, f"{name} is not held by forced row-level security")
        check.lines.append(f"{len(tables)} tables, row-level security forced on every one")
        for name, *powers in connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles"
            " WHERE rolname LIKE 'followup_%' ORDER BY rolname"
        ).fetchall():
            check.expect(not any(powers), f"{name} may do more than work")
            check.lines.append(f"{name}: no superuser, no bypass, makes no roles and no databases")
        check.expect(
            _may(connection, "followup_app", "audit_event") == {"INSERT", "SELECT"},
            "app may rewrite the record",
        )
        check.expect(
            _may(connection, "followup_intake", "provider_event") == {"INSERT"}, "intake may read events"
        )
        check.expect(not _may(connection, "followup_engine", "patient"), "the engine may look at patients")
        connection.execute("SET ROLE followup_app")
        count = connection.execute("SELECT count(*) FROM staff").fetchone()
        check.expect(count == (0,), "without a clinic set, rows are shown")
        check.lines.append("without a clinic set, the app login sees 0 of 1 staff")
    return check


def _may(connection: psycopg.Connection[Any], role: str, table: str) -> set[str]:
    verbs = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
    asked = "SELECT has_table_privilege(%s, %s, %s)"
    return {verb for verb in verbs if connection.execute(asked, [role, table, verb]).fetchone() == (True,)}


def _asks_for(route: Any) -> str | None:
    for dependency in getattr(getattr(route, "dependant", None), "dependencies", ()) or ():
        call = dependency.call
        if isinstance(call, AtDoor):
            return "half a sign-in (password given, second factor to come)"
        if isinstance(call, AtDesk | WithKey):
            who = "key" if isinstance(call, WithKey) else "person"
            return f"{who}, may {call.permission.value}" if call.permission else f"{who}, any role"
    return None


def _reason(path: str) -> str | None:
    return next(
        (
            why
            for each, why in PUBLIC_ROUTES.items()
            if path == each or (each.endswith("/") and path.startswith(each))
        ),
        None,
    )
