"""What an administrator does with people: name a new one, change a role, end their access, let them in again.

The clinic file remains where a clinic is set up; these verbs are for the day somebody comes or goes. Nobody changes
their own role or ends their own access, and the last person who may do all this can't be taken away: a clinic
without one would be locked out. Whatever is taken away ends every sign-in of that person at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.db.sealed import blind
from followup.errors import Conflict, FieldProblem, InvalidInput, NotFound
from followup.kit.mail.address import MailAddressError, parse_address
from followup.staff.models import Staff, StaffSession
from followup.staff.rules import Permission, allows
from followup.staff.sessions import end_all
from followup.staff.states import StaffRole

LONGEST_NAME = 120
# Keys of the clinic file hold no colon, so a file never takes these people for others, nor disables them.
NAMED_ON_PAGE = "page:"


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person as the page of staff shows one. ``last_seen_at``: machine time of the last use of a sign-in."""

    id: uuid.UUID
    name: str
    role: StaffRole
    email: str
    has_password: bool
    has_factor: bool
    disabled_at: datetime | None
    last_seen_at: datetime | None


def everybody(session: Session) -> Sequence[Colleague]:
    """Return everyone of this clinic, who works there first, by name."""
    last_use = select(StaffSession.staff_id, func.max(StaffSession.last_seen_at)).group_by(
        StaffSession.staff_id
    )
    seen: dict[uuid.UUID, datetime] = {row[0]: row[1] for row in session.execute(last_use)}
    rows = session.scalars(
        select(Staff).order_by(Staff.disabled_at.isnot(None), Staff.name, Staff.id).limit(5_000)
    )
    return [
        Colleague(
            row.id, row.name, row.role, row.email, row.password_hash is not None, row.factor_since is not None,
            row.disabled_at, seen.get(row.id),
        )
        for row in rows
    ]  # fmt: skip


def add_person(
    session: Session, clinic_id: uuid.UUID, *, name: str, email: str, role: str, now: datetime, actor: Actor
) -> uuid.UUID:
    """Add somebody who can't sign in yet; a link does that. Raises InvalidInput with every problem at its field."""
    called, address, chosen = _checked(session, name, email, role)
    row = Staff(
        clinic_id=clinic_id, key=f"{NAMED_ON_PAGE}{uuid.uuid4().hex}", name=called, role=chosen, email=address,
        email_blind=blind("email", address.lower()),
    )  # fmt: skip
    session.add(row)
    session.flush()
    _note(session, row, "add staff", now=now, actor=actor, reason=f"as {chosen}")
    return row.id


def change_role(session: Session, staff_id: uuid.UUID, role: str, *, now: datetime, actor: Actor) -> None:
    """Give somebody another role; their sign-ins end. Raises NotFound, InvalidInput, Conflict."""
    row = _other(session, staff_id, actor)
    chosen = _role(role)
    if row.role == chosen:
        return
    if not allows(chosen, Permission.manage_staff):
        _refuse_last(session, row)
    before, row.role = row.role, chosen
    end_all(session, row.id)
    _note(session, row, "change role", now=now, actor=actor, reason=f"from {before} to {chosen}")


def disable(session: Session, staff_id: uuid.UUID, *, now: datetime, actor: Actor) -> None:
    """End somebody's access this second. Raises NotFound, Conflict. Twice is no error."""
    row = _other(session, staff_id, actor)
    if row.disabled_at is not None:
        return
    _refuse_last(session, row)
    row.disabled_at = now
    end_all(session, row.id)
    _note(session, row, "disable staff", now=now, actor=actor)


def enable(session: Session, staff_id: uuid.UUID, *, now: datetime, actor: Actor) -> None:
    """Let somebody work here again; the password of before does not count any more. Raises NotFound."""
    row = _other(session, staff_id, actor)
    if row.disabled_at is None:
        return
    row.disabled_at, row.password_hash = None, None
    _note(session, row, "enable staff", now=now, actor=actor)


def end_sessions(session: Session, staff_id: uuid.UUID, *, now: datetime, actor: Actor) -> None:
    """End every sign-in of somebody. Raises NotFound."""
    row = session.get(Staff, staff_id)
    if row is None:
        raise NotFound
    end_all(session, row.id)
    _note(session, row, "end sign-ins", now=now, actor=actor)


def address_of(session: Session, staff_id: uuid.UUID) -> str:
    """Return the mail address of somebody who works here; raises NotFound."""
    row = session.get(Staff, staff_id)
    if row is None or row.disabled_at is not None:
        raise NotFound
    return row.email


def _checked(session: Session, name: str, email: str, role: str) -> tuple[str, str, StaffRole]:
    problems, called = [], " ".join(name.split())
    if not called or len(called) > LONGEST_NAME:
        problems.append(FieldProblem("name", f"Give a name of at most {LONGEST_NAME} characters."))
    address = ""
    try:
        address = parse_address(email)
    except MailAddressError as wrong:
        problems.append(FieldProblem("email", wrong.message))
    if address and session.scalar(
        select(Staff.id).where(Staff.email_blind == blind("email", address.lower()))
    ):
        problems.append(FieldProblem("email", "Somebody with this address is listed already."))
    try:
        chosen = _role(role)
    except InvalidInput as wrong:
        problems += wrong.problems
    if problems:
        raise InvalidInput(problems)
    return called, address, chosen


def _role(text: str) -> StaffRole:
    try:
        return StaffRole(text)
    except ValueError:
        raise InvalidInput("role", "Choose one of the roles.") from None


def _other(session: Session, staff_id: uuid.UUID, actor: Actor) -> Staff:
    row = session.get(Staff, staff_id, with_for_update=True)
    if row is None:
        raise NotFound
    if actor.kind == "staff" and actor.id == staff_id:
        raise Conflict("You can't do this to yourself. Ask another administrator.")
    return row


def _refuse_last(session: Session, row: Staff) -> None:
    """Raise Conflict if nobody else may manage staff; rows are locked, so that two can't leave at once."""
    others = session.scalars(
        select(Staff).where(Staff.disabled_at.is_(None)).order_by(Staff.id).with_for_update()
    ).all()
    if not any(each.id != row.id and allows(each.role, Permission.manage_staff) for each in others):
        raise Conflict("Nobody else could manage staff then. Name another administrator first.")


def _note(
    session: Session, row: Staff, action: str, *, now: datetime, actor: Actor, reason: str | None = None
) -> None:
    record(
        session, row.clinic_id, actor=actor, action=action, now=now, reason=reason,
        subject=Subject("staff", row.id),
    )  # fmt: skip
