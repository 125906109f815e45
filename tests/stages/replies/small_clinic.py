"""One clinic with a number, a mailbox and enrolled patients, for tests of what comes in.

Everything goes through the product's own verbs; only the carrier's part is written by hand.
"""

from __future__ import annotations

import functools
import itertools
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from followup.audit.record import SYSTEM
from followup.bootstrap import House
from followup.clinics.models import Clinic, Sender
from followup.clinics.states import Channel
from followup.db.sealed import blind
from followup.enrollment.enroll import Enrolled, enroll
from followup.enrollment.models import Touchpoint
from followup.enrollment.request import EnrollmentRequest
from followup.intake.collect import mail_event
from followup.intake.events import IncomingEvent
from followup.intake.first_look import may_be_urgent
from followup.intake.models import ProviderEvent
from followup.intake.states import EventKind
from followup.intake.store import store
from followup.kit.ids import new_id
from followup.messaging.models import Message
from followup.outreach.dispatch import dispatch_due
from followup.pathways.library import load_library
from followup.patients.models import ContactPoint
from followup.replies.models import Reply
from followup.replies.process import process_events
from followup.staff.models import Staff, StaffContactPoint
from followup.staff.states import StaffRole
from followup.tasks.models import Task

# Read once per test process: the shipped pathway does not change while tests run.
_library = functools.cache(load_library)

NUMBER = "+14155550199"
MAILBOX = "care@clinic.example"
INES = "+14155550101"
# Tuesday, 11:00 in Los Angeles: inside every window of the shipped pathway.
START = datetime(2026, 6, 2, 18, 0, tzinfo=UTC)


