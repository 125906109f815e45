"""F01-F07: workers that die, freeze or are asked to end, at the worst moment; real Celery workers."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from followup.messaging.rules import MOST_DEATHS
from tests.faults.case import Case
from tests.faults.processes import worker
from tests.faults.ring import ring
from tests.household import INES, TOM
from tests.servers_of_the_run import superuser
from tests.waiting import wait_for

pytestmark = pytest.mark.slow


def ringing(case: Case, until: Callable[[], object], within: float = 60.0) -> None:
    """Ring for a delivery until something is so; a worker that just started hears the next ring."""

    def look() -> object:
        ring(case, "messages.deliver")
        return until()

    wait_for(look, within=within)


def waits_for_the_lock(owner_url: str) -> bool:
    with superuser(owner_url) as looking:
        return looking.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone() is not None


def test_f01_killed_after_the_claim_and_before_the_call(case: Case, tmp_path: Path, owner_url: str) -> None:
    case.queue_welcome()
    with superuser(owner_url) as holder:
        holder.autocommit = False
        holder.execute("SELECT 1 FROM contact_point FOR UPDATE")  # the calling transaction waits for this
        with worker(case, tmp_path) as process:
            ringing(case, lambda: waits_for_the_lock(owner_url))
            case.injected()
            process.kill()
            process.wait(20)
        holder.rollback()
    assert case.state() == ("queued", "claimed")
    case.machine_time_passes(2)
    case.leases_end()
    case.recovers(lambda: len(case.texts()) == 1)
    assert case.home.only("SELECT count(*) FROM attempt") == 2


@pytest.mark.parametrize("found_by", ["list", "callback"], ids=["F02-by-list", "F02-by-callback"])
def test_a_worker_killed_between_the_carriers_201_and_our_commit(
    case: Case, tmp_path: Path, web: str, found_by: str
) -> None:
    case.queue_welcome()
    if found_by == "list":
        case.lab.fault("callbacks_off")
    else:
        case.lab.fault("hide")
    with worker(case, tmp_path) as process:
        case.lab.fault("kill", pids=(process.pid,))
        ringing(case, lambda: process.poll() is not None)
    assert web
    case.injected()
    case.lab.wait_idle()
    assert case.state() == ("queued", "calling")
    case.leases_end()
    case.machine_time_passes(2)
    case.recovers(lambda: case.state()[1] == "accepted")
    assert case.home.only("SELECT settled_by FROM attempt") == found_by
    assert len(case.texts()) == 1


def test_f03_killed_after_the_201_with_callbacks_and_list_silent(case: Case, tmp_path: Path) -> None:
    case.queue_welcome()
    case.lab.fault("callbacks_off")
    case.lab.fault("hide")
    with worker(case, tmp_path) as process:
        case.lab.fault("kill", pids=(process.pid,))
        ringing(case, lambda: process.poll() is not None)
    case.injected()
    case.leases_end()
    case.machine_time_passes(2)
    case.home.settle()
    case.machine_time_passes(12)
    case.home.settle()
    assert case.state() == ("queued", "in_doubt")
    case.machine_time_passes(4)
    case.recovers(lambda: case.state() == ("failed", "unconfirmed"))
    assert case.open_tasks() == {"unconfirmed_send"}
    assert len(case.texts()) == 1


def test_f05_frozen_for_ten_minutes_during_the_call_and_waking_up_late(case: Case, tmp_path: Path) -> None:
    case.queue_welcome()
    case.lab.fault("callbacks_off")
    case.lab.fault("hide")
    with worker(case, tmp_path) as process:
        case.lab.fault("freeze", pids=(process.pid,))
        ringing(case, lambda: case.lab.journal.entries("signal"))
        case.injected()
        case.home.change("UPDATE sender SET lease_until = lease_until - interval '10 minutes'")
        case.machine_time_passes(16)
        case.home.settle()
        case.home.settle()
        assert case.state() == ("failed", "unconfirmed")
        os.kill(process.pid, signal.SIGCONT)
        case.over()
        wait_for(
            lambda: case.home.only("SELECT provider_id FROM attempt") is not None, what="the late answer"
        )
        case.normal()
    assert case.state()[1] in ("accepted", "unconfirmed")
    assert case.home.only("SELECT provider_id FROM attempt").startswith("SM")
    case.tick()
    assert len(case.texts()) == 1


def test_f06_asked_to_end_in_mid_batch_a_worker_finishes_its_calls_and_gives_back_its_claims(
    case: Case, tmp_path: Path
) -> None:
    numbers = [f"+1312555{140 + each:04d}" for each in range(30)]
    for each, number in enumerate(numbers):
        case.home.enroll(name=f"Ann No{chr(97 + each % 26)}{chr(97 + each // 26)}", patient__phone=number)
    case.home.dispatch()
    case.home.change("UPDATE sender SET rate_per_second = 4")
    case.lab.fault("wait", seconds=0.5, times=None)
    with worker(case, tmp_path) as process:
        ringing(case, lambda: len(case.lab.requests("messages.create")) > 2)
        case.injected()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    states = {row[0] for row in case.home.rows("SELECT state FROM attempt")}
    assert states <= {"accepted", "released"}
    called = case.home.only("SELECT count(*) FROM message WHERE state <> 'queued'")
    assert 2 < called < len(numbers)
    case.lab.clear_faults()
    case.home.change("UPDATE sender SET rate_per_second = 100")
    case.recovers(lambda: all(len(case.texts(each)) == 1 for each in numbers))


def test_f07_a_message_that_kills_its_worker_again_and_again_is_put_aside(
    case: Case, tmp_path: Path, owner_url: str
) -> None:
    """Five deaths with the same message claimed; then it is a person's, and the others flow."""
    case.queue_welcome()
    case.injected()
    for death in range(MOST_DEATHS):
        with superuser(owner_url) as holder:
            holder.autocommit = False
            holder.execute("SELECT 1 FROM contact_point FOR UPDATE")
            if death == 0:
                with worker(case, tmp_path) as process:
                    ringing(case, lambda: waits_for_the_lock(owner_url))
                    process.kill()
                    process.wait(20)
            else:
                _claim_and_die(case)
            holder.rollback()
        case.leases_end()
        case.machine_time_passes(2)
        case.home.settle()
    case.home.enroll(name="Tom Berg", patient__phone=TOM)
    case.recovers(lambda: len(case.texts(TOM)) == 1)
    assert case.texts(INES) == []
    assert case.home.only("SELECT count(*) FROM message WHERE state = 'failed'") == 1
    assert "call_missed_text" in case.open_tasks()


def _claim_and_die(case: Case) -> None:
    """What a killed pump leaves: a claim that nobody will ever use."""
    import uuid

    from followup.messaging import claim as claims

    with case.home.house.database.transaction(case.home.clinic_id) as session:
        sender = case.home.only("SELECT sender_id FROM message")
        found = claims.claim(session, sender, pump=uuid.uuid4(), urgent=False, many=1, now=case.home.now)
    assert len(found) == 1


def test_f07_a_message_that_can_not_be_opened_does_not_hold_up_the_others(case: Case) -> None:
    case.home.enroll()
    case.home.enroll(name="Tom Berg", patient__phone=TOM)
    case.home.dispatch()
    case.home.change(
        "UPDATE message SET body_sealed = to_sealed WHERE id = (SELECT id FROM message ORDER BY id LIMIT 1)"
    )
    case.injected()
    case.recovers(lambda: len(case.texts(INES)) + len(case.texts(TOM)) == 1)
    assert case.home.only("SELECT count(*) FROM message WHERE state = 'failed'") == 1
    assert "call_missed_text" in case.open_tasks()
