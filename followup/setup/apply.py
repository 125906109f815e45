"""Apply a clinic file: create what is missing, change what differs, remove nothing that history points at.

Applying the same file twice changes nothing. Somebody who is no longer in the file is disabled, not deleted: the
record names them. What of the roster has begun runs on for a day at most; the past stays as it was.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from followup.audit.record import Actor, Subject, record
from followup.clinics.models import Clinic, Sender
from followup.clinics.states import Channel
from followup.db.sealed import blind
from followup.db.session import Database
from followup.errors import InvalidInput, NotFound
from followup.escalation.publish import publish_policy
from followup.escalation.synthetic import SETTING
from followup.kit.ids import new_id
from followup.kit.mail.address import parse_address
from followup.kit.phone import parse_phone
from followup.kit.windows import Window
from followup.patients.models import Patient
from followup.setup.clinic_file import ClinicFile, PointPart, StaffPart
from followup.setup.publish_roster import publish_roster
from followup.setup.roster_file import WEEKDAYS
from followup.staff.models import Staff, StaffContactPoint
from followup.staff.people import NAMED_ON_PAGE
from followup.staff.sign_in import hash_password

ACTOR = Actor("clinic file")


@dataclass(slots=True)
class Applied:
    """What applying a file did, in sentences for the person who ran it."""

    clinic_id: uuid.UUID
    created: bool
    said: list[str] = field(default_factory=list)


def apply_clinic_file(database: Database, file: ClinicFile, *, now: datetime) -> Applied:
    """Create or update the clinic of a checked file, all of it or nothing.

    Raises InvalidInput for an escalation policy that can't be in force and for a roster that leaves a gap. A clinic
    without a policy has the house's.
    """
    clinic_id = _find(database, file.clinic.slug)
    created = clinic_id is None
    clinic_id = clinic_id or new_id()
    with database.transaction(clinic_id) as session:
        applied = Applied(clinic_id, created)
        _clinic(session, clinic_id, file, created=created)
        _senders(session, clinic_id, file, applied)
        people = {
            part.key: _person(session, clinic_id, part, now=now, applied=applied) for part in file.staff
        }
        _disable_others(session, set(people), now=now, applied=applied)
        if file.escalation is not None and publish_policy(
            session, clinic_id, file.escalation, now=now, actor=ACTOR
        ):
            applied.said.append("escalation policy published; cases that open from now on follow it")
        applied.said += publish_roster(session, clinic_id, file, people, now=now, actor=ACTOR)
        record(
            session, clinic_id, actor=ACTOR, action="apply clinic file", now=now,
            subject=Subject("clinic", clinic_id), reason="created" if created else "updated",
        )  # fmt: skip
    return applied


def _find(database: Database, slug: str) -> uuid.UUID | None:
    with database.engine() as session:
        return session.scalar(select(Clinic.id).where(Clinic.slug == slug))


def _clinic(session: Session, clinic_id: uuid.UUID, file: ClinicFile, *, created: bool) -> None:
    part = file.clinic
    hours = Window.parse(part.text_hours)
    clinic = Clinic(id=clinic_id, slug=part.slug) if created else session.get_one(Clinic, clinic_id)
    clinic.name, clinic.short_name, clinic.code = part.name, part.short_name, part.code
    clinic.time_zone = part.time_zone
    clinic.urgent_phone, clinic.office_phone = part.urgent_phone, part.office_phone
    clinic.text_from, clinic.text_until = hours.start, hours.until
    clinic.open_hours = {
        str(WEEKDAYS.index(day)): [span.split("-") for span in spans]
        for day, spans in part.open_hours.items()
    }
    clinic.holidays = [each.isoformat() for each in part.holidays]
    caps = {"per_day": part.texts_per_day, "per_week": part.texts_per_week}
    days = file.retention.model_dump()
    # What was concluded quotes the reply, so it ends with it.
    retention = {**days, "assessments": days["replies"]}
    clinic.settings = {**(clinic.settings or {}), "caps": caps, "retention": retention}
    if part.synthetic is not None:
        if not created and SETTING not in clinic.settings and session.scalar(select(Patient.id).limit(1)):
            raise InvalidInput(
                "clinic.synthetic", "This clinic has patients: give the synthetic one its own."
            )
        clinic.settings |= {SETTING: part.synthetic.model_dump()}
    else:
        clinic.settings.pop(SETTING, None)
    if created:
        session.add(clinic)
    session.flush()


def _senders(session: Session, clinic_id: uuid.UUID, file: ClinicFile, applied: Applied) -> None:
    known = {(each.channel, each.address): each for each in session.scalars(select(Sender))}
    for part in file.senders:
        address = _canonical(part.channel, part.address)
        sender = known.get((part.channel, address))
        if sender is None:
            sender = Sender(clinic_id=clinic_id, channel=part.channel, address=address)
            session.add(sender)
            applied.said.append(f"sender {part.channel} {address} added")
        sender.messaging_service_sid = part.messaging_service_sid
        sender.rate_per_second = part.rate_per_second
    session.flush()


def _person(
    session: Session, clinic_id: uuid.UUID, part: StaffPart, *, now: datetime, applied: Applied
) -> uuid.UUID:
    staff = session.scalar(select(Staff).where(Staff.key == part.key))
    if staff is None:
        staff = Staff(clinic_id=clinic_id, key=part.key)
        session.add(staff)
        applied.said.append(f"{part.role} {part.name} added")
    staff.name, staff.role, staff.disabled_at = part.name, part.role, None
    staff.email, staff.email_blind = part.email, blind("email", part.email.lower())
    if part.password and staff.password_hash is None:
        staff.password_hash = hash_password(part.password)
    session.flush()
    for position, point in enumerate(part.contact_points):
        _point(session, staff, point, position=position, now=now)
    return staff.id


def _point(session: Session, staff: Staff, part: PointPart, *, position: int, now: datetime) -> None:
    address = _canonical(part.channel, part.address)
    found = blind("email" if part.channel is Channel.email else "phone", address)
    point = session.scalar(
        select(StaffContactPoint).where(
            StaffContactPoint.staff_id == staff.id,
            StaffContactPoint.channel == part.channel,
            StaffContactPoint.address_blind == found,
        )
    )
    if point is None:
        point = StaffContactPoint(
            clinic_id=staff.clinic_id, staff_id=staff.id, channel=part.channel, address=address,
            address_blind=found,
        )  # fmt: skip
        session.add(point)
    point.position = position
    if part.verified and point.verified_at is None:
        point.verified_at = now
    session.flush()


def _disable_others(session: Session, kept: set[str], *, now: datetime, applied: Applied) -> None:
    for staff in session.scalars(select(Staff).where(Staff.disabled_at.is_(None))):
        if staff.key not in kept and not staff.key.startswith(NAMED_ON_PAGE):
            staff.disabled_at = now
            applied.said.append(f"{staff.name} is no longer in the file: disabled")


def _canonical(channel: Channel, address: str) -> str:
    return parse_address(address) if channel is Channel.email else parse_phone(address).e164


def clinic_of(database: Database, slug: str) -> uuid.UUID:
    """Return the id of a clinic by its slug; raises NotFound (in words for an operator)."""
    with database.engine() as session:
        found = session.execute(text("SELECT id FROM clinic WHERE slug = :slug"), {"slug": slug}).scalar()
    if found is None:
        raise NotFound(f"There is no clinic {slug!r}. `followup clinic apply FILE` makes one.")
    return uuid.UUID(str(found))


def only_clinic(database: Database) -> uuid.UUID:
    """Return the id of the one clinic there is; raises InvalidInput where there are several, NotFound for none."""
    with database.engine() as session:
        found = session.execute(select(Clinic.id, Clinic.slug).order_by(Clinic.slug).limit(20)).all()
    if not found:
        raise NotFound("There is no clinic yet. `followup clinic apply FILE` makes one.")
    if len(found) > 1:
        raise InvalidInput("clinic", f"Say which one: {', '.join(each.slug for each in found)}.")
    only: uuid.UUID = found[0].id
    return only