@dataclass
class SmallClinic:
    """A clinic, its clock, and the hands of a carrier."""

    house: House
    now: datetime = START
    id: uuid.UUID = field(default_factory=new_id)
    number: str = NUMBER
    mailbox: str = MAILBOX
    _serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def open(self) -> SmallClinic:
        """Write the clinic's rows."""
        with self.session() as session:
            session.add(
                Clinic(
                    id=self.id, slug=f"clinic-{self.id}", name="Riverbend Spine Clinic", short_name="Riverbend",
                    code="RB", time_zone="America/Los_Angeles", urgent_phone="+14155550111",
                    office_phone="+14155550100",
                    open_hours={str(day): [["08:00", "17:00"]] for day in range(5)},
                )
            )  # fmt: skip
            session.flush()
            session.add(Sender(clinic_id=self.id, channel=Channel.sms, address=self.number))
            session.add(Sender(clinic_id=self.id, channel=Channel.email, address=self.mailbox))
        return self

    def session(self) -> Any:
        """A transaction of this clinic."""
        return self.house.database.transaction(self.id)

    # -- patients and what they were asked -----------------------------------------------------------------------

    def enroll(self, name: str = "Ines Sample", phone: str | None = INES, **more: Any) -> Enrolled:
        """Enroll a patient whose procedure was yesterday."""
        day = (self.now - timedelta(days=1)).date().isoformat()
        body = {
            "patient": {"name": name, "phone": phone or "", "language": more.pop("language", "en"),
                        "email": more.pop("email", ""), "time_zone": "America/Los_Angeles"},
            "procedure": {"performed_on": day, "performed_at": "09:00", "harvest": "bone_marrow"}
            | more.pop("procedure", {}),
            "pathway": "stem-cell-back", "channel": "sms" if phone else "email", "confirmed": True,
            "consent": {"sms": bool(phone), "email": True, "obtained_by": "Cora"},
        }  # fmt: skip
        with self.session() as session:
            return enroll(
                session, self.id, EnrollmentRequest.from_nested(body),
                library=_library(self.house.settings.templates_folder / "pathways"), now=self.now, actor=SYSTEM,
            )  # fmt: skip

    def goes_on(self, until: datetime) -> None:
        """Let care time pass: what becomes due is sent, and the carrier takes all of it."""
        self.now = until
        dispatch_due(self.house.database, now=self.now)
        self.carrier_takes_all()

    def carrier_takes_all(self) -> None:
        """Everything queued is handed over now."""
        with self.session() as session:
            session.execute(
                text(
                    "UPDATE message SET state = 'accepted', claimable = false, called_at = :now, attempts = 1,"
                    " accepted_at = :now, calls = 1, provider_id = 'SM' || replace(id::text, '-', '')"
                    " WHERE state = 'queued'"
                ),
                {"now": self.now},
            )

    def add_nurse(self, phone: str = "+14155550131") -> None:
        """A nurse with a verified phone."""
        with self.session() as session:
            nurse = Staff(
                clinic_id=self.id, key="bea", name="Bea Osei", role=StaffRole.nurse, email="bea@clinic.example",
                email_blind=blind("email", "bea@clinic.example"),
            )  # fmt: skip
            session.add(nurse)
            session.flush()
            session.add(
                StaffContactPoint(
                    clinic_id=self.id, staff_id=nurse.id, channel=Channel.sms, address=phone,
                    address_blind=blind("phone", phone), verified_at=self.now,
                )
            )  # fmt: skip

    # -- what comes in -------------------------------------------------------------------------------------------

    def text(self, words: str, sender: str = INES, **fields: str) -> None:
        """Somebody texts the clinic, and the text is understood."""
        self.store_text(words, sender, **fields)
        self.process()

    def store_text(self, words: str, sender: str = INES, **fields: str) -> str:
        """Somebody texts the clinic; the raw text waits."""
        sid = fields.pop("sid", "") or f"SM{next(self._serial):032x}"
        payload = {
            "MessageSid": sid,
            "From": sender,
            "To": self.number,
            "Body": words,
            "NumMedia": "0",
        } | fields
        self._store(
            IncomingEvent(
                kind=EventKind.inbound_sms, provider_key=sid, payload=payload, received_at=self.now,
                our_address=self.number, urgent_look=may_be_urgent(words),
            )
        )  # fmt: skip
        return sid

    def report(self, token: str, sid: str, status: str, code: str = "") -> None:
        """The carrier reports on a text; the raw report waits."""
        payload = {"MessageSid": sid, "MessageStatus": status, "ErrorCode": code}
        self._store(
            IncomingEvent(
                kind=EventKind.sms_status, provider_key=f"{sid}:{status}:{code}", payload=payload,
                received_at=self.now, token=token,
            )
        )  # fmt: skip

    def mail(self, raw: bytes) -> None:
        """A mail reaches the mailbox and is understood."""
        self._store(mail_event(raw, now=self.now))
        self.process()

    def _store(self, event: IncomingEvent) -> None:
        with self.house.database.intake() as session:
            store(session, event)

    def process(self) -> int:
        """Understand everything that waits."""
        return process_events(self.house.database, now=lambda: self.now)

    # -- what is there afterwards --------------------------------------------------------------------------------

    def all(self, kind: type[Any], *where: Any) -> list[Any]:
        """Every row of a kind in this clinic, oldest first."""
        with self.session() as session:
            return list(session.scalars(select(kind).where(*where).order_by(kind.recorded_at, kind.id)))

    @property
    def replies(self) -> list[Reply]:
        """The clinic's replies, oldest first."""
        return self.all(Reply)

    @property
    def reply(self) -> Reply:
        """The only reply."""
        [only] = self.replies
        return only

    @property
    def said(self) -> list[str]:
        """Which of the house's own texts were queued, oldest first."""
        return [each.text_key for each in self.all(Message) if each.cause_id is not None]

    @property
    def tasks(self) -> list[Task]:
        """The clinic's tasks."""
        return self.all(Task)

    @property
    def point(self) -> ContactPoint:
        """The first contact point."""
        return self.all(ContactPoint)[0]

    @property
    def events(self) -> list[ProviderEvent]:
        """All raw events, of every clinic."""
        with self.house.database.engine() as session:
            return list(session.scalars(select(ProviderEvent).order_by(ProviderEvent.recorded_at)))

    def touchpoint(self, key: str) -> Touchpoint:
        """The touchpoint of a step."""
        [found] = self.all(Touchpoint, Touchpoint.key == key)
        return found
