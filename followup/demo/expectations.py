"""What had to happen in the story, sentence by sentence: the promises of the README, held against rows and journal.

Each check returns what it found instead, in plain words; nothing found means that it came true. A check that nobody
could fail is not worth a line here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import time, timedelta

from followup.audit.seal import seal_all, verify
from followup.demo.facts import Facts, gather
from followup.demo.own_expectations import OWN
from followup.demo.story import Story
from followup.demo.world import World
from followup.enrollment.states import EnrollmentState, TouchpointState
from followup.escalation.states import EscalationState, PagePurpose, PageState
from followup.messaging.states import MessageState, Purpose
from followup.replies.states import ReplyState
from followup.tasks.states import TaskState

EARLIEST, LATEST = time(9, 0), time(20, 0)
TOLD_WITHIN = timedelta(seconds=60)
_PLANNED = (Purpose.planned, Purpose.reminder, Purpose.welcome)
_LEFT_THE_HOUSE = (MessageState.accepted, MessageState.sent, MessageState.delivered)

Check = Callable[[Facts], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Judgment:
    """One sentence and what was found instead; nothing if it came true."""

    sentence: str
    found: tuple[str, ...]


def judge(made: World, story: Story) -> list[Judgment]:
    """Hold the whole telling against everything that had to happen."""
    with made.house.database.transaction(made.clinic_id) as session:
        facts = gather(session, made, story)
        judged = [Judgment(sentence, tuple(check(facts))) for sentence, check in EVERYBODY]
        judged += [
            Judgment(sentence, tuple(check(facts))) for key, sentence, check in OWN if key in facts.patients
        ]
    judged.append(Judgment("every webhook of the carrier was answered well", tuple(_webhooks(made))))
    judged.append(Judgment("the chain of the record holds", tuple(_chain(made))))
    return judged


def _in_the_day(facts: Facts) -> Iterator[str]:
    for each in facts.messages:
        if each.purpose in _PLANNED and each.accepted_at and each.patient_id:
            local = facts.local(each.accepted_at, each.patient_id)
            if not EARLIEST <= local.time() < LATEST:
                yield f"{each.text_key} to {facts.named(each.patient_id)} went out at {local:%a %H:%M}"


def _at_most_once(facts: Facts) -> Iterator[str]:
    queued = Counter(
        (each.to, each.body)
        for each in facts.messages
        if each.state in _LEFT_THE_HOUSE and each.channel == "sms"
    )
    numbers = {each.to for each in facts.messages}
    arrived = Counter(
        (each.to, each.words) for each in facts.arrived if each.to in numbers and "@" not in each.to
    )
    for key in queued.keys() | arrived.keys():
        if queued[key] != arrived[key]:
            yield f"{queued[key]} times in our rows, {arrived[key]} times on the phone {key[0]}: {key[1][:60]}"


def _one_planned_a_day(facts: Facts) -> Iterator[str]:
    days = Counter(
        (each.patient_id, facts.local(each.accepted_at, each.patient_id).date())
        for each in facts.messages
        if each.purpose in (Purpose.planned, Purpose.reminder) and each.accepted_at
    )
    for (patient_id, day), many in days.items():
        if many > 1:
            yield f"{facts.named(patient_id)} got {many} planned texts on {day}"


def _every_reply_was_read(facts: Facts) -> Iterator[str]:
    assessed = {each.reply_id for each in facts.assessments}
    for each in facts.replies:
        if each.id not in assessed or each.state in (ReplyState.received, ReplyState.in_review):
            yield f"a reply of {facts.named(each.patient_id)} is {each.state}"


def _cases_closed(facts: Facts) -> Iterator[str]:
    for case in facts.cases:
        if case.state is not EscalationState.closed or not case.disposition:
            yield f"case {case.code} of {facts.named(case.patient_id)} is {case.state}"
        elif case.contacted_at is None:
            yield f"case {case.code} was closed without speaking with {facts.named(case.patient_id)}"


def _told_at_once(facts: Facts) -> Iterator[str]:
    """Who reports a warning sign hears at once, at any hour: by a safety text, or the last text after STOP."""
    for case in facts.cases:
        told = [
            each
            for each in facts.messages
            if each.patient_id == case.patient_id and each.accepted_at
            and case.opened_at <= each.accepted_at <= case.opened_at + TOLD_WITHIN
            and each.purpose in (Purpose.safety, Purpose.consent)
        ]  # fmt: skip
        if not told:
            yield f"{facts.named(case.patient_id)} was not told within a minute (case {case.code})"


def _tasks_closed(facts: Facts) -> Iterator[str]:
    for each in facts.tasks:
        if each.state is not TaskState.done or not each.disposition:
            yield f"open: {each.reason} ({facts.named(each.patient_id)})"


def _no_page_names_anybody(facts: Facts) -> Iterator[str]:
    private = {part for each in facts.patients.values() for part in each.name.split()}
    private |= {each.body.strip() for each in facts.replies if len(each.body) > 12}
    for page in facts.pages:
        if any(word in page.body for word in private):
            yield f"a page says: {page.body[:80]}"


def _every_contact_ended(facts: Facts) -> Iterator[str]:
    for each in facts.touchpoints:
        if each.state in (TouchpointState.planned, TouchpointState.dispatched) and each.requires_answer:
            yield f"{each.key} of {facts.named(each.patient_id)} is still {each.state}"
        elif each.state is TouchpointState.planned or (
            each.state in (TouchpointState.skipped, TouchpointState.cancelled) and not each.reason
        ):
            yield f"{each.key} of {facts.named(each.patient_id)} has no reason for being {each.state}"


def _recoveries_ended(facts: Facts) -> Iterator[str]:
    for each in facts.enrollments:
        if each.state not in (EnrollmentState.completed, EnrollmentState.withdrawn):
            yield f"{facts.named(each.patient_id)} is still {each.state}"


def _pages_arrived(facts: Facts) -> Iterator[str]:
    for each in facts.pages:
        if each.purpose is PagePurpose.page and each.state in (
            PageState.failed,
            PageState.unknown,
            PageState.planned,
        ):
            yield f"a page by {each.channel} is {each.state}"


EVERYBODY: tuple[tuple[str, Check], ...] = (
    ("no planned text left the house outside 9:00 to 20:00 of the patient's day", _in_the_day),
    ("nothing was sent twice: the phones show what our rows say, text by text", _at_most_once),
    ("nobody got two planned texts on one day", _one_planned_a_day),
    ("every reply was assessed, and a person read what was not understood", _every_reply_was_read),
    ("everybody with a warning sign was told what to do within a minute", _told_at_once),
    ("every case was closed with what was done, after somebody spoke with the patient", _cases_closed),
    ("every page went out", _pages_arrived),
    ("no page names a patient or quotes what was written", _no_page_names_anybody),
    ("every task was closed with what came of it", _tasks_closed),
    ("every planned contact ended in a named state", _every_contact_ended),
    ("every recovery was completed, or ended by a person", _recoveries_ended),
)


def _webhooks(made: World) -> Iterator[str]:
    try:
        made.lab.expect_webhooks_answered()
    except AssertionError as wrong:
        yield str(wrong)


def _chain(made: World) -> Iterator[str]:
    seal_all(made.house.database, settled_after=0)
    with made.house.database.engine() as session:
        verified = verify(session, made.clinic_id)
    if not verified.holds or not verified.rows:
        yield f"of {verified.rows} rows, number {verified.broken_at} does not fit"
