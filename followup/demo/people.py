"""Invented people at their phones, mail and work lists: they answer what reaches them, and act as staff do.

Patients see only what stands on their phone. Staff accept a page by a text, call the patient, write down what was
done; Alma works her list while the clinic is open. All of it goes through the doors and verbs that real people use.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import select

from followup.audit.record import Actor
from followup.clinics.models import Clinic
from followup.demo import staff as routine
from followup.demo.patients import StoryPatient
from followup.demo.stepping import Stepper
from followup.demo.world import World
from followup.enrollment.enroll import Enrolled, enroll
from followup.enrollment.request import EnrollmentRequest
from followup.kit.windows import to_local, zone
from followup.lab import Kind, Mail
from followup.staff.models import Staff
from followup.tasks.models import Task
from followup.tasks.states import TaskKind, TaskState

_PAGE = re.compile(r"Reply (\w+) to accept")


class People:
    """Everybody around one clinic. ``performed_on`` holds each patient's procedure date, by key."""

    def __init__(
        self, world: World, cohort: Sequence[StoryPatient], *, performed_on: Mapping[str, date]
    ) -> None:
        self.world = world
        self.cohort = tuple(cohort)
        self.performed_on = dict(performed_on)
        self.enrolled: dict[str, Enrolled] = {}
        self.stepper = Stepper(world, after_rest=self._react)
        self._heard = 0
        self._taken_up: set[uuid.UUID] = set()
        self._calls_made: dict[str, int] = {}
        self._forgotten: set[uuid.UUID] = set()
        self._called_away: dict[str, datetime] = {}
        with world.house.database.transaction(world.clinic_id) as session:
            self.clinic = session.get_one(Clinic, world.clinic_id)
            self.staff = {row.key: row for row in session.scalars(select(Staff))}
        self._by_number = {each.phone: each for each in cohort if each.phone}
        self._by_address = {each.email: each for each in cohort if each.email}
        self._phones = {
            point.address.replace(" ", ""): each.key
            for each in world.clinic.staff
            for point in each.contact_points
            if point.channel == "sms"
        }

    @property
    def where(self) -> ZoneInfo:
        """The clinic's zone."""
        return zone(self.clinic.time_zone)

    def let_phones_ring_out(self) -> None:
        """Nobody of the staff picks up a call; they answer texts."""
        for number in (*self._phones, self.world.clinic.clinic.urgent_phone):
            self.world.lab.phone(number).does_not_answer()

    def let_phones_ring(self) -> None:
        """From now on the phones of the staff ring for whoever looks at them."""
        for number in (*self._phones, self.world.clinic.clinic.urgent_phone):
            self.world.lab.phone(number).rings()

    # -- what people do ----------------------------------------------------------------------------------------

    def enroll(self, patient: StoryPatient) -> None:
        """Alma enrolls a patient."""
        if patient.phone:
            self.world.lab.phone(patient.phone, name=patient.name, owner="patient")
        house, request = self.world.house, patient.request(self.performed_on[patient.key])
        with house.database.transaction(self.world.clinic_id) as session:
            self.enrolled[patient.key] = enroll(
                session, self.world.clinic_id, EnrollmentRequest(request), library=house.library,
                now=self.stepper.now, actor=self.actor("alma"),
            )  # fmt: skip

    def write(self, patient: StoryPatient, words: str) -> None:
        """A patient texts the clinic; the next rest waits until the text is there."""
        self.world.lab.phone(patient.phone).sends(words, to=self.world.sender, wait=False)

    def write_mail(self, mail: Mail, words: str) -> None:
        """A patient answers a mail; it lies in the clinic's mailbox until that is read."""
        self.world.lab.answer_mail(mail, words)

    def actor(self, key: str) -> Actor:
        """Return a member of staff as the one who acts."""
        return Actor("staff", self.staff[key].id)

    # -- what they answer to -----------------------------------------------------------------------------------

    def _react(self) -> None:
        """Look at what reached phones and mailboxes since the last look, and at the work list."""
        entries = self.world.lab.journal.entries(since=self._heard)
        self._heard += len(entries)
        for entry in entries:
            if entry.kind == Kind.TEXT_REACHED_PHONE and not entry["by_carrier"]:
                self._text_arrived(entry["to"], entry["body"])
            elif entry.kind == Kind.MAIL:
                self._mail_arrived(entry["id"])
        self._look_at_the_list()

    def _text_arrived(self, number: str, body: str) -> None:
        patient = self._by_number.get(number)
        if patient is not None:
            answer = patient.answer(body, self._day(patient))
            if answer:
                self.stepper.at(self.stepper.now + answer[0], partial(self.write, patient, answer[1]))
        elif number in self._phones and (page := _PAGE.search(body)):
            self._paged(self._phones[number], number, page[1])

    def _mail_arrived(self, mail_id: str) -> None:
        mail = next(each for each in self.world.lab.mails if each.id == mail_id)
        patient = next((self._by_address[each] for each in mail.to if each in self._by_address), None)
        if patient is None:
            return
        answer = patient.answer(mail.body("plain"), self._day(patient))
        if answer:
            self.stepper.at(self.stepper.now + answer[0], partial(self.write_mail, mail, answer[1]))

    def _day(self, patient: StoryPatient) -> int:
        local = to_local(self.stepper.now, zone(patient.zone))
        return (local.date() - self.performed_on[patient.key]).days

    def _paged(self, key: str, number: str, code: str) -> None:
        wait = routine.answers_page(self.staff[key], to_local(self.stepper.now, self.where))
        if wait is None or self.stepper.now < self._called_away.get(key, self.stepper.now):
            return

        def accept() -> None:
            self.world.lab.phone(number).sends(code, to=self.world.sender)
            self.stepper.at(self.stepper.now + routine.A_MOMENT, partial(self._goes_to_work, key))

        self.stepper.at(self.stepper.now + wait, accept)

    def _goes_to_work(self, key: str) -> None:
        """The case is accepted by now; call the patient, then write down what was done."""
        with self.world.house.database.transaction(self.world.clinic_id) as session:
            case = routine.case_of(session, self.staff[key].id)
            if case is None or case.id in self._taken_up:
                return
            name = routine.first_name(session, case.patient_id)
            if name in routine.FORGOTTEN_AT_FIRST and case.id not in self._forgotten:
                self._forgotten.add(case.id)
                self._called_away[key] = self.stepper.now + routine.CALLED_AWAY
                return
            self._taken_up.add(case.id)
            script = routine.CASES.get(name, routine.DEFAULT_CASE)
        for step in script:
            self.stepper.at(self.stepper.now + step.after, partial(self._take, key, case.id, step))

    def _take(self, key: str, case_id: uuid.UUID, step: routine.Step) -> None:
        with self.world.house.database.transaction(self.world.clinic_id) as session:
            case = routine.case_of(session, self.staff[key].id)
            assert case is not None
            assert case.id == case_id
            routine.take(
                session, case, step, staff=session.get_one(Staff, self.staff[key].id), now=self.stepper.now
            )

    def _look_at_the_list(self) -> None:
        with self.world.house.database.transaction(self.world.clinic_id) as session:
            new = [each for each in routine.open_tasks(session) if each.id not in self._taken_up]
        for task in new:
            self._taken_up.add(task.id)
            is_pressing = task.kind is TaskKind.review_reply and task.priority == "high"
            when = (
                self.stepper.now + routine.READS_AFTER
                if is_pressing
                else routine.when_alma_comes_to_it(self.clinic, self.stepper.now)
            )
            self.stepper.at(when, partial(self._deal_with, task.id))

    def _deal_with(self, task_id: uuid.UUID) -> None:
        with self.world.house.database.transaction(self.world.clinic_id) as session:
            task = session.get_one(Task, task_id)
            if task.state is not TaskState.open:
                return
            key = routine.first_name(session, task.patient_id)
            made = self._calls_made.get(key, 0)
            self._calls_made[key] = made + 1
            calls = routine.CALLS.get(key, ())
            call = calls[made] if made < len(calls) else routine.DEFAULT_CALL
            routine.deal_with(session, task, call, actor=self.actor("alma"), now=self.stepper.now)
