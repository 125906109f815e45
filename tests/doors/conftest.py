"""A small clinic with its people, and clients that come through the real application."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from followup.audit.record import SYSTEM
from followup.bootstrap import House, build
from followup.clinics.models import Clinic, Sender
from followup.clinics.states import Channel
from followup.db.sealed import blind
from followup.db.session import Bell, Database
from followup.kit.clock import ClockFile
from followup.settings import Settings
from followup.staff import api_keys
from followup.staff.models import Staff
from followup.staff.sign_in import hash_password
from followup.staff.states import StaffRole
from followup.web.app import create_app

NOW = datetime(2026, 3, 3, 17, 0, tzinfo=UTC)  # a Tuesday, 9 in the morning in Los Angeles
PASSWORD = "a long enough password"
BROWSER = {"sec-fetch-site": "same-origin"}


@dataclass(frozen=True, slots=True)
class SmallClinic:
    """One clinic and its people; everyone has the same password."""

    id: uuid.UUID
    slug: str

    def address(self, role: str) -> str:
        """The mail address of the person with this role."""
        return f"{role}@{self.slug}.example"


@pytest.fixture
def house(settings: Settings, database: Database, rung: list[Bell]) -> House:
    """The product, wired to this test's database, at a fixed care time."""
    built = replace(build(settings, ringer=rung.extend), database=database)
    clock = built.clock
    assert isinstance(clock, ClockFile)
    clock.set(NOW, speed=0)
    return built


@pytest.fixture
def app(house: House) -> FastAPI:
    """The real application."""
    return create_app(house)


@pytest.fixture
def make_clinic(house: House, owner_url: str) -> Callable[[str, str], SmallClinic]:
    """Make a clinic with one person per role."""
    hashed = hash_password(PASSWORD)

    def make(slug: str, sender: str) -> SmallClinic:
        clinic_id = uuid.uuid4()
        _insert_clinic(owner_url, clinic_id, slug)
        with house.database.transaction(clinic_id) as session:
            session.add(Sender(clinic_id=clinic_id, channel=Channel.sms, address=sender))
            session.add(Sender(clinic_id=clinic_id, channel=Channel.email, address=f"care@{slug}.example"))
            for role in StaffRole:
                address = f"{role}@{slug}.example"
                session.add(
                    Staff(
                        clinic_id=clinic_id, key=role.value, name=f"{role.value.title()} of {slug}", role=role,
                        email=address, email_blind=blind("email", address), password_hash=hashed,
                    )
                )  # fmt: skip
        return SmallClinic(clinic_id, slug)

    return make


def _insert_clinic(owner_url: str, clinic_id: uuid.UUID, slug: str) -> None:
    """The app role may not make a clinic that it is not in; the owner does, as `clinic apply` does."""
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    engine = create_engine(owner_url)
    with Session(engine) as session, session.begin():
        session.add(
            Clinic(
                id=clinic_id, slug=slug, name=f"{slug.title()} Clinic", short_name=slug.title(), code="NW",
                time_zone="America/Los_Angeles", open_hours={str(day): [["08:00", "17:00"]] for day in range(5)},
                holidays=[], text_from=time(9), text_until=time(20), urgent_phone="+14155550111",
                office_phone="+14155550112", settings={},
            )
        )  # fmt: skip
    engine.dispose()


@pytest.fixture
def clinic(make_clinic: Callable[[str, str], SmallClinic]) -> SmallClinic:
    """The clinic under test."""
    return make_clinic("riverbend", "+14155550100")


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[TestClient]:
    """A browser in which nobody is signed in."""
    with browser_of(app) as client:
        yield client


def browser_of(app: FastAPI) -> TestClient:
    """A browser: says where its requests come from, does not follow redirects by itself."""
    return TestClient(app, base_url="http://127.0.0.1:8000", headers=BROWSER, follow_redirects=False)


@pytest.fixture
def signed_in(app: FastAPI) -> Iterator[Callable[[SmallClinic, str], TestClient]]:
    """Open a browser in which the person with this role is signed in."""
    opened: list[TestClient] = []

    def sign_in(clinic: SmallClinic, role: str = "coordinator") -> TestClient:
        client = browser_of(app)
        client.__enter__()
        opened.append(client)
        answer = client.post("/sign-in", data={"email": clinic.address(role), "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return client

    yield sign_in
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def coordinator(clinic: SmallClinic, signed_in: Callable[..., TestClient]) -> TestClient:
    """The coordinator of the clinic under test, signed in."""
    return signed_in(clinic)


@pytest.fixture
def key(house: House, clinic: SmallClinic) -> str:
    """An API key with the coordinator's role."""
    with house.database.transaction(clinic.id) as session:
        return api_keys.create(
            session, clinic.id, "hospital system", StaffRole.coordinator, now=NOW, actor=SYSTEM
        )


@pytest.fixture
def machine(app: FastAPI, key: str) -> Iterator[TestClient]:
    """One of the clinic's own systems."""
    with TestClient(
        app, base_url="http://127.0.0.1:8000", headers={"authorization": f"Bearer {key}"}
    ) as client:
        yield client
