"""A small clinic with its people, and clients that come through the real application."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import insert, text

from followup import bootstrap
from followup.audit.record import SYSTEM
from followup.bootstrap import House, build
from followup.clinics.models import Clinic, Sender
from followup.clinics.states import Channel
from followup.db.sealed import blind
from followup.db.session import Bell, Database
from followup.escalation.respond import respond
from followup.escalation.tick import tick
from followup.intake.events import IncomingEvent, row_of
from followup.intake.models import ProviderEvent
from followup.intake.states import EventKind
from followup.kit.clock import ClockFile
from followup.pathways.library import Library, load_library
from followup.replies.process import process_events
from followup.settings import ROOT, Settings
from followup.staff import api_keys
from followup.staff.models import Shift, Staff, StaffContactPoint
from followup.staff.sign_in import hash_password
from followup.staff.states import StaffRole
from followup.web.app import create_app
from tests.cast import TUESDAY

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


@pytest.fixture(scope="session")
def library() -> Library:
    """The shipped pathways, read once."""
    return load_library(ROOT / "templates" / "pathways")


@pytest.fixture
def app(house: House, library: Library) -> FastAPI:
    """The real application."""
    return create_app(house, library=library)


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


@dataclass(frozen=True, slots=True)
class Story:
    """Lets a patient of the clinic under test write, and the workers' turn happen."""

    house: House
    clinic: SmallClinic
    machine: TestClient

    def enroll(self, **changes: str) -> dict[str, Any]:
        """Enroll an invented patient through the API; ``name``, ``phone`` and ``performed_on`` may be changed."""
        patient = {"name": "Ines Ortega", "phone": "+14155550123", "language": "en"}
        given = {key: changes.pop(key) for key in tuple(changes) if key in patient}
        body = {
            "patient": patient | given,
            "procedure": {"performed_on": "2026-03-02", "harvest": "bone_marrow", **changes},
            "pathway": "stem-cell-back",
            "channel": "sms",
            "consent": {"sms": True, "obtained_by": "Alma Reyes"},
        }
        answer = self.machine.post("/api/v1/enrollments", json=body)
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def writes(self, words: str, number: str = "+14155550123") -> None:
        """A text arrives, is read, and what follows from it happens; cases page who is on call."""
        with self.house.database.intake() as session:
            session.execute(
                insert(ProviderEvent).values(row_of(_inbound(number, words, self.house.clock.now())))
            )
        now = self.house.clock.now
        process_events(self.house.database, now=now)
        respond(self.house.database, self.house.clock, public_url="http://127.0.0.1:8000")
        tick(self.house.database, self.house.clock, public_url="http://127.0.0.1:8000")

    def rows(self, statement: str) -> list[Any]:
        """Look into the clinic's rows."""
        with self.house.database.transaction(self.clinic.id) as session:
            return list(session.execute(text(statement)))


def _inbound(number: str, words: str, now: datetime) -> IncomingEvent:
    sid = f"SM{uuid.uuid4().hex}"
    payload = {"From": number, "To": "+14155550100", "Body": words, "MessageSid": sid, "NumMedia": "0"}
    return IncomingEvent(
        kind=EventKind.inbound_sms,
        provider_key=sid,
        payload=payload,
        received_at=now,
        our_address="+14155550100",
    )


@pytest.fixture
def story(house: House, clinic: SmallClinic, machine: TestClient) -> Story:
    """What happens at the clinic under test; its nurse is on call and can be texted."""
    with house.database.transaction(clinic.id) as session:
        nurse_id = session.scalars(text("SELECT id FROM staff WHERE key = 'nurse'")).one()
        session.add(
            StaffContactPoint(
                clinic_id=clinic.id, staff_id=nurse_id, channel=Channel.sms, address="+14155550150",
                address_blind=blind("phone", "+14155550150"), verified_at=NOW,
            )
        )  # fmt: skip
        session.add(
            Shift(
                clinic_id=clinic.id, duty="nurse", staff_id=nurse_id, starts_at=NOW - timedelta(days=1),
                ends_at=NOW + timedelta(days=1),
            )
        )  # fmt: skip
    return Story(house, clinic, machine)


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


@pytest.fixture
def at_home(settings: Settings, house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The commands of this process work on the test's own house."""
    monkeypatch.setattr("sys.stdin", None)
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if value is None or value == ():
            continue
        parts = value if isinstance(value, tuple) else (value,)
        told = ",".join(str(getattr(each, "get_secret_value", lambda each=each: each)()) for each in parts)
        monkeypatch.setenv(f"FOLLOWUP_{name.upper()}", told)
    bootstrap.open_house.cache_clear()
    assert isinstance(house.clock, ClockFile)
    house.clock.set(TUESDAY, speed=0)
    yield house
    bootstrap.open_house().database.dispose()
    bootstrap.open_house.cache_clear()
