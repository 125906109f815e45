"""F66-F68, F70, F72-F74, F83: what people do while a text is on its way."""

from __future__ import annotations

import shutil
import uuid
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from followup.audit.record import Actor
from followup.enrollment.change import NewDate, move_date, pause, preview_move, resume, withdraw
from followup.enrollment.planning.replan import ChangeKind
from followup.enrollment.rules import WithdrawalReason
from followup.messaging import claim as claims
from followup.messaging.calling import start_calling
from tests.faults.case import Case
from tests.household import INES, TOM

BY = Actor("system")


def enrollment(case: Case) -> uuid.UUID:
    return case.home.only("SELECT id FROM enrollment")


def claimed(case: Case) -> tuple[uuid.UUID, list[uuid.UUID]]:
    """Claim what is due, as a pump would; return the pump and its attempts."""
    pump, sender = uuid.uuid4(), case.home.only("SELECT sender_id FROM message WHERE state = 'queued'")
    with case.home.house.database.transaction(case.home.clinic_id) as session:
        found = claims.claim(session, sender, pump=pump, urgent=False, many=10, now=case.home.now)
    return pump, [each.attempt_id for each in found]


def calls(case: Case, pump: uuid.UUID, attempts: list[uuid.UUID]) -> int:
    with case.home.house.database.transaction(case.home.clinic_id) as session:
        return len(start_calling(session, attempts, pump=pump, now=case.home.now))


def test_f66_stop_between_claim_and_call_is_seen_in_the_calling_transaction(case: Case, web: str) -> None:
    case.queue_welcome()
    pump, attempts = claimed(case)
    case.injected()
    assert case.lab.phone(INES).sends("no more texts please").status == 200
    from followup.replies.process import process_events

    process_events(case.home.house.database, now=case.home.clock.now)
    assert calls(case, pump, attempts) == 0
    assert web
    case.recovers(lambda: len(case.texts()) == 1)
    assert "no more" in case.texts()[0].body.lower() or "stop" in case.texts()[0].body.lower()


def test_f66_stop_after_the_call_began_stops_the_next_one(case: Case, web: str) -> None:
    case.queue_welcome()
    case.injected()
    case.deliver()
    case.lab.phone(INES).sends("please stop texting me")
    case.tick()
    assert web
    case.home.go_to(case.home.now + timedelta(days=4, hours=1))
    case.tick()
    assert [row[0] for row in case.home.rows("SELECT purpose FROM message WHERE state <> 'cancelled'")] == [
        "welcome", "consent",
    ]  # fmt: skip
    case.normal()


def test_f67_a_moved_date_keeps_what_was_sent_and_repeats_nothing(case: Case) -> None:
    home = case.home
    home.enroll()
    case.tick()
    home.go_to(datetime.fromisoformat("2026-11-22T17:00:00+00:00"))
    case.tick()
    sent_before = {row[0] for row in home.rows("SELECT touchpoint_id FROM message")}
    new = NewDate(date(2026, 12, 1), time(9, 0))
    case.injected()
    with home.house.database.transaction(home.clinic_id) as session:
        seen = preview_move(session, enrollment(case), new, now=home.now)
    assert seen.of_kind(ChangeKind.SENT)
    assert seen.of_kind(ChangeKind.MOVED)
    with home.house.database.transaction(home.clinic_id) as session:
        assert move_date(session, enrollment(case), new, now=home.now, actor=BY).changes == seen.changes
    home.go_to(datetime.fromisoformat("2026-12-03T17:00:00+00:00"))
    case.recovers(lambda: home.only("SELECT count(*) FROM message") > len(sent_before))
    twice = home.rows("SELECT touchpoint_id FROM message GROUP BY touchpoint_id HAVING count(*) > 1")
    assert twice == []


