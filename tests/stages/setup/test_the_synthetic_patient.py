"""The synthetic patient: through the real webhook to its closed case, apart from all, and missed when it halts.

The loops are stepped in this process; the webhook is a real server, the carrier is the lab.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from followup.bootstrap import House, build, sms_of
from followup.errors import InvalidInput
from followup.escalation.page import PageOutside, send_pages
from followup.escalation.respond import respond
from followup.escalation.synthetic import walk_synthetic_patients
from followup.escalation.tick import tick
from followup.gateways.own_webhook import own_webhook
from followup.kit.clock import FixedClock
from followup.lab import INSTANT, Lab
from followup.replies.process import process_events
from followup.reporting.metrics import exposition
from followup.reporting.ready import readiness
from followup.settings import Settings
from followup.setup.apply import apply_clinic_file
from followup.setup.clinic_file import parse_clinic_file
from tests.doors.hooks_of_the_test import app_of, served
from tests.household import CLINIC, MORNING, lab_settings

PATIENT, SINK, OURS = "+15055550150", "+15055550151", "+15055550100"
SYNTHETIC = f"""
clinic:
  slug: synthetic
  name: Synthetic patient
  short_name: Synthetic
  code: SYN
  time_zone: America/Denver
  urgent_phone: "+15055550111"
  urgent_phone_answered: day and night
  office_phone: "+15055550112"
  open_hours: {{}}
  synthetic: {{patient_phone: "{PATIENT}", every_minutes: 5}}
senders: [{{channel: sms, address: "{OURS}"}}]
staff:
  - key: sink
    name: The Sink
    role: nurse
    email: sink@followup.example
    contact_points: [{{channel: sms, address: "{SINK}", verified: true}}]
roster:
  - {{duty: nurse, staff: sink}}
  - {{duty: physician, staff: sink}}
"""


@dataclass
class Watched:
    """A house with a real clinic and the synthetic patient's, and its loops."""

    house: House
    lab: Lab
    hand_in: Callable[[str, str, str], bool]
    clinics: dict[str, object]
    clock: FixedClock

    def go_round(self, *, without: str = "") -> None:
        database, url = self.house.database, "https://followup.example"
        walk_synthetic_patients(database, self.hand_in, now=self.clock.now())
        process_events(database, now=self.clock.now)
        if without != "respond":
            respond(database, self.clock, public_url=url)
        tick(database, self.clock, public_url=url)
        send_pages(database, self.clock, PageOutside(sms_of(self.house.settings), None, url))
        self.lab.wait_idle()
        self.clock.advance(timedelta(seconds=5))

    def states(self, clinic: str) -> list[str]:
        with self.house.database.transaction(self.clinics[clinic]) as session:
            return list(session.scalars(text("SELECT state FROM escalation ORDER BY opened_at")))

    def behind(self) -> list[str]:
        found = readiness(self.house.database, self.clock.now()).ages
        assert found is not None
        return found.behind()


@pytest.fixture
def watched(settings: Settings) -> Iterator[Watched]:
    with Lab.started(pace=INSTANT) as lab:
        clock = FixedClock(MORNING)
        house = replace(build(lab_settings(settings, lab), ringer=lambda _bells: None), clock=clock)
        clinics = {
            name: apply_clinic_file(house.database, parse_clinic_file(file, name=name), now=MORNING).clinic_id
            for name, file in (("riverbend", CLINIC), ("synthetic", SYNTHETIC))
        }
        with served(app_of(house)) as url:
            lab.sender(OURS)
            lab.route("https://followup.example", url)
            post = own_webhook("https://followup.example", lab.account.sid, lab.auth_token, through=url)
            yield Watched(house, lab, post, clinics, clock)
        house.database.dispose()


def test_a_run_goes_through_every_hop_and_its_times_are_metrics(watched: Watched) -> None:
    for _ in range(4):
        watched.go_round()
    assert watched.states("synthetic") == ["closed"]
    with watched.house.database.engine() as looking:
        told = exposition(looking, watched.clock.now()).decode()
    for hop in ("triage", "page", "accept", "contact"):
        assert f'followup_synthetic_hop_seconds{{hop="{hop}"}}' in told
    assert {entry["to"] for entry in watched.lab.journal.entries() if "to" in entry.facts} <= {SINK, OURS}


def test_it_comes_again_after_its_pause_and_not_before(watched: Watched) -> None:
    for _ in range(8):
        watched.go_round()
    assert watched.states("synthetic") == ["closed"]
    watched.clock.advance(timedelta(minutes=5))
    for _ in range(4):
        watched.go_round()
    assert watched.states("synthetic") == ["closed", "closed"]


def test_it_leaves_nothing_in_any_other_clinic(watched: Watched) -> None:
    for _ in range(4):
        watched.go_round()
    with watched.house.database.transaction(watched.clinics["riverbend"]) as session:
        for table in ("reply", "escalation", "page", "task", "message"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table


def test_a_hop_that_stalls_is_an_alarm(watched: Watched) -> None:
    watched.go_round(without="respond")
    assert "synthetic_patient" not in watched.behind()
    watched.clock.advance(timedelta(minutes=4))
    watched.go_round(without="respond")
    assert "synthetic_patient" in watched.behind()
    for _ in range(4):
        watched.go_round()
    assert "synthetic_patient" not in watched.behind()


def test_a_driver_that_does_not_come_again_is_an_alarm(watched: Watched) -> None:
    for _ in range(4):
        watched.go_round()
    watched.clock.advance(timedelta(minutes=9))
    assert "synthetic_patient" in watched.behind()


def test_a_house_without_one_is_asked_for_nothing(watched: Watched) -> None:
    with watched.house.database.transaction(watched.clinics["synthetic"]) as session:
        session.execute(text("UPDATE clinic SET settings = settings - 'synthetic'"))
    watched.go_round()
    assert watched.states("synthetic") == []
    assert "synthetic_patient" not in watched.behind()


def test_a_case_of_somebody_else_is_never_touched(watched: Watched) -> None:
    stranger = "+15055550160"
    assert watched.hand_in(stranger, OURS, "My leg feels weaker since last night")
    for _ in range(6):
        watched.go_round()
    assert sorted(watched.states("synthetic")) == ["closed", "paging"]


def test_a_clinic_with_staff_of_its_own_can_not_be_made_the_synthetic_one() -> None:
    file = CLINIC.replace("  code: RB\n", f"  code: RB\n  synthetic: {{patient_phone: '{PATIENT}'}}\n")
    with pytest.raises(InvalidInput):
        parse_clinic_file(file, name="riverbend.yaml")
