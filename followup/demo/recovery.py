"""One recovery as a nurse would read it aloud: day by day, in the patient's local time, who said and did what.

Everything is read from the rows, after the fact: this file decides nothing and knows no script.
"""

from __future__ import annotations

import textwrap
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from followup.audit.models import AuditEvent, Move
from followup.clinics.states import Channel
from followup.demo.wording import TASK_WORDS, TIER_WORDS, page_words
from followup.enrollment.models import Enrollment
from followup.enrollment.states import TouchpointState
from followup.escalation.models import ContactAttempt, Escalation, Page
from followup.escalation.rules import DISPOSITIONS
from followup.escalation.states import PagePurpose, PageState
from followup.kit.windows import to_local, zone
from followup.patients.models import Patient, Procedure
from followup.reporting.timeline import Case, Conclusion, Planned, Said, Sent, ToDo, timeline
from followup.staff.models import Staff
from followup.tasks.close import DISPOSITIONS as TASK_DISPOSITIONS

WIDTH = 112
_WHO = 16
_ARRIVED = {"delivered", "sent", "accepted"}


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One thing that happened; ``place`` orders what happened in the same second."""

    at: datetime
    place: int
    who: str
    words: str


@dataclass(frozen=True, slots=True)
class Recovery:
    """One patient's recovery, read from the rows."""

    patient: Patient
    enrollment: Enrollment
    procedure: Procedure
    lines: tuple[Line, ...]

    def printed(self, tells: str) -> str:
        """Return it as text; ``tells`` is the heading."""
        where = zone(self.enrollment.time_zone)
        names = {"bone_marrow": "bone marrow", "sms": "texts", "en": "English", "es": "Spanish"}
        facts = [
            f"harvest: {names.get(self.procedure.harvest, self.procedure.harvest)}",
            names.get(self.enrollment.channel, self.enrollment.channel),
            names[self.enrollment.language],
            f"procedure {_day(self.enrollment.performed_on)}",
            where.key,
        ]
        heading = f"{self.patient.name}: {tells}"
        shown = ["", "=" * WIDTH, heading, " · ".join(facts), "=" * WIDTH]
        day: date | None = None
        known: set[str] = set()
        for line in self.lines:
            local = to_local(line.at, where)
            if local.date() != day:
                day = local.date()
                shown += ["", _heading(day, self.enrollment.performed_on)]
            shown += _wrapped(f"{local:%H:%M}", line, is_known=line.words in known)
            known.add(line.words)
        return "\n".join(shown)


def _wrapped(clock: str, line: Line, *, is_known: bool) -> list[str]:
    """Return the lines of one entry; words that stood here before are cut to one line."""
    begin = f"  {clock}  {line.who:<{_WHO}}"
    if is_known:
        return [begin + textwrap.shorten(line.words, WIDTH - len(begin), placeholder=" ...")]
    return textwrap.wrap(
        line.words, WIDTH, initial_indent=begin, subsequent_indent=" " * len(begin), break_long_words=False
    ) or [begin]


def _heading(day: date, performed_on: date) -> str:
    offset = (day - performed_on).days
    if offset == 0:
        named = "Day 0, the procedure"
    elif offset < 0:
        named = f"{-offset} day{'s' if offset < -1 else ''} before"
    else:
        named = f"Day {offset}" + (f" (week {offset // 7})" if offset >= 14 and offset % 7 == 0 else "")
    return f"{named} · {_day(day)}"


def _day(day: date) -> str:
    return f"{day:%a, %b} {day.day}, {day.year}"


