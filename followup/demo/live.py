"""The live demo: all of it runs, 24 invented patients are in their recovery, and the phones are yours.

Their past is real: the clinic began with followup a week ago, everybody was enrolled then, and those days were
run through the service at full speed. Who was treated before that has no texts from then, and the record says why.
"""

from __future__ import annotations

import os
import time as machine
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path

from followup import log
from followup.demo.agenda import look
from followup.demo.cohort import cohort
from followup.demo.people import People
from followup.demo.world import Plan, World, tell, world
from followup.errors import InvalidInput
from followup.kit.clock import SystemClock
from followup.kit.windows import to_local, to_utc, zone
from followup.servers.port import free_port, is_free

HISTORY_DAYS = 7
ENROLLED_AT = time(8, 30)
OPENS_AT = time(
    10, 40
)  # the care time at which the demo is handed over: the clinic is open, the day has begun
DEFAULT_WEB_PORT, LAB_PORT = 8000, 8001
WHERE = "America/Chicago"


def run_live() -> int:
    """Run the demo until Ctrl-C; return the exit code."""
    started = machine.monotonic()
    log.configure(form="plain", level=30)
    web_port, folder = _chosen(os.environ)
    today = to_local(SystemClock().now(), zone(WHERE)).date()
    begins = to_utc(today - timedelta(days=HISTORY_DAYS), time(8, 0), zone(WHERE)).utc
    plan = Plan(
        folder=folder, web_port=web_port, lab_port=LAB_PORT if is_free(LAB_PORT) else free_port(),
        begins=begins, speed=0,
    )  # fmt: skip
    with world(plan) as made:
        tell(f"letting the last {HISTORY_DAYS} days happen for 24 patients")
        live_through(made, today=today)
        made.clock.run_at(1.0)
        made.lab.on_jump_to_next_due(partial(jump_to_next_due, made))
        tell(f"ready after {machine.monotonic() - started:.0f} s")
        print("\n".join(_what_to_do(made)), flush=True)  # noqa: T201 - this is what the person came for
        made.supervisor.wait()
        tell("stopping")
    return 0


def live_through(made: World, *, today: date) -> People:
    """Enroll everybody and let the past days happen, up to the hour at which the demo is handed over."""
    patients = list(cohort())
    people = People(
        made,
        [each.patient for each in patients],
        performed_on={each.patient.key: today - timedelta(days=each.days_ago) for each in patients},
    )
    people.let_phones_ring_out()
    first_day = today - timedelta(days=HISTORY_DAYS)
    for each in patients:
        enrolled_on = max(first_day, today - timedelta(days=each.days_ago + 4))
        people.stepper.at(
            to_utc(enrolled_on, ENROLLED_AT, people.where).utc, partial(people.enroll, each.patient)
        )
        for unasked in each.patient.unasked:
            day = people.performed_on[each.patient.key] + timedelta(days=unasked.day)
            instant = to_utc(day, unasked.at, zone(each.patient.zone)).utc
            people.stepper.at(instant, partial(people.write, each.patient, unasked.words))
    people.stepper.run(to_utc(today, OPENS_AT, people.where).utc)
    people.let_phones_ring()
    return people


def jump_to_next_due(made: World) -> str | None:
    """Move the clock to the next instant at which something is due; say what is, or None."""
    now = made.clock.now()
    later = {name: at for name, at in look(made.house.database).due.items() if at > now}
    if not later:
        return None
    name = min(later, key=lambda each: later[each])
    made.clock.set(later[name])
    return f"{_local(later[name]):%a %H:%M}: {_DUE_WORDS.get(name, name)}"


_DUE_WORDS: Mapping[str, str] = {
    "messages.dispatch": "a contact is due",
    "messages.remind": "a question has waited long enough",
    "messages.deliver": "a text may go out",
    "care.deliver_urgent": "a safety text may go out",
    "care.escalate": "a clock of a case runs out",
    "care.page": "a page is due",
    "care.raise_overdue": "a task is overdue",
}


def _local(instant: datetime) -> datetime:
    return to_local(instant, zone(WHERE))


def _chosen(environ: Mapping[str, str]) -> tuple[int, Path]:
    """Read the two settings that the demo takes from outside, before all others are put aside."""
    port = environ.get("FOLLOWUP_WEB_PORT", str(DEFAULT_WEB_PORT))
    if not port.isdigit() or not 0 < int(port) < 65_536:
        raise InvalidInput("FOLLOWUP_WEB_PORT", f"is {port!r}; give a port number, for example 8100.")
    return int(port), Path(environ.get("FOLLOWUP_DATA_FOLDER", ".followup")).absolute() / "demo"


def _what_to_do(made: World) -> list[str]:
    people = [each for each in made.clinic.staff if each.password]
    lab = made.lab.url
    return [
        "",
        f"  The clinic     {made.web_url}",
        *(f"                 {each.role:<13} {each.email:<24} {each.password}" for each in people),
        f"  The phones     {lab}/lab     patients, staff, mails, calls; answer from them",
        f"  The clock      {lab}/lab     an hour, a day, the next thing that is due",
        f"  It is now      {_local(made.clock.now()):%A %H:%M} in Chicago, and time passes",
        "",
        "  Try this",
        "  1. Sign in as Alma and look at Today: what waits, what is late, who is on call.",
        "  2. On the phones, answer as Ines: my leg feels weaker since last night",
        "     Watch the nurse's phone: a page without a name. Answer it with the code, or let it climb.",
        "  3. Sign in as that nurse, call Ines, write down what you did, close the case.",
        "  4. Answer as Tom: STOP      as Esteban: tengo fiebre      as Leroy: whatever you like",
        "  5. Enroll somebody with the number +1 312 555 0160, jump to the next due instant, look at that phone.",
        "",
        "  Ctrl-C stops all of it. Nothing is kept; the next ./run demo begins anew.",
        "",
    ]