def test_f67_a_step_whose_text_was_stopped_before_the_call_is_sent_after_the_move(case: Case) -> None:
    """Cancelled, never called: due again it gets a new row. Called once, in doubt: never again."""
    home = case.home
    home.enroll()
    home.dispatch()
    home.change("UPDATE message SET not_after = :past", past=home.now - timedelta(minutes=1))
    case.injected()
    case.deliver()
    assert home.only("SELECT state FROM message") == "cancelled"
    assert home.only("SELECT state FROM touchpoint WHERE key = 'welcome'") == "planned"
    case.recovers(lambda: len(case.texts()) == 1)
    assert home.rows("SELECT state FROM message ORDER BY queued_at")[0][0] == "cancelled"


def test_f67_a_text_that_may_have_left_is_not_sent_again_after_a_move(case: Case) -> None:
    home = case.home
    home.enroll()
    case.tick()
    home.go_to(datetime.fromisoformat("2026-11-21T16:30:00+00:00"))
    home.dispatch()
    key = home.rows("SELECT key FROM touchpoint WHERE state = 'dispatched' AND key <> 'welcome'")
    if not key:
        home.go_to(home.only("SELECT min(look_at) FROM touchpoint WHERE state = 'planned'"))
        home.dispatch()
        key = home.rows("SELECT key FROM touchpoint WHERE state = 'dispatched' AND key <> 'welcome'")
    case.lab.fault("reset", accepted=True, times=1)
    case.lab.fault("hide", times=1)
    case.injected()
    case.deliver()
    case.machine_time_passes(16)
    home.settle()
    assert case.state() == ("failed", "unconfirmed")
    with home.house.database.transaction(home.clinic_id) as session:
        seen = move_date(
            session, enrollment(case), NewDate(date(2026, 11, 26), time(9, 0)), now=home.now, actor=BY
        )
    assert key[0][0] in {each.key for each in seen.of_kind(ChangeKind.SENT)}
    case.normal()


@pytest.mark.parametrize(
    "reason", [WithdrawalReason.DIED, WithdrawalReason.PROCEDURE_CANCELLED, WithdrawalReason.PATIENT_ASKED]
)
def test_f68_an_enrollment_that_ends_stops_what_is_queued_and_what_is_claimed(
    case: Case, reason: WithdrawalReason
) -> None:
    case.queue_welcome()
    pump, attempts = claimed(case)
    case.injected()
    with case.home.house.database.transaction(case.home.clinic_id) as session:
        withdraw(session, enrollment(case), reason=reason, now=case.home.now, actor=BY)
    assert calls(case, pump, attempts) == 0
    assert case.home.rows("SELECT 1 FROM touchpoint WHERE state = 'planned'") == []
    case.home.pass_time(timedelta(days=8))
    case.tick()
    assert case.texts() == []
    assert case.home.only("SELECT state FROM message") == "cancelled"
    case.normal()


def test_f68_a_withdrawal_under_way_is_waited_for_by_the_call(case: Case) -> None:
    from threading import Event, Thread

    case.queue_welcome()
    pump, attempts = claimed(case)
    case.injected()
    made: list[int] = []
    has_begun = Event()

    def call() -> None:
        has_begun.set()
        made.append(calls(case, pump, attempts))

    with case.home.house.database.transaction(case.home.clinic_id) as session:
        withdraw(session, enrollment(case), reason=WithdrawalReason.DIED, now=case.home.now, actor=BY)
        session.flush()
        caller = Thread(target=call)
        caller.start()
        has_begun.wait(5)
    caller.join(20)
    assert made == [0]
    case.normal()


def test_a_pause_and_its_end_send_nothing_twice(case: Case) -> None:
    """F68: also with the text already claimed."""
    case.queue_welcome()
    pump, attempts = claimed(case)
    case.injected()
    with case.home.house.database.transaction(case.home.clinic_id) as session:
        pause(session, enrollment(case), reason="asked for a break", now=case.home.now, actor=BY)
    assert calls(case, pump, attempts) == 0
    with case.home.house.database.transaction(case.home.clinic_id) as session:
        resume(session, enrollment(case), now=case.home.now, actor=BY)
    case.recovers(lambda: len(case.texts()) == 1)


