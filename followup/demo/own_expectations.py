"""What had to happen to each patient of the story: the reason why this one is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from followup.clinics.states import Channel
from followup.demo.facts import Facts
from followup.escalation.states import PagePurpose, PageState
from followup.kit.windows import to_local, zone
from followup.messaging.states import Purpose
from followup.tasks.states import TaskKind

CONFIRMED_WITHIN = timedelta(minutes=5)  # 47 CFR 64.1200(a)(12): one confirmation, within five minutes
CLIMBS_WITHIN = timedelta(seconds=30)
REACHED_WITHIN = timedelta(minutes=30)


def _tom(facts: Facts) -> Iterator[str]:
    if facts.cases_of("tom"):
        yield "a case was opened"
    for task in facts.tasks:
        if task.patient_id == facts.of("tom"):
            yield f"a person was asked: {task.reason}"


def _ines(facts: Facts) -> Iterator[str]:
    cases = facts.cases_of("ines")
    if len(cases) != 1:
        yield f"there are {len(cases)} cases"
        return
    case = cases[0]
    paged = {
        each.staff_id
        for each in facts.pages
        if each.escalation_id == case.id and each.purpose is PagePurpose.page
    }
    if {facts.staff["bea"].id, facts.staff["osei"].id} - paged:
        yield "nurse and physician were not both paged"
    bea_was_texted = [
        each
        for each in facts.pages
        if each.escalation_id == case.id
        and each.staff_id == facts.staff["bea"].id
        and each.channel is Channel.sms
        and each.purpose is PagePurpose.page
    ]
    if not bea_was_texted or any(each.state is not PageState.undelivered for each in bea_was_texted):
        yield "the text to the nurse was not reported as undelivered"
    climbed = min(
        (
            each.due_at
            for each in facts.pages
            if each.escalation_id == case.id and each.staff_id == facts.staff["osei"].id
        ),
        default=None,
    )
    if climbed is None or climbed - case.opened_at > CLIMBS_WITHIN:
        yield "the physician was not paged as soon as the carrier gave the nurse's text up"
    accepted = [each for each in facts.moves_of(case) if each.to_state == "accepted"]
    if case.owner_id != facts.staff["osei"].id or [each.reason for each in accepted] != ["by keypad"]:
        yield "Dr. Osei did not accept it by pressing 4"
    if not case.contacted_at or case.contacted_at - case.opened_at > REACHED_WITHIN:
        yield "she was not reached within half an hour"
    if to_local(case.opened_at, zone("America/Chicago")).hour != 3:
        yield "it was not at three in the morning"


def _greta(facts: Facts) -> Iterator[str]:
    stopped = next(
        (each for each in facts.replies if each.patient_id == facts.of("greta") and each.opt), None
    )
    if stopped is None:
        yield "her STOP was not understood"
        return
    after = facts.reached("greta", since=stopped.received_at)
    if len(after) != 1 or after[0].at - stopped.received_at > CONFIRMED_WITHIN:
        yield f"{len(after)} texts reached her after STOP"
    elif "911" not in after[0].words:
        yield "the last text does not say 911"
    if [case.disposition for case in facts.cases_of("greta")] != ["seen_today"]:
        yield "her fever did not become a case that was closed"
    calls = [
        each
        for each in facts.tasks
        if each.patient_id == facts.of("greta") and each.kind is TaskKind.call_missed_text
    ]
    if len(calls) < 2:
        yield "nobody was asked to call instead of the texts"


def _george(facts: Facts) -> Iterator[str]:
    calls = [
        each
        for each in facts.tasks
        if each.patient_id == facts.of("george") and each.kind is TaskKind.call_silent
    ]
    if len(calls) != 4:
        yield f"his silence became {len(calls)} calls, not 4"
    reminders = [
        each
        for each in facts.messages
        if each.patient_id == facts.of("george") and each.purpose is Purpose.reminder
    ]
    if len(reminders) != 1:
        yield f"he was reminded {len(reminders)} times, not once"
    if facts.cases_of("george"):
        yield "a call was so late that it became a case"


def _marcus(facts: Facts) -> Iterator[str]:
    sent = [each for each in facts.messages if each.patient_id == facts.of("marcus") and each.accepted_at]
    first = [each for each in sent if each.text_key == "before-3"]
    if len(first) != 1:
        yield f"the text of three days before went out {len(first)} times"
    day_1 = next((each for each in sent if each.text_key == "day-1-marrow"), None)
    if day_1 is None or not day_1.accepted_at:
        yield "the text of day 1 did not go out"
    elif f"{facts.local(day_1.accepted_at, day_1.patient_id):%Y-%m-%d}" != "2026-09-23":
        yield "the text of day 1 did not follow the new date"


def _forgotten_and_climbed(facts: Facts) -> Iterator[str]:
    """Accepted, not called, taken back after half an hour, accepted by somebody else, who reaches him."""
    cases = facts.cases_of("marcus")
    if len(cases) != 1:
        yield f"there are {len(cases)} cases"
        return
    moves = facts.moves_of(cases[0])
    states = [each.to_state for each in moves]
    if states[:4] != ["paging", "accepted", "paging", "accepted"] or "contacted" not in states[4:]:
        yield f"his case went {', '.join(states)}"
        return
    first, taken_back, second = moves[1:4]
    if taken_back.at - first.at != REACHED_WITHIN or first.actor == second.actor:
        yield "the forgotten case was not taken back after half an hour and given to somebody else"
    if second.at - taken_back.at > timedelta(minutes=5):
        yield "nobody else had it within five minutes"
    reminded = [
        each
        for each in facts.pages
        if each.escalation_id == cases[0].id
        and first.at < each.due_at < taken_back.at
        and each.state is PageState.delivered
        and first.actor == f"staff:{each.staff_id}"
    ]
    if not reminded:
        yield "whoever had accepted it was not reminded before it was taken back"
    if not any(
        each.patient_id == facts.of("marcus") and each.text_key == "nobody-reached-yet" and each.accepted_at
        for each in facts.messages
    ):
        yield "he was not told that nobody had reached him yet"


def _rosa(facts: Facts) -> Iterator[str]:
    mails = facts.reached("rosa")
    if len(mails) < 20:
        yield f"she got {len(mails)} mails"
    for mail in mails:
        if not set(mail.words) & set("¿áéíóúñ"):
            yield f"not in Spanish: {mail.words[:50]}"
    back = [
        each
        for each in facts.tasks
        if each.patient_id == facts.of("rosa") and each.kind is TaskKind.call_back
    ]
    if not back or back[0].closed_at is None or back[0].closed_at.date() != back[0].opened_at.date():
        yield "nobody called her the same day"


def _walter(facts: Facts) -> Iterator[str]:
    cases = facts.cases_of("walter")
    if [each.tier.value for each in cases] != ["emergency"]:
        yield f"there are {len(cases)} cases: {', '.join(each.tier for each in cases)}"
        return
    at_once = {
        each.staff_id
        for each in facts.pages
        if each.escalation_id == cases[0].id
        and each.due_at == cases[0].opened_at
        and each.purpose is PagePurpose.page
    }
    if {facts.staff["bea"].id, facts.staff["osei"].id} - at_once:
        yield "nurse and physician were not paged together"
    told = facts.reached("walter", since=cases[0].opened_at)
    if not told or "911" not in told[0].words:
        yield "the first thing he read was not to call 911"
    if cases[0].disposition != "emergency_services":
        yield "he was not sent to the emergency room"
    later = facts.reached("walter", since=cases[0].opened_at + timedelta(hours=12))
    if later:
        yield f"{len(later)} check-ins reached him in the hospital"


OWN: tuple[tuple[str, str, Callable[[Facts], Iterator[str]]], ...] = (
    ("tom", "Tom: a textbook recovery needed nobody's time", _tom),
    (
        "ines",
        "Ines: at 3 in the morning the nurse's text never arrived, the physician pressed 4 and called in time",
        _ines,
    ),
    ("greta", "Greta: one last text with 911 in it, nothing after; her fever still reached a nurse", _greta),
    ("george", "George: each silence that matters became a call, and one reminder was enough", _george),
    (
        "marcus",
        "Marcus: the plan followed the new date, and nothing was said twice",
        _marcus,
    ),
    (
        "marcus",
        "Marcus: a case that a nurse accepted and forgot climbed again, to somebody who called him",
        _forgotten_and_climbed,
    ),
    ("rosa", "Rosa: every mail in Spanish, and a call on the day her pain grew", _rosa),
    (
        "walter",
        "Walter: 911 at once, nurse and physician paged together, and no check-in in the hospital",
        _walter,
    ),
)
