"""Who is asking, and the transaction they work in. Every route has one of these or is on the public list.

A person comes with a session cookie, a machine with a bearer key. Either way the clinic is known before the
first row is read, and everything the request does is one transaction of that clinic, committed before the
answer is sent.
"""

# Annotations are real here: FastAPI reads those of AtDesk.__call__, and a callable object has no globals to
# look up.
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.bootstrap import House
from followup.errors import NotAllowed, NotSignedIn
from followup.pathways.library import Library
from followup.reporting.clinic import ClinicFacts, clinic_facts
from followup.staff import queries, sessions
from followup.staff.api_keys import note_use
from followup.staff.rules import Permission, allows
from followup.staff.states import StaffRole


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody at work in one clinic, inside one transaction. ``now`` is care time."""

    house: House
    library: Library
    session: Session
    clinic: ClinicFacts
    actor: Actor
    role: StaffRole
    name: str
    now: datetime
    session_id: uuid.UUID | None = None
    # What a key was made for; a person has the whole role.
    scopes: tuple[str, ...] | None = None

    @property
    def clinic_id(self) -> uuid.UUID:
        """The clinic everything here belongs to."""
        return self.clinic.id

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's zone, in which pages show times."""
        return ZoneInfo(self.clinic.time_zone)

    def may(self, permission: Permission) -> bool:
        """Whether this person's role includes something; for pages that show only what can be done."""
        return allows(self.role, permission) and (self.scopes is None or permission.name in self.scopes)

    def require(self, permission: Permission) -> None:
        """Raise NotAllowed unless the role includes it."""
        if not self.may(permission):
            raise NotAllowed

    def attempt(self) -> AbstractContextManager[Any]:
        """Undo what is done inside if it fails, so that the page can say why and the rest still holds."""
        return self.session.begin_nested()

    def saw(self, action: str, subject: Subject) -> None:
        """Write down that somebody read this; reading a patient's words is an act, too."""
        record(self.session, self.clinic_id, actor=self.actor, action=action, subject=subject, now=self.now)


def house_of(request: Request) -> House:
    """Return what this process was built with."""
    house: House = request.app.state.house
    return house


def cookie_name(house: House) -> str:
    """``__Host-`` binds the cookie to this very host; browsers accept the prefix over https only."""
    return "__Host-followup" if house.settings.public_url.startswith("https://") else "followup"


class AtDesk:
    """Dependency: a signed-in person whose role includes ``permission``."""

    is_open = True

    def __init__(self, permission: Permission | None = None) -> None:
        self.permission = permission

    def __call__(self, request: Request) -> Iterator[Desk]:
        """Open the transaction; raises NotSignedIn or NotAllowed."""
        house = house_of(request)
        found = _session_of(request, house, is_open=self.is_open)
        with house.database.transaction(found.clinic_id) as session:
            person = queries.person(session, found.staff_id)
            if person is None:
                raise NotSignedIn
            if self.permission and not allows(person.role, self.permission):
                raise NotAllowed
            yield Desk(
                house=house,
                library=request.app.state.library,
                session=session,
                clinic=clinic_facts(session, found.clinic_id),
                actor=Actor("staff", person.id),
                role=person.role,
                name=person.name,
                now=house.clock.now(),
                session_id=found.session_id,
            )


class AtDoor(AtDesk):
    """Dependency: somebody who gave the right password and has still to give the second factor."""

    is_open = False


class WithKey:
    """Dependency: one of the clinic's own systems, with a bearer key whose role includes ``permission``."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(self, request: Request) -> Iterator[Desk]:
        """Open the transaction; raises NotSignedIn or NotAllowed."""
        house = house_of(request)
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        with house.database.engine() as looking:
            found = queries.find_key(looking, key.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            raise NotSignedIn("Send a valid API key: Authorization: Bearer ...")
        if not allows(found.role, self.permission) or self.permission.name not in found.scopes:
            raise NotAllowed
        with house.database.transaction(found.clinic_id) as session:
            note_use(session, found.key_id)
            yield Desk(
                house=house,
                library=request.app.state.library,
                session=session,
                clinic=clinic_facts(session, found.clinic_id),
                actor=Actor("api_key", found.key_id),
                role=found.role,
                name="API",
                now=house.clock.now(),
                scopes=found.scopes,
            )


def at_desk(permission: Permission | None = None) -> Any:
    """Ask for a person; the transaction ends, and is committed, before the answer is sent."""
    return Depends(AtDesk(permission), scope="function")


def at_door() -> Any:
    """Ask for somebody between the password and the second factor."""
    return Depends(AtDoor(), scope="function")


def person_of(desk: Desk) -> tuple[uuid.UUID, uuid.UUID]:
    """Return the ids of the person at the desk and of the session; a key has neither. Raises NotSignedIn."""
    if desk.actor.id is None or desk.session_id is None:
        raise NotSignedIn
    return desk.actor.id, desk.session_id


def with_key(permission: Permission) -> Any:
    """Ask for a machine; the transaction ends, and is committed, before the answer is sent."""
    return Depends(WithKey(permission), scope="function")


@contextmanager
def engine_of(request: Request) -> Iterator[Session]:
    """Open a transaction of the engine role, for finding out who knocks."""
    with house_of(request).database.engine() as looking:
        yield looking


def _session_of(request: Request, house: House, *, is_open: bool) -> queries.FoundSession:
    token = request.cookies.get(cookie_name(house), "")
    with house.database.engine() as looking:
        found = queries.find_session(looking, token, is_open=is_open)
    if found is None:
        raise NotSignedIn
    # A page that refreshes itself is not a person who is there: it must not keep a session alive.
    refreshes_itself = request.method == "GET" and "hx-request" in request.headers
    if found.needs_touch and not refreshes_itself:
        with house.database.transaction(found.clinic_id) as session:
            sessions.touch(session, found.session_id)
    return found
