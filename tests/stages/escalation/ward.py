"""A clinic in the words of a test: people on call, patients with phones, a clock that is moved."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.clinics.states import Channel
from followup.db.sealed import blind
from followup.db.session import Database
from followup.enrollment.models import Enrollment
from followup.escalation.invariants import broken
from followup.escalation.models import Escalation, Page
from followup.escalation.page import PageOutside, send_pages
from followup.escalation.respond import Responded, respond
from followup.escalation.states import PagePurpose, PageState
from followup.escalation.tick import active_clocks, tick
from followup.intake.events import IncomingEvent
from followup.intake.first_look import may_be_urgent
from followup.intake.states import EventKind
from followup.intake.store import store
from followup.kit.clock import FixedClock
from followup.kit.ids import new_id
from followup.lab import Entry, Kind, Lab
from followup.messaging.models import Message
from followup.pathways.models import PathwayVersion
from followup.patients.models import ContactPoint, Patient, Procedure
from followup.patients.states import Harvest
from followup.replies.process import process_events
from followup.staff.models import Shift, Staff, StaffContactPoint
from followup.staff.states import StaffRole

# A Tuesday at 03:00 in the clinic's zone: nobody is at the desk, and the ladder has to work all the same.
NIGHT = datetime(2026, 3, 3, 11, 0, tzinfo=UTC)
PUBLIC_URL = "https://followup.example"
OUR_NUMBER = "+14155550100"
LINE = "+14155550111"


@dataclass
class Person:
    """A member of staff as a test sees one."""

    id: uuid.UUID
    name: str
    phone: str


@dataclass
class Ward:
    """The clinic, and verbs in the words of a test."""

    database: Database
    clock: FixedClock
    clinic_id: uuid.UUID
    people: dict[str, Person] = field(default_factory=dict)
    patients: dict[str, uuid.UUID] = field(default_factory=dict)
    phones: dict[str, str] = field(default_factory=dict)
    outside: PageOutside | None = None
    lab: Lab | None = None
    _texts: int = 0

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def transaction(self):
        return self.database.transaction(self.clinic_id)

    # -- people ----------------------------------------------------------------------------------------------------

    def add_staff(
        self,
        name: str,
        role: StaffRole,
        phone: str | None,
        *,
        duty: str | None = None,
        email: str | None = None,
    ) -> Person:
        with self.transaction() as session:
            staff = Staff(
                clinic_id=self.clinic_id, key=name.lower().replace(" ", "-"), name=name, role=role,
                email=f"{new_id()}@clinic.example", email_blind=blind("email", f"{new_id()}"),
            )  # fmt: skip
            session.add(staff)
            session.flush()
            points = [(Channel.sms, phone, blind("phone", phone))] if phone else []
            points += [(Channel.email, email, blind("email", email))] if email else []
            for channel, address, index in points:
                session.add(
                    StaffContactPoint(
                        clinic_id=self.clinic_id, staff_id=staff.id, channel=channel, address=address,
                        address_blind=index, verified_at=NIGHT - timedelta(days=30),
                    )
                )  # fmt: skip
            person = self.people[name] = Person(staff.id, name, phone or "")
        if duty:
            self.on_call(name, duty)
        return person

    def on_call(
        self, name: str, duty: str, *, start: datetime | None = None, end: datetime | None = None
    ) -> None:
        with self.transaction() as session:
            session.add(
                Shift(
                    clinic_id=self.clinic_id, duty=duty, staff_id=self.people[name].id,
                    starts_at=start or NIGHT - timedelta(days=30), ends_at=end or NIGHT + timedelta(days=30),
                )
            )  # fmt: skip

    def add_patient(self, name: str, phone: str, *, language: str = "en") -> uuid.UUID:
        with self.transaction() as session:
            patient = Patient(
                clinic_id=self.clinic_id, name=name, name_blind=[], language=language,
                time_zone="America/Los_Angeles",
            )  # fmt: skip
            session.add(patient)
            session.flush()
            procedure = Procedure(
                clinic_id=self.clinic_id, patient_id=patient.id, performed_on=date(2026, 2, 27),
                performed_at=time(9, 0), time_zone="America/Los_Angeles", harvest=Harvest.fat,
            )  # fmt: skip
            version = session.scalar(select(PathwayVersion.id))
            if version is None:
                row = PathwayVersion(
                    clinic_id=self.clinic_id, name="none", label="1", content_hash="0", content={},
                    pinned_at=NIGHT,
                )  # fmt: skip
                session.add(row)
                session.flush()
                version = row.id
            session.add(procedure)
            session.add(
                ContactPoint(
                    clinic_id=self.clinic_id, patient_id=patient.id, channel=Channel.sms, address=phone,
                    address_blind=blind("phone", phone), consented_at=NIGHT - timedelta(days=9),
                )
            )  # fmt: skip
            session.flush()
            session.add(
                Enrollment(
                    clinic_id=self.clinic_id, patient_id=patient.id, procedure_id=procedure.id,
                    pathway_version_id=version, pathway="none", performed_on=date(2026, 2, 27),
                    channel=Channel.sms, language=language, time_zone="America/Los_Angeles",
                    enrolled_at=NIGHT - timedelta(days=9), enrolled_by="test",
                )
            )  # fmt: skip
            self.patients[name], self.phones[name] = patient.id, phone
        return self.patients[name]

    # -- what happens ----------------------------------------------------------------------------------------------

    def texts_in(self, phone: str, body: str, **fields: str) -> None:
        """A text arrives at the clinic's number and is received; nothing has answered it yet."""
        self._texts += 1
        sid = f"SM{self._texts:032x}"
        event = IncomingEvent(
            kind=EventKind.inbound_sms, provider_key=sid,
            payload={"From": phone, "To": OUR_NUMBER, "Body": body, "MessageSid": sid, **fields},
            received_at=self.now, our_address=OUR_NUMBER, urgent_look=may_be_urgent(body),
        )  # fmt: skip
        with self.database.intake() as session:
            store(session, event)
        process_events(self.database, now=self.clock.now)

    def patient_texts(self, name: str, body: str, **fields: str) -> Responded:
        """A patient writes, and the answer to the bell runs."""
        self.texts_in(self.phones[name], body, **fields)
        return respond(self.database, self.clock, public_url=PUBLIC_URL)

    def tick(self) -> int:
        return tick(self.database, self.clock, public_url=PUBLIC_URL)

    def deliver(self) -> int:
        """Send due pages through the carrier and take in everything that its phones and reports say."""
        assert self.outside is not None, "this test asks for the fixture `carrier`"
        assert self.lab is not None
        called = 0
        while True:
            process_events(self.database, now=self.clock.now)
            self.tick()
            sent = send_pages(self.database, self.clock, self.outside)
            self.lab.wait_idle()
            called += sent
            if not sent:
                return called

    def after(self, *, seconds: int = 0, minutes: int = 0, hours: int = 0, every: int = 5) -> None:
        """Let care time pass in steps of a tick, running every clock."""
        ends = self.now + timedelta(seconds=seconds, minutes=minutes, hours=hours)
        while self.now < ends:
            self.clock.advance(min(timedelta(seconds=every), ends - self.now))
            if self.outside is not None:
                self.deliver()
            self.tick()

    # -- what is ---------------------------------------------------------------------------------------------------

    def cases(self) -> Sequence[Escalation]:
        with self.transaction() as session:
            return session.scalars(select(Escalation).order_by(Escalation.opened_at, Escalation.id)).all()

    def case(self) -> Escalation:
        (only,) = self.cases()
        return only

    def clocks(self) -> dict[str, timedelta]:
        """The clocks of the only case, as time from now."""
        with self.transaction() as session:
            found = active_clocks(session, self.case().id)
            return {kind: due - self.now for kind, due in found.items()}

    def pages(self, *, purpose: PagePurpose = PagePurpose.page) -> list[tuple[str, str]]:
        """(who, channel) of every page that was planned and not cancelled, in order."""
        return [(self.who(page), page.channel.value) for page in self.page_rows(purpose=purpose)]

    def page_rows(self, *, purpose: PagePurpose = PagePurpose.page) -> Sequence[Page]:
        with self.transaction() as session:
            return session.scalars(
                select(Page)
                .where(Page.purpose == purpose, Page.state != PageState.cancelled)
                .order_by(Page.due_at, Page.recorded_at, Page.id)
            ).all()

    def who(self, page: Page) -> str:
        return next((each.name for each in self.people.values() if each.id == page.staff_id), "line")

    def code_of(self, name: str) -> str:
        """The reply code in the newest page to somebody's phone."""
        page = [each for each in self.page_rows() if self.who(each) == name and each.channel is Channel.sms][
            -1
        ]
        return page.body.split("Reply ")[1].split(" ")[0]

    def told(self, name: str) -> list[str]:
        """The keys of every text to a patient, in order."""
        with self.transaction() as session:
            rows = session.scalars(
                select(Message)
                .where(Message.patient_id == self.patients[name])
                .order_by(Message.queued_at, Message.id)
            ).all()
            return [row.text_key for row in rows if row.state != "cancelled"]

    def staff(self, session: Session, name: str) -> Staff:
        return session.get_one(Staff, self.people[name].id)

    def assert_nothing_unexpected_was_sent(self) -> None:
        """Whatever the carrier took has a row of ours, its person's number, and no more tries than noted."""
        assert self.lab is not None
        self.lab.wait_idle()
        with self.transaction() as session:
            pages = {page.token: page for page in session.scalars(select(Page))}
            points = {each.address for each in session.scalars(select(StaffContactPoint))} | {LINE}
            taken = Counter(_token(entry) for entry in self.lab.journal.entries(Kind.TEXT_ACCEPTED))
            for entry in self.lab.journal.entries(Kind.TEXT_ACCEPTED):
                page = pages.get(_token(entry))
                assert page is not None, f"nobody planned this text to {entry['to']}: {entry['body']}"
                assert entry["to"] == page.to, f"a page went to {entry['to']}"
                assert page.state is not PageState.cancelled or page.claimed_at, "a cancelled page was sent"
            for token, count in taken.items():
                assert count <= pages[token].tries, f"a page left {count} times"
        strangers = {entry["to"] for entry in self.lab.journal.entries(Kind.CALL)} - points - {OUR_NUMBER}
        assert strangers == set(), "a number was called that belongs to nobody here"

    def assert_sound(self) -> None:
        """Every invariant holds now."""
        with self.transaction() as session:
            assert broken(session, now=self.now) == []


def _token(entry: Entry) -> str:
    """Return our token in the callback address of a text."""
    return str(entry["callback"] or "").rpartition("/")[2].partition("#")[0].partition("?")[0]