def read_recovery(session: Session, enrollment_id: uuid.UUID, *, now: datetime) -> Recovery:
    """Read everything that happened to one enrolled patient until now (care time)."""
    enrollment = session.get_one(Enrollment, enrollment_id)
    patient = session.get_one(Patient, enrollment.patient_id)
    reader = _Reader(session, patient, {each.id: each for each in session.scalars(select(Staff))})
    lines = sorted((*reader.story(now), *reader.record(enrollment), *reader.cases()))
    return Recovery(patient, enrollment, session.get_one(Procedure, enrollment.procedure_id), tuple(lines))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns rows into lines."""

    session: Session
    patient: Patient
    staff: Mapping[uuid.UUID, Staff]

    def story(self, now: datetime) -> Iterator[Line]:
        """Texts, replies, conclusions, tasks, and contacts that were not made."""
        for entry in timeline(self.session, self.patient.id, now).past:
            match entry:
                case Sent():
                    yield from self._sent(entry)
                case Said():
                    yield from self._said(entry)
                case ToDo():
                    yield from self._task(entry)
                case Planned():
                    yield from self._not_sent(entry)
                case Case():
                    continue

    def _not_sent(self, entry: Planned) -> Iterator[Line]:
        row = entry.touchpoint
        if row.state is not TouchpointState.call_task:  # the work list says it
            yield Line(entry.at, 8, "(not sent)", f"{row.key}: {row.reason or row.why}")

    def _sent(self, entry: Sent) -> Iterator[Line]:
        message = entry.message
        words = " ".join((message.body or "").split())
        if message.channel is Channel.email:
            words = f"[{message.subject}] {words}"
        if message.state in _ARRIVED:
            yield Line(entry.at, 6, "clinic", words)
        else:
            why = f": {message.reason}" if message.reason else ""
            yield Line(entry.at, 5, "(not sent)", f"{message.text_key}, {message.state}{why}")

    def _said(self, entry: Said) -> Iterator[Line]:
        first = self.patient.name.split()[0]
        words = f"\N{LEFT DOUBLE QUOTATION MARK}{entry.reply.body.strip()}\N{RIGHT DOUBLE QUOTATION MARK}"
        concluded = [_concluded(each) for each in entry.conclusions]
        if entry.tier == "routine" and len(concluded) == 1:
            yield Line(entry.at, 0, first, f"{words} [{concluded[0]}]")
        else:
            yield Line(entry.at, 0, first, words)
            for each, told in zip(entry.conclusions, concluded, strict=True):
                yield Line(each.at, 1, "triage", told)
        if entry.reply.opt == "opt_out":
            yield Line(entry.at, 1, "triage", "asks for no more messages: that counts at once")

    def _task(self, entry: ToDo) -> Iterator[Line]:
        task = entry.task
        local = to_local(task.due_at, zone(self.patient.time_zone))
        yield Line(task.opened_at, 4, "work list", f"{task.reason} (due {local:%a %H:%M})")
        if task.closed_at is not None:
            done = TASK_DISPOSITIONS.get(task.disposition or "", task.disposition or "")
            words = f"{TASK_WORDS.get(task.kind, task.kind)}. {done}."
            yield Line(
                task.closed_at, 7, self._name(task.closed_by), words + (f" {task.note}" if task.note else "")
            )

    def record(self, enrollment: Enrollment) -> Iterator[Line]:
        """What people did with the enrollment, and its end."""
        for event in self.session.scalars(select(AuditEvent).where(AuditEvent.subject_id == enrollment.id)):
            who = self._name(f"{event.actor_kind}:{event.actor_id}")
            if event.action == "enroll":
                yield Line(event.at, -1, who, "enrolls the patient; every contact is planned")
            elif event.action == "move procedure date":
                yield Line(event.at, -1, who, f"moves the procedure {event.reason}; what was sent stays sent")
        ends = select(Move).where(
            Move.thing_id == enrollment.id, Move.to_state.in_(("completed", "withdrawn"))
        )
        for move in self.session.scalars(ends):
            yield Line(move.at, 8, "recovery", f"{move.to_state}: {move.reason}")

    def cases(self) -> Iterator[Line]:
        """Cases, their pages, who accepted, every try to reach the patient, and what was done."""
        for case in self.session.scalars(select(Escalation).where(Escalation.patient_id == self.patient.id)):
            yield Line(case.opened_at, 2, f"case {case.code}", f"opened: {TIER_WORDS[case.tier]}")
            yield from self._moves(case)
            yield from self._pages(case)
            tries = select(ContactAttempt).where(ContactAttempt.escalation_id == case.id)
            for each in self.session.scalars(tries):
                yield Line(each.at, 6, self.staff[each.staff_id].name, self._try(each))
            if case.closed_at is not None:
                done = DISPOSITIONS.get(case.disposition or "", case.disposition or "")
                words = f"closes case {case.code}: {done}. {case.note or ''}"
                yield Line(case.closed_at, 7, self._name(case.closed_by), words.strip())

    def _moves(self, case: Escalation) -> Iterator[Line]:
        moves = select(Move).where(Move.thing_id == case.id, Move.from_state.is_not(None))
        for move in self.session.scalars(moves):
            if move.to_state == "accepted":
                yield Line(move.at, 5, self._name(move.actor), f"accepts case {case.code} ({move.reason})")
            elif move.to_state in ("paging", "unreachable", "merged"):
                yield Line(move.at, 2, f"case {case.code}", f"{move.to_state}: {move.reason}")

    def _pages(self, case: Escalation) -> Iterator[Line]:
        pages = select(Page).where(Page.escalation_id == case.id, Page.state != PageState.cancelled)
        for page in self.session.scalars(pages):
            if page.purpose is PagePurpose.page:
                who = self.staff[page.staff_id].name if page.staff_id else "the urgent line"
                yield Line(
                    page.due_at, 4 if page.channel is Channel.voice else 3, "page", page_words(page, who)
                )
            elif page.purpose is PagePurpose.notice and page.staff_id:
                yield Line(
                    page.due_at, 5, "notice", f"{self.staff[page.staff_id].name} reads: {_short(page.body)}"
                )

    def _try(self, attempt: ContactAttempt) -> str:
        first = self.patient.name.split()[0]
        if attempt.outcome != "reached":
            return f"calls {first}: {attempt.outcome.replace('_', ' ')}"
        repeats = ", who repeats what to do" if attempt.read_back else ""
        return f"speaks with {first}{repeats}. {attempt.note or ''}".strip()

    def _name(self, actor: str | None) -> str:
        kind, _, found = (actor or "system").partition(":")
        if kind == "staff" and found:
            return self.staff[uuid.UUID(found)].name
        return kind


def _concluded(each: Conclusion) -> str:
    concepts = ", ".join(name.replace("_", " ") for name in each.concepts)
    named = list(dict.fromkeys(" ".join(each.rules).split()))[:3]
    rules = f" (rule {', '.join(named)})" if named and each.tier != "routine" else ""
    return f"{TIER_WORDS.get(each.tier, each.tier)}{f': {concepts}' if concepts else ''}{rules}"


def _short(body: str) -> str:
    return body.partition(": https://")[0].partition(" https://")[0].removeprefix("followup: ")