@pytest.mark.parametrize("how", ["words", "30005"])
def test_f70_a_recycled_number_stops_at_once_and_a_person_looks(case: Case, web: str, how: str) -> None:
    case.queue_welcome()
    case.injected()
    if how == "30005":
        case.lab.phone(INES).cannot_be_reached(30005)
        case.deliver()
        case.tick()
    else:
        case.deliver()
        case.lab.phone(INES).sends("wrong number, I am not Ines")
        case.tick()
    assert web
    state = "bad" if how == "30005" else "wrong_person"
    assert case.home.only("SELECT state FROM contact_point WHERE channel = 'sms'") == state
    assert case.open_tasks() & {"wrong_person", "bad_number"}
    before = len(case.texts())
    for days in range(1, 6):
        case.home.pass_time(timedelta(days=days))
        case.tick()
    assert len(case.texts()) == before
    case.normal()


def _own_templates(case: Case, folder: Path) -> Path:
    """A copy of the templates that this house reads, for a test to edit."""
    import dataclasses

    own = folder / "templates"
    shutil.copytree(case.home.house.settings.templates_folder, own)
    settings = case.home.house.settings.model_copy(update={"templates_folder": own})
    case.home.house = dataclasses.replace(case.home.house, settings=settings)
    return own


def _edit(own: Path, old: str, new: str) -> int:
    changed = 0
    for file in sorted((own / "pathways" / "stem-cell-back").rglob("*.txt")):
        text = file.read_text()
        if old in text:
            file.write_text(text.replace(old, new))
            changed += 1
    return changed


def test_f72_f74_a_template_edited_in_mid_recovery_never_mixes_with_the_version_begun(
    case: Case, tmp_path: Path
) -> None:
    own = _own_templates(case, tmp_path)
    case.home.enroll()
    case.tick()
    case.injected()
    assert _edit(own, "Reply ", "Write ")
    case.home.enroll(name="Tom Berg", patient__phone=TOM)
    versions = case.home.rows("SELECT DISTINCT pathway_version_id FROM enrollment")
    assert len(versions) == 2
    run = [case.home.only("SELECT min(look_at) FROM touchpoint WHERE state = 'planned'") for _ in range(1)]
    case.home.go_to(max(run[0], case.home.now))
    for _ in range(6):
        case.tick()
        case.home.go_to(case.home.only("SELECT min(look_at) FROM touchpoint WHERE state = 'planned'"))
    assert not any("Write " in each.body for each in case.texts(INES))
    assert any("Write " in each.body for each in case.texts(TOM)) or len(case.texts(TOM)) < 2
    case.at_rest = False
    case.normal()


def test_f73_a_text_with_a_missing_value_is_not_sent_and_a_person_calls(case: Case) -> None:
    case.home.enroll()
    case.home.change("UPDATE clinic SET short_name = ''")
    case.injected()
    case.tick()
    assert case.texts() == []
    assert "content" in case.open_tasks()
    assert case.home.only("SELECT state FROM touchpoint WHERE key = 'welcome'") == "call_task"
    case.home.change("UPDATE clinic SET short_name = 'Riverbend Clinic'")
    case.home.go_to(case.home.only("SELECT min(look_at) FROM touchpoint WHERE state = 'planned'"))
    case.recovers(lambda: len(case.texts()) == 1)
    assert "None" not in case.texts()[0].body


def test_f83_two_machines_do_not_talk_all_night(case: Case, web: str) -> None:
    case.queue_welcome()
    case.deliver()
    case.injected()
    for number in range(25):
        case.lab.phone(INES).sends(f"I am driving and will see your message later ({number})")
        case.tick()
        case.home.pass_time(timedelta(minutes=1))
    answers = case.home.only("SELECT count(*) FROM message WHERE purpose = 'answer'")
    assert web
    assert answers <= 5
    assert "review_reply" in case.open_tasks()
    case.normal()
