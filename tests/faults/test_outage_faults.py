"""F64: the whole house was down for three days and starts again; real beat, workers and web process."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from followup.lab import Entry, Kind
from followup.reporting.outages import outages
from followup.servers.processes import QUEUES
from tests.faults.case import PUBLIC, Case
from tests.faults.crowd import enroll_many, sized
from tests.faults.processes import beat, free_port, web_process, worker
from tests.servers_of_the_run import superuser
from tests.waiting import wait_for

RED_FLAG = "I can't pee and my legs are numb"
AWAY = timedelta(days=3)
RATE = 40.0
# Of four contacts that became due in the three days, this is the newest.
NEWEST = "day-2-marrow"


def go_away(case: Case, owner_url: str) -> None:
    """Three days pass for patients and on the machine, and nobody hears anything."""
    case.lab.route(PUBLIC, f"http://127.0.0.1:{free_port()}")
    case.home.pass_time(AWAY)
    with superuser(owner_url) as machine:
        machine.execute("UPDATE heartbeat SET ticked_at = ticked_at - interval '3 days'")
        machine.execute("UPDATE sender SET inbound_listed_at = inbound_listed_at - interval '3 days'")
    case.leases_end()
    case.machine_time_passes(AWAY.total_seconds() / 60)


def house(case: Case, folder: Path, stack: ExitStack, name: str) -> None:
    """Start everything, as a supervisor would."""
    port = free_port()
    stack.enter_context(web_process(case, port))
    case.lab.route(PUBLIC, f"http://127.0.0.1:{port}")
    stack.enter_context(beat(case, folder, f"{name}-beat", tick=1))
    for number in (1, 2):
        stack.enter_context(worker(case, folder, f"{name}-{number}", queues=QUEUES, threads=8))


def planned_since(case: Case, mark: int) -> list[Entry]:
    """What the carrier took after entry ``mark`` that was planned: no answers, no safety texts."""
    kinds = {each.entry.number: each.purpose for each in case.eye.sent()}
    taken = case.lab.journal.entries(Kind.TEXT_ACCEPTED, since=mark)
    return [each for each in taken if kinds.get(each.number) == "planned"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_f64_three_days_down_end_with_listening_and_one_text_a_patient_at_the_senders_pace(
    case: Case, tmp_path: Path, owner_url: str
) -> None:
    numbers = enroll_many(case, sized(1250), procedure__performed_on="2026-11-21")
    queued = "SELECT count(*) FROM message WHERE state = 'queued'"
    case.lab.fault("callbacks_off", times=None)
    case.lab.sender(inbound_url=f"{PUBLIC}/hooks/twilio/sms#rc=5&rp=all")
    with ExitStack() as before:
        house(case, tmp_path, before, "before")
        listed = "SELECT inbound_listed_at FROM sender WHERE channel = 'sms'"
        wait_for(
            lambda: all(len(case.lab.phone(each).inbox) == 1 for each in numbers), within=200, what="welcomes"
        )
        wait_for(lambda: case.home.only(listed) is not None, what="the first comparison")
        wait_for(lambda: case.home.only(queued) == 0, what="the record of every welcome")
    case.injected()
    case.home.change("UPDATE sender SET rate_per_second = :rate WHERE channel = 'sms'", rate=RATE)
    go_away(case, owner_url)
    stopped, in_danger = numbers[0], numbers[1]
    case.lab.phone(stopped).sends("STOP please", wait=False)
    case.lab.phone(in_danger).sends(RED_FLAG, wait=False)
    case.lab.wait_idle()
    overdue = "SELECT count(*) FROM touchpoint WHERE state = 'planned' AND look_at <= :now"
    assert case.home.only(overdue, now=case.home.now) == 4 * len(numbers)
    mark, case.eye.seen = len(case.lab.journal), len(case.lab.journal)
    held = "SELECT id FROM enrollment WHERE held_since IS NOT NULL"
    case.over()
    with ExitStack() as after:
        house(case, tmp_path, after, "after")
        wait_for(
            lambda: (
                case.home.only(f"{overdue} AND enrollment_id NOT IN ({held})", now=case.home.now) == 0
                and case.home.only(queued) == 0
                and case.home.rows("SELECT 1 FROM escalation") != []
            ),
            within=300, what="the end of the backlog",
        )  # fmt: skip
        case.normal()
    case.lab.wait_idle()

    sent = planned_since(case, mark)
    heard = case.lab.journal.entries(Kind.REQUEST, since=mark, operation="messages.list")
    assert heard[0].number < sent[0].number  # inbound first
    assert Counter(each["to"] for each in sent) == Counter(
        numbers[2:]
    )  # one a patient, none to who stopped us
    planned = "FROM message m JOIN touchpoint t ON t.id = m.touchpoint_id WHERE m.purpose = 'planned'"
    keys = f"SELECT DISTINCT t.key {planned}"
    assert [row[0] for row in case.home.rows(keys)] == [NEWEST]
    left_out = (
        "SELECT count(*), count(t.reason) FROM touchpoint t WHERE t.state = 'skipped' AND t.due_at > :then"
    )
    count, reasons = case.home.rows(left_out, then=case.home.now - AWAY)[0]
    assert count == reasons >= 3 * (len(numbers) - 2)
    segments = case.home.only(
        "SELECT sum(segments) FROM message WHERE purpose = 'planned' AND state <> 'cancelled'"
    )
    assert (
        sent[-1].at - sent[0].at >= (segments - 3 * RATE) / RATE - 0.5
    )  # no faster than its rate, less what it saved
    assert case.home.only("SELECT count(*) FROM contact_point WHERE opted_out_at IS NOT NULL") == 1
    answers = [
        each["body"] for each in case.lab.journal.entries(Kind.TEXT_ACCEPTED, since=mark, to=in_danger)
    ]
    assert len(answers) == 1
    assert "911" in answers[0]
    with case.home.house.database.transaction(case.home.clinic_id) as session:
        told = outages(session, since=datetime.now(UTC) - 2 * AWAY, now=datetime.now(UTC))
    assert (
        told[0].until(datetime.now(UTC)) - told[0].began_at >= AWAY
    )  # what the coordinator's report begins with
    assert "texts and emails were not sent" in told[0].felt
    case.at_rest = False  # the case of the patient in danger is a person's; her contacts wait for it
